package import JSON
package import TensorCore

/// How the deltas of several adapters become one.
package enum CombineMethod: String, Sendable, CaseIterable {
  /// The exact sum Σ wₖ·Δₖ: the factors side by side.
  case cat
  /// The sum cut to the largest rank of the adapters.
  case linear
  /// The sum cut to a rank.
  case svd
  /// Largest entries of each delta, elected signs, mean of the entries that agree (Yadav et al. 2023).
  case ties
  /// Random entries of each delta, scaled up by 1 / density, and their sum (Yu et al. 2023).
  case dareLinear = "dare_linear"
  /// The same entries, merged as with `ties`.
  case dareTies = "dare_ties"
  /// Largest entries of each delta, and their sum.
  case magnitudePrune = "magnitude_prune"

  /// Whether entries of the deltas are dropped, which leaves a matrix of full rank.
  package var prunes: Bool { self != .cat && self != .linear && self != .svd }
  /// Whether the entries are drawn.
  package var draws: Bool { self == .dareLinear || self == .dareTies }
  /// Whether signs are elected.
  package var elects: Bool { self == .ties || self == .dareTies }
}

/// What counts as the majority's sign of an entry.
package enum SignElection: String, Sendable, CaseIterable {
  /// The sign of the sum of the entries.
  case total
  /// The sign of the sum of their signs.
  case frequency
}

/// What a combination is to do.
package struct CombineOptions: Sendable {
  package var method: CombineMethod
  /// The rank to cut to; nil for the method's own.
  package var rank: UInt64?
  /// The part of the entries of each delta that is kept, in 0...1.
  package var density = 1.0
  package var sign = SignElection.total
  /// Of the entries that are drawn.
  package var seed: UInt64 = 0
  /// The type to write factors in; nil for that of the adapters, or F32 where they have several.
  package var dtype: DType?

  package init(_ method: CombineMethod) { self.method = method }

  /// What changes the result, for the record.
  package func json(weights: [Double]) -> JSONObject {
    var members: JSONObject = [
      "method": .string(method.rawValue), "weights": .array(weights.map { .real($0) }),
      "rank": rank.map { JSONValue($0) } ?? .null, "dtype": .string(dtype?.name ?? "keep"),
    ]
    if method.prunes { members["density"] = .real(density) }
    if method.elects { members["sign"] = .string(sign.rawValue) }
    if method.draws { members["seed"] = JSONValue(seed) }
    return members
  }
}
