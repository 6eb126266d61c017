import LoRATestSupport
import QuantizedWeights
import Safetensors
import TensorCore
import Testing

@testable import LoRAMerge

@Suite struct WorkQueueTests {
  @Test(arguments: [1, 7, 64, 100_000])
  func everyPartOfEveryStepIsHandedOutOnceInOrder(_ size: Int) throws {
    var weights = SafetensorsBuilder()
    for index in 0..<4 { weights.add("n\(index)", .u8, [UInt64(index * 11)]) }
    weights.add("x.weight", .f32, [9, 4], values: TinyModel.numbers(36))
    weights.add("last", .bf16, [3], values: [1, 2, 3])
    let model = try TinyModel(weights, adapter: TinyModel.factors("x", in: 4, out: 9))
    var options = MergeOptions()
    options.dtype = .f16
    let plan = try model.plan(options)
    let queue = WorkQueue(plan, WorkQueue.Granularity(tileBytes: size, copyBytes: UInt64(size)))
    var next: [Int: UInt64] = [:]
    var perStep: [Int: Int] = [:]
    for index in 0..<queue.count {
      let item = queue.item(index)
      #expect(item.range.lowerBound == next[item.ordinal, default: 0])
      next[item.ordinal] = item.range.upperBound
      perStep[item.ordinal, default: 0] += 1
    }
    let steps = plan.shards.flatMap(\.steps)
    #expect(queue.stepCount == steps.count && next.count == steps.count)
    for (ordinal, step) in steps.enumerated() {
      #expect(queue.itemCount(ofStep: ordinal) == perStep[ordinal])
      switch step.work {
      case .write, .copy: #expect(next[ordinal] == step.count)
      case .convert(let source, _): #expect(next[ordinal] == source.count / (source.dtype.bits / 8))
      case .merge(let update): #expect(next[ordinal] == UInt64(update.rows))
      case .requantize(let work): #expect(next[ordinal] == UInt64(work.grid.rows))
      case .rescale: #expect(next[ordinal] == 1)
      }
    }
    #expect(queue.itemCount(ofShard: 0) == queue.count)
  }

  @Test func whatIsCopiedIsSpreadAmongWhatIsComputed() throws {
    var weights = SafetensorsBuilder()
    weights.add("a", .u8, [400])
    weights.add("x.weight", .f32, [40, 4], values: TinyModel.numbers(160))
    let model = try TinyModel(weights, adapter: TinyModel.factors("x", in: 4, out: 40))
    let plan = try model.plan()
    let queue = WorkQueue(plan, WorkQueue.Granularity(tileBytes: 16, copyBytes: 40))
    let copied = (0..<queue.count).map { index in
      if case .merge = plan.shards[0].steps[queue.item(index).step].work { false } else { true }
    }
    let all = copied.count { $0 }
    #expect(all > 10 && copied.count { !$0 } == 40)
    for end in 0...queue.count {
      #expect(copied.prefix(end).count { $0 } == end * all / queue.count)
    }
  }

  @Test(arguments: [1, 2, 3, 5, 64])
  func lanesHandOutEveryItemOnceNeighboursFromDifferentShards(_ count: Int) {
    for shards in [[], [0], [7], [3, 0, 4], [100, 1, 1, 1], [1, 1, 1, 100], [10, 10, 10, 10, 10], [0, 0, 5, 0]] {
      let total = shards.reduce(0, +)
      let lanes = WorkerThreads(shards: shards, count: count)
      let items = (0..<total).map { lanes.item($0) }
      #expect(items.sorted() == Array(0..<total), "\(shards)")
      if count == 1 { #expect(items == Array(0..<total)) }
    }
    let items = (0..<40).map { WorkerThreads(shards: [10, 10, 10, 10], count: 4).item($0) }
    #expect(items.prefix(8) == [0, 10, 20, 30, 1, 11, 21, 31])
  }
}
