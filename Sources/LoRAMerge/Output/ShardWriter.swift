import LoRAIO
import Safetensors
import Synchronization
import TensorCore

/// Writes shards of a plan, several threads at a time, and notes each as finished when its bytes are on the device.
struct ShardWriter {
  private let executor: MergeExecutor
  private let partial: StagingFolder
  private let digests: FileDigests
  private let control: MergeControl

  init(_ executor: MergeExecutor, _ partial: StagingFolder, _ digests: FileDigests, _ control: MergeControl) {
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
    let lanes = WorkerThreads(shards: plan.shards.indices.map { queue.itemCount(ofShard: $0) }, count: executor.jobs)
    try MergeError.catching { () throws(IOError) in
      for position in wanted { try partial.prepare(plan.shards[position]) }
    }
    let shards = plan.shards.enumerated().map { position, shard in
      ShardFile(shard, parts: queue.itemCount(ofShard: position), path: partial.shardPath(shard))
    }
    var states: [UpdateState?] = []
    for step in plan.shards.lazy.flatMap(\.steps) {
      if case .merge = step.work {
        states.append(UpdateState(tiles: queue.itemCount(ofStep: states.count)))
      } else {
        states.append(nil)
      }
    }
    // Scales may lie in another shard than their codes, and be wanted alone.
    var requantizations: [String: RequantizationState] = [:]
    for case .requantize(let work) in executor.plan.shards.lazy.flatMap(\.steps).map(\.work) {
      requantizations[work.tensor] = RequantizationState(work, tiles: 0, plan.sources)
    }
    for (ordinal, step) in plan.shards.lazy.flatMap(\.steps).enumerated() {
      guard case .requantize(let work) = step.work else { continue }
      requantizations[work.tensor] = RequantizationState(work, tiles: queue.itemCount(ofStep: ordinal), plan.sources)
    }
    let buffers = TileBuffers(size: 2 * executor.granularity.tileBytes)
    let crew = TileWorker(plan: plan, buffers: buffers, states: states, requantizations: requantizations)
    let roundings = Mutex<[Int: [Int: RoundingStatistics]]>([:])
    let work = plan
    // Digests first, one to a thread, while the others merge; headers that need them close their shards.
    let digested = Set(plan.shards.lazy.flatMap(\.steps).flatMap(\.holes).map(\.source)).ordered()
    try Workers.forEach(count: digested.count + queue.count, workers: executor.jobs) { index throws(MergeError) in
      try control.check()
      guard index >= digested.count else {
        _ = try MergeError.catching { () throws(IOError) in try digests.digest(of: digested[index]) }
        return
      }
      let item = queue.item(lanes.item(index - digested.count))
      try MergeError.catching { () throws(IOError) in
        let (part, rounded) = try crew.compute(item)
        // Before the part is in line, so that the thread that writes the last one finds all of them.
        if let rounded { roundings.withLock { $0[item.shard, default: [:]][item.step] = rounded } }
        let isComplete = try shards[item.shard].add(
          part,
          write: { part, file throws(IOError) in
            try part.write(to: file, from: work.sources, buffers)
            control.add(UInt64(part.count), of: total)
          },
          close: { file throws(IOError) in
            for step in work.shards[item.shard].steps where !step.holes.isEmpty {
              guard case .write(let text) = step.work else { continue }
              try file.write(digests.bytes(of: text), at: step.offset)
              control.add(step.count, of: total)
            }
          })
        if isComplete {
          let rounding = roundings.withLock { $0[item.shard] ?? [:] }
          try partial.finish(work.shards[item.shard], rounding: rounding, digests: digests.known)
        }
      }
    }
    let all = roundings.withLock { $0 }
    return wanted.reduce(into: [:]) {
      $0[$1] = ShardRecord(sample: "", rounding: all[$1] ?? [:], digests: digests.known)
    }
  }
}

extension MergeStep {
  /// Places for digests in what the step writes.
  fileprivate var holes: [DigestTemplate.Hole] {
    if case .write(let text) = work { text.holes } else { [] }
  }
}
