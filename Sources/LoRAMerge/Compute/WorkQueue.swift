import QuantizedWeights
import TensorCore

/// The work of a plan cut into items of bounded size, shard by shard, for any number of threads.
///
/// Within a shard, what is copied is spread evenly among what is computed, each in the order of the file: copying is
/// done by the one thread that writes, so that a long stretch of it would leave the others waiting.
///
/// Only two numbers per step are held, since a large model has millions of tiles.
struct WorkQueue: Sendable {
  /// How the work is cut.
  struct Granularity: Sendable {
    /// Bytes of matrix rows that one item reads; at least one row.
    var tileBytes = 1 << 20
    /// Bytes that one item copies.
    var copyBytes: UInt64 = 4 << 20
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

  /// For every step of the plan, and for its end, the number of items before it that are copied and computed.
  private let copied: [Int], computed: [Int]
  /// For every shard of the plan, and for its end, the number of steps and of items before it.
  private let firstSteps: [Int], firstItems: [Int]
  private let plan: MergePlan
  private let granularity: Granularity

  init(_ plan: MergePlan, _ granularity: Granularity = Granularity()) {
    self.plan = plan
    self.granularity = granularity
    var copied = [0]
    var computed = [0]
    var firstSteps = [0]
    var firstItems = [0]
    for shard in plan.shards {
      for step in shard.steps {
        let (units, unit) = Self.units(of: step, granularity)
        let items = Int(max(1, units / unit + (units % unit == 0 ? 0 : 1)))
        copied.append(copied[copied.count - 1] + (step.isCopied ? items : 0))
        computed.append(computed[computed.count - 1] + (step.isCopied ? 0 : items))
      }
      firstSteps.append(copied.count - 1)
      firstItems.append(copied[copied.count - 1] + computed[computed.count - 1])
    }
    (self.copied, self.computed) = (copied, computed)
    (self.firstSteps, self.firstItems) = (firstSteps, firstItems)
  }

  /// Number of items.
  var count: Int { firstItems[firstItems.count - 1] }

  /// Number of steps of the whole plan.
  var stepCount: Int { copied.count - 1 }

  /// Number of items that a step is cut into.
  func itemCount(ofStep ordinal: Int) -> Int {
    copied[ordinal + 1] - copied[ordinal] + computed[ordinal + 1] - computed[ordinal]
  }

  /// Number of items of a shard.
  func itemCount(ofShard shard: Int) -> Int { firstItems[shard + 1] - firstItems[shard] }

  /// The item at `index`.
  func item(_ index: Int) -> Item {
    let shard = Self.lastIndex(in: firstItems, notAbove: index)
    let (first, end) = (firstSteps[shard], firstSteps[shard + 1])
    let position = index - firstItems[shard]
    // Of the first n items, n · copies / items are copied.
    let copies = copied[end] - copied[first]
    let (before, through) = (
      Self.share(copies, of: itemCount(ofShard: shard), at: position),
      Self.share(copies, of: itemCount(ofShard: shard), at: position + 1)
    )
    let counts = before < through ? copied : computed
    let number = counts[first] + (before < through ? before : position - before)
    let ordinal = Self.lastIndex(in: counts, notAbove: number)
    let (units, unit) = Self.units(of: plan.shards[shard].steps[ordinal - first], granularity)
    let begin = UInt64(number - counts[ordinal]) * unit
    return Item(shard: shard, step: ordinal - first, ordinal: ordinal, range: begin..<min(units, begin + unit))
  }

  /// parts · position / total, rounded down.
  private static func share(_ parts: Int, of total: Int, at position: Int) -> Int {
    let (high, low) = parts.multipliedFullWidth(by: position)
    return total.dividingFullWidth((high, low)).quotient
  }

  /// What a step is counted in, and how many of it make one item.
  private static func units(of step: MergeStep, _ granularity: Granularity) -> (total: UInt64, perItem: UInt64) {
    switch step.work {
    case .write, .copy: return (step.count, granularity.copyBytes)
    case .convert(let source, let to):
      let widest = max(source.dtype.bits, to.bits) / 8
      return (source.count / (source.dtype.bits / 8), max(1, UInt64(granularity.tileBytes) / widest))
    case .requantize(let work):
      return (UInt64(work.grid.rows), UInt64(max(1, granularity.tileBytes / 8 / max(1, work.grid.columns))))
    case .rescale: return (1, 1)
    case .merge(let update):
      let row = max(update.baseRowBytes, update.outputRowBytes, 1)
      // The left factor of a tile takes 12 bytes for a row and rank; it matters for tall, narrow matrices.
      let byFactor = 4 * granularity.tileBytes / (12 * max(1, update.rank))
      return (UInt64(update.rows), UInt64(max(1, min(granularity.tileBytes / row, byFactor))))
    }
  }

  /// Position of the last element that is not above `value`; equal elements (steps of the other kind, empty shards)
  /// give the last of them.
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

extension MergeStep {
  /// Whether the step's bytes are written as they are.
  fileprivate var isCopied: Bool {
    switch work {
    case .write, .copy: true
    case .convert, .merge, .requantize, .rescale: false
    }
  }
}
