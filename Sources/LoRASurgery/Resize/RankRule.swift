/// How the rank of a module follows from its singular values.
package enum RankRule: Sendable, Equatable {
  /// This rank; modules below it keep theirs.
  case rank(UInt64)
  /// The smallest rank that keeps this part of Σσ², above 0 to 1.
  case energy(Double)
  /// As many values as are above the largest divided by this number, from 1 on.
  case ratio(Double)
  /// The smallest rank whose error, in the Frobenius norm and relative to the delta, is at most this, from 0 below 1.
  case error(Double)

  /// Whether the values have to be known first.
  package var needsValues: Bool { if case .rank = self { false } else { true } }

  /// What sums are compared with is lowered by rounding: a value exactly on a threshold reaches it.
  private static let guardFactor = 1 - 1e-12

  /// The rank of a module of `own` rank with these values, largest first; at least 1.
  package func rank(of values: [Double], own: UInt64) -> UInt64 {
    if case .rank(let rank) = self { return min(rank, own) }
    let largest = values.first ?? 0
    guard largest > 0 else { return 1 }
    let count =
      switch self {
      case .rank: values.count
      case .energy(let share): Self.count(values.map { $0 / largest }, share)
      case .error(let limit): Self.count(values.map { $0 / largest }, leaving: limit)
      case .ratio(let ratio): values.count { $0 * ratio > largest }
      }
    return min(max(UInt64(count), 1), own)
  }

  private static func count(_ values: [Double], _ share: Double) -> Int {
    let wanted = share * guardFactor * values.reduce(0) { $0 + $1 * $1 }
    var sum = 0.0
    for (index, value) in values.enumerated() {
      sum += value * value
      if sum >= wanted { return index + 1 }
    }
    return values.count
  }

  /// From the small end: what is left out must not be lost in what is kept.
  private static func count(_ values: [Double], leaving limit: Double) -> Int {
    let allowed = limit * limit * values.reduce(0) { $0 + $1 * $1 } / guardFactor
    var sum = 0.0
    for (index, value) in values.enumerated().reversed() {
      sum += value * value
      if sum > allowed { return index + 1 }
    }
    return 0
  }
}
