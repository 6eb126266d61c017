import LoRAIO
import Safetensors
import Synchronization

/// Carries out a plan: all shards of a model folder, streamed through a few small buffers by a few threads.
///
/// Everything is written to a hidden folder beside the output, which gets the output's name in one step when all of it
/// is on the device. Whatever goes wrong before that, the hidden folder is removed and the output path is untouched;
/// only a killed process leaves it behind. Bases and adapters are opened for reading only.
public struct MergeExecutor: Sendable {
  /// What is to be done.
  public let plan: MergePlan
  /// Number of threads; by default one for every processor that the process may use.
  public var jobs = Workers.processorCount
  /// Whether an existing output is replaced.
  public var overwrites = false
  var granularity = WorkQueue.Granularity()

  /// An executor of `plan`.
  public init(_ plan: MergePlan) { self.plan = plan }

  /// What carrying out a plan gave.
  public struct Outcome: Sendable {
    /// How every changed module was rounded, by module name.
    public var rounding: [String: Rounding] = [:]
    /// Bytes of all files written.
    public var bytesWritten: UInt64 = 0
    /// Elapsed seconds.
    public var seconds: Double = 0
    /// What went less well than it should, though the output is whole.
    public var warnings: [String] = []
  }

  /// Writes the output folder.
  ///
  /// - Parameters:
  ///   - output: path of the folder, which must not exist unless `overwrites` is set. Its parent must exist.
  ///   - control: progress and cancellation.
  /// - Throws: `MergeError`; the output is then as it was before.
  public func run(to output: String, control: MergeControl = MergeControl()) throws(MergeError) -> Outcome {
    let start = CurrentProcess.monotonicSeconds
    try OutputPlace(output, overwrites: overwrites).check(against: plan)
    let staging = try MergeError.catching { () throws(IOError) in try StagingFolder(for: output) }
    do throws(MergeError) {
      var outcome = Outcome()
      outcome.rounding = try writeShards(to: staging, control)
      outcome.bytesWritten = try plan.shards.reduce(0) { $0 + $1.size } + writeFiles(to: staging, control)
      try control.check()
      outcome.warnings = try MergeError.catching { () throws(IOError) in
        try Folder.synchronize(staging.path)
        return try staging.publish(replacing: overwrites)
      }
      outcome.seconds = CurrentProcess.monotonicSeconds - start
      return outcome
    } catch {
      staging.discard()
      throw error
    }
  }

  // MARK: Shards

  private func writeShards(to staging: StagingFolder, _ control: MergeControl) throws(MergeError)
    -> [String: Rounding]
  {
    let queue = WorkQueue(plan, granularity)
    let shards = plan.shards.enumerated().map { position, shard in
      ShardOutput(shard, items: queue.itemCount(ofShard: position), staging: staging)
    }
    var states: [UpdateState?] = []
    for step in plan.shards.lazy.flatMap(\.steps) {
      if case .merge = step.work {
        states.append(UpdateState(tiles: queue.itemCount(ofStep: states.count)))
      } else {
        states.append(nil)
      }
    }
    let crew = TileCrew(plan: plan, buffers: TileBuffers(size: 2 * granularity.tileBytes), states: states)
    let total = plan.outputBytes
    let rounding = Mutex<[Int: Rounding]>([:])
    try Workers.forEach(count: queue.count, workers: jobs) { index throws(MergeError) in
      try control.check()
      let item = queue.item(index)
      try MergeError.catching { () throws(IOError) in
        let shard = shards[item.shard]
        let (bytes, rounded) = try crew.perform(item, in: try shard.file())
        try shard.finishItem()
        if let rounded { rounding.withLock { $0[item.ordinal] = rounded } }
        control.add(bytes, of: total)
      }
    }
    return collect(rounding.withLock { $0 })
  }

  /// Sums by module, in the order of the plan so that the sums do not depend on the threads.
  private func collect(_ steps: [Int: Rounding]) -> [String: Rounding] {
    var modules: [String: Rounding] = [:]
    for (ordinal, step) in plan.shards.lazy.flatMap(\.steps).enumerated() {
      guard case .merge(let update) = step.work, let rounding = steps[ordinal] else { continue }
      modules[update.deltas.first?.module ?? update.tensor, default: Rounding()].merge(rounding)
    }
    return modules
  }

  // MARK: Other files

  private func writeFiles(to staging: StagingFolder, _ control: MergeControl) throws(MergeError) -> UInt64 {
    var written: UInt64 = 0
    var folders: Set<String> = []
    for file in plan.files {
      try control.check()
      written += try MergeError.catching { () throws(IOError) in
        for parent in Self.parents(of: file.name) where folders.insert(parent).inserted {
          try Folder.create(staging.path(parent))
        }
        let output = try OutputFile(creating: staging.path(file.name))
        let size: UInt64
        switch file.contents {
        case .written(let bytes):
          try output.write(bytes, at: 0)
          size = UInt64(bytes.count)
        case .copied(let path):
          let source = try InputFile(path: path)
          try output.copy(from: source, at: 0, count: source.size, to: 0)
          size = source.size
        }
        try output.synchronize()
        control.add(size, of: plan.outputBytes)
        return size
      }
    }
    for folder in folders {
      try MergeError.catching { () throws(IOError) in try Folder.synchronize(staging.path(folder)) }
    }
    return written
  }

  /// The folders on the way to a file, outermost first: `a` and `a/b` for `a/b/c`.
  private static func parents(of name: String) -> [String] {
    let components = name.split(separator: "/")
    return components.indices.dropFirst().map { components[..<$0].joined(separator: "/") }
  }
}
