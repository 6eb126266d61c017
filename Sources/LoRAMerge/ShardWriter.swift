import LoRAIO
import Safetensors
import Synchronization

/// Writes shards of a plan, several threads at a time, and notes each as finished when its bytes are on the device.
struct ShardWriter {
  private let executor: MergeExecutor
  private let partial: PartialMerge
  private let digests: FileDigests
  private let control: MergeControl

  init(_ executor: MergeExecutor, _ partial: PartialMerge, _ digests: FileDigests, _ control: MergeControl) {
    self.executor = executor
    self.partial = partial
    self.digests = digests
    self.control = control
  }

  /// Writes the shards at these positions; returns their records.
  func write(_ wanted: [Int]) throws(MergeError) -> [Int: ShardRecord] {
    // The others have no steps, and so no work.
    let (partial, digests, control) = (self.partial, self.digests, self.control)
    var plan = executor.plan
    for position in Set(plan.shards.indices).subtracting(wanted) { plan.shards[position].steps = [] }
    let total = executor.plan.outputBytes
    control.add(plan.shards.reduce(0) { $1.steps.isEmpty ? $0 + $1.size : $0 }, of: total)
    let queue = WorkQueue(plan, executor.granularity)
    let lanes = WorkLanes(shards: plan.shards.indices.map { queue.itemCount(ofShard: $0) }, count: executor.jobs)
    try MergeError.catching { () throws(IOError) in
      for position in wanted { try partial.prepare(plan.shards[position]) }
    }
    let shards = plan.shards.enumerated().map { position, shard in
      ShardOutput(shard, items: queue.itemCount(ofShard: position), path: partial.shardPath(shard))
    }
    var states: [UpdateState?] = []
    for step in plan.shards.lazy.flatMap(\.steps) {
      if case .merge = step.work {
        states.append(UpdateState(tiles: queue.itemCount(ofStep: states.count)))
      } else {
        states.append(nil)
      }
    }
    let buffers = TileBuffers(size: 2 * executor.granularity.tileBytes)
    let crew = TileCrew(plan: plan, buffers: buffers, states: states, digests: digests)
    let roundings = Mutex<[Int: [Int: Rounding]]>([:])
    let work = plan
    try Workers.forEach(count: queue.count, workers: executor.jobs) { index throws(MergeError) in
      try control.check()
      let item = queue.item(lanes.item(index))
      try MergeError.catching { () throws(IOError) in
        let shard = shards[item.shard]
        let (bytes, rounded) = try crew.perform(item, in: try shard.file())
        // Before the item counts as done, so that whoever does the last one finds all of them.
        if let rounded { roundings.withLock { $0[item.shard, default: [:]][item.step] = rounded } }
        if try shard.finishItem() {
          let rounding = roundings.withLock { $0[item.shard] ?? [:] }
          try partial.finish(work.shards[item.shard], rounding: rounding, digests: digests.known)
        }
        control.add(bytes, of: total)
      }
    }
    let all = roundings.withLock { $0 }
    return wanted.reduce(into: [:]) {
      $0[$1] = ShardRecord(sample: "", rounding: all[$1] ?? [:], digests: digests.known)
    }
  }
}
