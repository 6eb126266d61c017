/// Numbers of observations up to bounds, as Prometheus counts them.
struct Histogram: Sendable {
  /// Upper bounds, ascending; everything falls below the last one, which is not listed.
  static let bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

  private var counts = [UInt64](repeating: 0, count: bounds.count)
  private(set) var count: UInt64 = 0
  private(set) var sum = 0.0

  mutating func observe(_ value: Double) {
    if let place = Self.bounds.firstIndex(where: { value <= $0 }) { counts[place] += 1 }
    count += 1
    sum += value
  }

  /// The number of observations up to each bound.
  var cumulative: [UInt64] {
    var total: UInt64 = 0
    return counts.map {
      total += $0
      return total
    }
  }
}
