import TensorCore

/// The work of a plan cut into items of bounded size, in the order of the files, for any number of threads.
///
/// Only one number per step is held, since a large model has millions of tiles.
struct WorkQueue: Sendable {
  /// How the work is cut.
  struct Granularity: Sendable {
    /// Bytes of matrix rows that one item reads; at least one row.
    var tileBytes = 1 << 20
    /// Bytes that one item copies.
    var copyBytes: UInt64 = 32 << 20
  }

  /// A part of a step.
  struct Item: Sendable, Equatable {
    /// Position of the shard in the plan.
    var shard: Int
    /// Position of the step in the shard.
    var step: Int
    /// Position of the step among all steps of the plan.
    var ordinal: Int
    /// The part: bytes of the step for a copy, elements for a conversion, rows for a merge.
    var range: Range<UInt64>
  }

  /// Number of items.
  let count: Int
  /// For every step of the plan, the number of items before it.
  private let starts: [Int]
  /// For every shard, the number of steps before it.
  private let firstSteps: [Int]
  private let plan: MergePlan
  private let granularity: Granularity

  init(_ plan: MergePlan, _ granularity: Granularity = Granularity()) {
    self.plan = plan
    self.granularity = granularity
    var starts: [Int] = []
    var firstSteps: [Int] = []
    var count = 0
    for shard in plan.shards {
      firstSteps.append(starts.count)
      for step in shard.steps {
        starts.append(count)
        let (units, unit) = Self.units(of: step, granularity)
        count += Int(max(1, units / unit + (units % unit == 0 ? 0 : 1)))
      }
    }
    self.starts = starts
    self.firstSteps = firstSteps
    self.count = count
  }

  /// Number of steps of the whole plan.
  var stepCount: Int { starts.count }

  /// Number of items that a step is cut into.
  func itemCount(ofStep ordinal: Int) -> Int {
    (ordinal + 1 < starts.count ? starts[ordinal + 1] : count) - starts[ordinal]
  }

  /// Number of items of a shard.
  func itemCount(ofShard shard: Int) -> Int {
    let first = firstSteps[shard]
    let next = shard + 1 < firstSteps.count ? firstSteps[shard + 1] : starts.count
    guard first < next else { return 0 }
    return (next < starts.count ? starts[next] : count) - starts[first]
  }

  /// The item at `index`.
  func item(_ index: Int) -> Item {
    let ordinal = Self.lastIndex(in: starts, notAbove: index)
    let shard = Self.lastIndex(in: firstSteps, notAbove: ordinal)
    let step = ordinal - firstSteps[shard]
    let (units, unit) = Self.units(of: plan.shards[shard].steps[step], granularity)
    let begin = UInt64(index - starts[ordinal]) * unit
    return Item(shard: shard, step: step, ordinal: ordinal, range: begin..<min(units, begin + unit))
  }

  /// What a step is counted in, and how many of it make one item.
  private static func units(of step: MergeStep, _ granularity: Granularity) -> (total: UInt64, perItem: UInt64) {
    switch step.work {
    case .write, .copy: return (step.count, granularity.copyBytes)
    case .convert(let slice, let from, let to):
      let widest = max(from.bits, to.bits) / 8
      return (slice.count / (from.bits / 8), max(1, UInt64(granularity.tileBytes) / widest))
    case .merge(let update):
      let row = max(update.baseRowBytes, update.outputRowBytes, 1)
      // The left factor of a tile takes 12 bytes for a row and rank; it matters for tall, narrow matrices.
      let byFactor = 4 * granularity.tileBytes / (12 * max(1, update.rank))
      return (UInt64(update.rows), UInt64(max(1, min(granularity.tileBytes / row, byFactor))))
    }
  }

  /// Position of the last element that is not above `value`; equal elements (empty shards) give the last of them.
  private static func lastIndex(in sorted: [Int], notAbove value: Int) -> Int {
    var low = 0
    var high = sorted.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if sorted[middle] <= value { low = middle } else { high = middle }
    }
    return low
  }
}
