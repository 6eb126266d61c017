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
    let count = values.count + zeros
    self.count = count
    max = values.reduce(0, Swift.max)
    mean = count > 0 ? values.reduce(0, +) / Double(count) : 0
    var values = values
    // Each rank is looked for behind the one before.
    var first = 0
    func quantile(_ percent: Int) -> Double {
      let rank = (count * percent + 99) / 100 - 1
      guard rank >= zeros else { return 0 }
      values.partition(around: rank - zeros, from: first)
      first = rank - zeros
      return values[first]
    }
    p50 = quantile(50)
    p90 = quantile(90)
    p99 = quantile(99)
  }
}

extension [Double] {
  /// Puts the number of this rank into its place, with none that is larger before it and none that is smaller behind
  /// (Hoare's FIND, 1961); everything before `first` must be no larger already.
  fileprivate mutating func partition(around rank: Int, from first: Int) {
    var (low, high) = (first, count - 1)
    var steps = 64
    while low < high {
      steps -= 1
      // Numbers that were made to be hard.
      if steps == 0 { return self[low...high].sort() }
      let pivot = Self.middle(self[low], self[low + (high - low) / 2], self[high])
      var (left, right) = (low, high)
      while left <= right {
        while self[left] < pivot { left += 1 }
        while pivot < self[right] { right -= 1 }
        guard left <= right else { break }
        swapAt(left, right)
        left += 1
        right -= 1
      }
      if rank <= right { high = right } else if rank >= left { low = left } else { return }
    }
  }

  private static func middle(_ a: Double, _ b: Double, _ c: Double) -> Double {
    Swift.max(Swift.min(a, b), Swift.min(Swift.max(a, b), c))
  }
}
