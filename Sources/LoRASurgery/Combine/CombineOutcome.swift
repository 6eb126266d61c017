package import JSON
import LoRADeltas

/// What became of one module.
package struct CombinedModule: Sendable {
  package let name: String
  /// Position and rank of every adapter that has it.
  package let ranks: [(adapter: Int, rank: UInt64)]
  package let rank: UInt64
  /// The part of the squared norm of the combined delta that the rank holds; nil when nothing was computed.
  package let energy: Double?
  /// ‖Δ − B·A‖ / ‖Δ‖ of what was written.
  package let error: Double?
  /// ‖Δ‖ of the combined delta.
  package let norm: Double?

  package init(
    name: String, ranks: [(adapter: Int, rank: UInt64)], rank: UInt64, energy: Double? = nil, error: Double? = nil,
    norm: Double? = nil
  ) {
    (self.name, self.ranks, self.rank) = (name, ranks, rank)
    (self.energy, self.error, self.norm) = (energy, error, norm)
  }
}

/// Sums over the experts of a module, or over modules.
struct CombinedSums {
  private(set) var norm = RootSumOfSquares()
  private var kept = RootSumOfSquares()
  private var missed = RootSumOfSquares()

  /// - Parameters:
  ///   - energy: part of the squared norm.
  ///   - error: absolute.
  mutating func add(norm: Double, energy: Double, error: Double) {
    self.norm.add(norm)
    kept.add(norm * energy.squareRoot())
    missed.add(error)
  }

  /// 1 for a delta of zero.
  var energy: Double {
    let ratio = norm.root > 0 ? kept.root / norm.root : 1
    return min(1, ratio * ratio)
  }

  var relativeError: Double { norm.root > 0 ? missed.root / norm.root : 0 }
}

/// What a combination gave.
package struct CombineOutcome: Sendable {
  package let modules: [CombinedModule]

  /// The part of the squared norm of all modules that their ranks hold; nil when nothing was computed.
  package var energy: Double? { sums?.energy }
  /// The relative error of all modules together, of what was written.
  package var error: Double? { sums?.relativeError }

  private var sums: CombinedSums? {
    var sums = CombinedSums()
    for module in modules {
      guard let norm = module.norm, let energy = module.energy, let error = module.error else { return nil }
      sums.add(norm: norm, energy: energy, error: error * norm)
    }
    return modules.isEmpty ? nil : sums
  }

  /// The members `modules`, `energy` and `error`.
  ///
  /// - Parameter adapters: how many there are; a module that one of them lacks has null as its rank there.
  package func json(adapters: Int) -> JSONObject {
    [
      "energy": JSONValue(energy), "error": JSONValue(error),
      "modules": .array(
        modules.map { module in
          let ranks = Dictionary(module.ranks.map { ($0.adapter, $0.rank) }) { first, _ in first }
          return [
            "name": .string(module.name),
            "ranks": .array((0..<adapters).map { ranks[$0].map { JSONValue($0) } ?? .null }),
            "rank": JSONValue(module.rank), "energy": JSONValue(module.energy), "error": JSONValue(module.error),
          ]
        }),
    ]
  }
}
