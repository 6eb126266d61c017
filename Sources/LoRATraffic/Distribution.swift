/// Quantiles and mean of many numbers.
///
/// A quantile is the smallest of the numbers that at least that share of them do not exceed (nearest rank).
public struct Distribution: Sendable, Equatable {
  /// How many numbers there are.
  public let count: Int
  /// The middle one.
  public let p50: Double
  /// 90 % are at most this.
  public let p90: Double
  /// 99 % are at most this.
  public let p99: Double
  /// The largest.
  public let max: Double
  /// Their sum divided by their count.
  public let mean: Double

  /// The distribution of `values` and as many zeros as are said; all zero for no numbers.
  public init(_ values: [Double], zeros: Int = 0) {
    count = values.count + zeros
    let sorted = values.sorted()
    func quantile(_ percent: Int) -> Double {
      guard values.count + zeros > 0 else { return 0 }
      let rank = ((values.count + zeros) * percent + 99) / 100 - 1
      return rank < zeros ? 0 : sorted[rank - zeros]
    }
    p50 = quantile(50)
    p90 = quantile(90)
    p99 = quantile(99)
    max = sorted.last ?? 0
    mean = count > 0 ? values.reduce(0, +) / Double(count) : 0
  }
}
