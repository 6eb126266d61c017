import LoRASlots
import TensorCore

/// How a load is cut into chunks, so that one chunk is scattered while the next one is on the bus; pure arithmetic.
///
/// A chunk is a few consecutive stages of one load: copies of the bytes that it needs and no earlier chunk brought, then
/// one launch. What an adapter's file has side by side and what a model runs one after the other differ (layer 10 lies
/// before layer 2), so a chunk may need several copies; the number of commands in all is kept below a limit by taking
/// gaps along.
struct TransferPlan: Sendable, Equatable {
  /// Consecutive stages of one load.
  struct Chunk: Sendable, Equatable {
    /// Stages of its plan.
    var stages: Range<Int>
    /// Byte ranges of its data section to copy first.
    var copies: [Range<UInt64>]
  }

  /// The chunks in the order of their work.
  private(set) var chunks: [Chunk] = []

  /// Commands in all.
  var submissions: Int { Self.submissions(chunks: chunks.count, copies: chunks.reduce(0) { $0 + $1.copies.count }) }

  /// Most commands for one adapter.
  static let submissionLimit = 16
  /// Below this many bytes a load is one chunk: the bus is no longer kept busy by less.
  static let leastChunkBytes: UInt64 = 1 << 20

  /// Start, table, first and last event, and for each chunk its copies, the event behind them, the wait and the launch.
  ///
  /// For a stream of the engine's there are no start and first event, but its own event and its wait.
  static func submissions(chunks: Int, copies: Int) -> Int { 4 + 3 * chunks + copies }

  /// Plans a load: one that is alone is cut for an early first layer, several overlap among themselves.
  ///
  /// - Parameter waits: commands that go into waiting for readers and for room.
  init(_ plan: PackingPlan, isAlone: Bool = true, waits: Int = 0) {
    if isAlone {
      cut(plan, limit: Self.submissionLimit - waits)
    } else {
      chunks = [Chunk(stages: plan.stages.indices, copies: Self.span(plan.stages.flatMap(\.sources)))]
    }
  }

  /// As many chunks as the limit allows.
  private mutating func cut(_ plan: PackingPlan, limit: Int) {
    let bytes = plan.stages.map { $0.sources.reduce(UInt64(0)) { $0 + UInt64($1.count) } }
    let total = bytes.reduce(0, +)
    let most = total < 2 * Self.leastChunkBytes ? 1 : min(3, plan.stages.count)
    for count in stride(from: max(most, 1), through: 1, by: -1) {
      chunks = Self.cut(plan, bytes, total, into: count)
      if submissions <= limit { return }
      // Two chunks are worth some bytes that come early; a single one has to do in any case.
      let room = limit - Self.submissions(chunks: count, copies: 0)
      guard count == 1 || (count == 2 && room >= 2) else { continue }
      if merge(toCopies: max(room, 1), most: count == 2 ? total / 3 : .max) { return }
    }
  }

  /// Cuts a load into chunks of about the same size, each with the exact ranges that it adds.
  private static func cut(_ plan: PackingPlan, _ bytes: [UInt64], _ total: UInt64, into count: Int) -> [Chunk] {
    var chunks: [Chunk] = []
    var present: [Range<UInt64>] = []
    var start = 0
    var done: UInt64 = 0
    for stage in plan.stages.indices {
      done += bytes[stage]
      let isLast = stage == plan.stages.count - 1
      let isFull = chunks.count < count - 1 && done * UInt64(count) >= total * UInt64(chunks.count + 1)
      guard isLast || isFull else { continue }
      let needed = merged(plan.stages[start...stage].flatMap(\.sources))
      chunks.append(Chunk(stages: start..<stage + 1, copies: subtract(present, from: needed)))
      present = merged(present + needed)
      start = stage + 1
    }
    return chunks
  }

  /// Joins copies of the same chunk over the smallest gaps until there are few enough.
  ///
  /// What a later chunk would have copied then comes early. A gap in which an earlier chunk's bytes lie is never joined
  /// over: they have crossed the bus, and a kernel may be reading them. False when there are not enough gaps, or when
  /// more than `most` bytes would come early.
  private mutating func merge(toCopies limit: Int, most: UInt64) -> Bool {
    var early: UInt64 = 0
    while chunks.reduce(0, { $0 + $1.copies.count }) > limit {
      var best: (chunk: Int, copy: Int, gap: UInt64)?
      for (index, chunk) in chunks.enumerated() {
        for copy in chunk.copies.indices.dropLast() {
          let gap = chunk.copies[copy].upperBound..<chunk.copies[copy + 1].lowerBound
          let isThere = chunks[..<index].contains { $0.copies.contains { $0.overlaps(gap) } }
          if !isThere, UInt64(gap.count) < best?.gap ?? .max { best = (index, copy, UInt64(gap.count)) }
        }
      }
      guard let best else { return false }
      early += best.gap
      if early > most { return false }
      let upper = chunks[best.chunk].copies.remove(at: best.copy + 1).upperBound
      let joined = chunks[best.chunk].copies[best.copy].lowerBound..<upper
      chunks[best.chunk].copies[best.copy] = joined
      for later in chunks.indices.dropFirst(best.chunk + 1) {
        chunks[later].copies = Self.subtract([joined], from: chunks[later].copies)
      }
    }
    return true
  }

  /// Ascending, disjoint ranges that cover the same bytes.
  static func merged(_ ranges: [Range<UInt64>]) -> [Range<UInt64>] {
    var result: [Range<UInt64>] = []
    for range in ranges.ordered(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
      if let last = result.last, range.lowerBound <= last.upperBound {
        result[result.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        result.append(range)
      }
    }
    return result
  }

  /// The bytes of merged ranges that are not in others.
  static func subtract(_ others: [Range<UInt64>], from ranges: [Range<UInt64>]) -> [Range<UInt64>] {
    var result: [Range<UInt64>] = []
    for range in ranges {
      var start = range.lowerBound
      for other in others where other.upperBound > start && other.lowerBound < range.upperBound {
        if other.lowerBound > start { result.append(start..<other.lowerBound) }
        start = max(start, other.upperBound)
      }
      if start < range.upperBound { result.append(start..<range.upperBound) }
    }
    return result
  }

  /// One range around all, or none.
  private static func span(_ ranges: [Range<UInt64>]) -> [Range<UInt64>] {
    guard let lower = ranges.map(\.lowerBound).min(), let upper = ranges.map(\.upperBound).max(), lower < upper else {
      return []
    }
    return [lower..<upper]
  }
}
