/// One of several parts of a merge, so that many machines can share it.
public struct MergePartition: Sendable, Equatable {
  /// Which part, from 0.
  public let index: Int
  /// Number of parts.
  public let count: Int

  /// Part `index` of `count`; nil unless `0 <= index < count`.
  public init?(index: Int, count: Int) {
    guard index >= 0, index < count else { return nil }
    self.index = index
    self.count = count
  }

  /// The shards of this part: every `count`-th one.
  func shards(of total: Int) -> [Int] { Array(stride(from: index, to: total, by: count)) }
}
