import LoRAIO
import Safetensors
import Synchronization
import TensorCore

/// Carries out a plan: all shards of a model folder, streamed through a few small buffers by a few threads.
///
/// Everything is written to a hidden folder beside the output (`StagingFolder`), and the output appears in one step when
/// all of it is on the device. Whatever goes wrong before that, the output path is untouched. Bases and adapters are
/// opened for reading only.
public struct MergeExecutor: Sendable {
  /// What is to be done.
  public let plan: MergePlan
  /// Number of threads; by default one for every processor that the process may use.
  public var jobs = Workers.processorCount
  /// Whether an existing output is replaced.
  public var overwrites = false
  /// Whether shards that an earlier run has finished are used, and those of this run kept when it does not end well.
  public var resumes = false
  /// The part to do while other processes do the others; the last of them to end publishes the output.
  ///
  /// Implies `resumes`.
  public var part: MergePartition?
  var granularity = WorkQueue.Granularity()

  /// An executor of `plan`.
  public init(_ plan: MergePlan) { self.plan = plan }

  /// What carrying out a plan gave.
  public struct Outcome: Sendable {
    /// How every changed module was rounded, by module name; of a part that does not complete the output, its modules.
    public var rounding: [String: RoundingStatistics] = [:]
    /// Bytes of all files written by this run.
    public var bytesWritten: UInt64 = 0
    /// Elapsed seconds.
    public var seconds: Double = 0
    /// Whether the output is in place; other parts are missing otherwise.
    public var isComplete = true
    /// Shards that an earlier run had finished.
    public var shardsReused = 0
    /// What went less well than it should, though the output is whole.
    public var warnings: [String] = []
  }

  private var isResumable: Bool { resumes || part != nil }

  /// Writes the output folder, or its part of it.
  ///
  /// - Parameters:
  ///   - output: path of the folder, which must not exist unless `overwrites` is set. Its parent must exist.
  ///   - control: progress and cancellation.
  /// - Throws: `MergeError`; the output is then as it was before.
  public func run(to output: String, control: MergeControl = MergeControl()) throws(MergeError) -> Outcome {
    let start = CurrentProcess.monotonicSeconds
    let place = OutputPlace(output, overwrites: overwrites)
    var outcome = Outcome()
    if isResumable, place.holds(plan) {
      StagingFolder.removeLeftover(for: output, plan)
      outcome.warnings = ["the output was complete already"]
      return outcome
    }
    try place.check(against: plan)
    var entry = isResumable ? StagingFolder.Entry.resumed : .fresh
    if let part { entry = .part(shards: part.shards(of: plan.shards.count)) }
    let partial = try StagingFolder(for: output, plan, entry, control, &outcome.warnings)
    do throws(MergeError) {
      // The process that we may have waited for can have published meanwhile.
      if isResumable, place.holds(plan) {
        partial.discard()
        return outcome
      }
      try place.check(against: plan)
      try run(in: partial, place, control, &outcome)
      outcome.seconds = CurrentProcess.monotonicSeconds - start
      return outcome
    } catch {
      guard isResumable else {
        partial.discard()
        throw error
      }
      throw .interrupted(error, partial: partial.path)
    }
  }

  private func run(
    in partial: StagingFolder, _ place: OutputPlace, _ control: MergeControl, _ outcome: inout Outcome
  ) throws(MergeError) {
    let own = part?.shards(of: plan.shards.count) ?? Array(plan.shards.indices)
    var records = try finished(own, in: partial)
    outcome.shardsReused = records.count
    let digests = try digests(records, control)
    let written = try ShardWriter(self, partial, digests, control).write(own.filter { records[$0] == nil })
    outcome.bytesWritten = written.keys.reduce(0) { $0 + plan.shards[$1].size }
    records.merge(written) { $1 }
    guard part != nil else {
      try conclude(partial, records, digests, control, &outcome)
      return
    }
    let published = try partial.last(control) { () throws(MergeError) -> Bool? in
      let records = try finished(Array(plan.shards.indices), in: partial)
      guard records.count == plan.shards.count else { return nil }
      try conclude(partial, records, FileDigests(plan.sources, known: known(records)), control, &outcome)
      return true
    }
    if published == nil {
      outcome.isComplete = place.holds(plan)
      outcome.rounding = collect(records)
    }
  }

  // MARK: What is there

  private func finished(_ shards: [Int], in partial: StagingFolder) throws(MergeError) -> [Int: ShardRecord] {
    try MergeError.catching { () throws(IOError) in
      var records: [Int: ShardRecord] = [:]
      for shard in shards { records[shard] = try partial.record(of: plan.shards[shard]) }
      return records
    }
  }

  /// Digests that the records name.
  private func known(_ records: [Int: ShardRecord]) -> [Int: String] {
    records.values.reduce(into: [:]) { $0.merge($1.digests) { first, _ in first } }
  }

  /// The digests of the inputs, as far as they are needed before the first shard is written.
  private func digests(_ records: [Int: ShardRecord], _ control: MergeControl) throws(MergeError) -> FileDigests {
    let known = known(records)
    let baseCount = plan.sources.count - plan.adapters.count
    let digests = FileDigests(plan.sources, known: known.filter { $0.key < baseCount })
    // Samples of the adapter were compared before; that it is the same to the last byte costs little to know.
    for (source, digest) in known where source >= baseCount && source < plan.sources.count {
      let found = try MergeError.catching { () throws(IOError) in try digests.digest(of: source) }
      if found != digest {
        throw .output(
          path: plan.sources[source].path, reason: "the adapter was changed after the merge began; start it anew")
      }
    }
    if plan.provenance == .full {
      try Workers.forEach(count: baseCount, workers: jobs) { source throws(MergeError) in
        try control.check()
        _ = try MergeError.catching { () throws(IOError) in try digests.digest(of: source) }
      }
    }
    return digests
  }

  // MARK: The last step

  /// Writes everything that is no shard and publishes the output.
  private func conclude(
    _ partial: StagingFolder, _ records: [Int: ShardRecord], _ digests: FileDigests, _ control: MergeControl,
    _ outcome: inout Outcome
  ) throws(MergeError) {
    let model = try MergeError.catching { () throws(IOError) in try partial.gather() }
    outcome.bytesWritten += try writeFiles(to: model, digests, control)
    try control.check()
    try checkRetention(collect(records))
    outcome.warnings += try MergeError.catching { () throws(IOError) in try partial.publish(replacing: overwrites) }
    outcome.rounding = collect(records)
  }

  /// Refuses an output whose rounding keeps less of a change than was asked for.
  private func checkRetention(_ modules: [String: RoundingStatistics]) throws(MergeError) {
    guard let least = plan.minimumRetention else { return }
    let lost = modules.compactMap { name, rounding in rounding.deltaRetention.map { (name: name, retention: $0) } }
      .filter { $0.retention < least }.ordered { ($0.retention, $0.name) < ($1.retention, $1.name) }
    guard let worst = lost.first else { return }
    throw .refused([
      Refusal(
        plan.baseFolder, subject: worst.name,
        "only \(fixed(worst.retention * 100, 1)) % of its change would be left, less than \(fixed(least * 100, 1)) %, as in "
          + "\(lost.count) of \(modules.count) modules",
        hint: "--dequantize keeps the change")
    ])
  }

  /// Sums by module, in the order of the plan so that the sums do not depend on the threads.
  private func collect(_ records: [Int: ShardRecord]) -> [String: RoundingStatistics] {
    var modules: [String: RoundingStatistics] = [:]
    for (position, shard) in plan.shards.enumerated() {
      guard let record = records[position] else { continue }
      for (number, step) in shard.steps.enumerated() {
        guard let rounding = record.rounding[number] else { continue }
        switch step.work {
        case .merge(let update):
          modules[update.deltas.first?.module ?? update.tensor, default: RoundingStatistics()].merge(rounding)
        case .requantize(let work): modules[work.module, default: RoundingStatistics()].merge(rounding)
        case .write, .copy, .convert, .rescale: continue
        }
      }
    }
    return modules
  }

  private func writeFiles(to model: String, _ digests: FileDigests, _ control: MergeControl) throws(MergeError)
    -> UInt64
  {
    var written: UInt64 = 0
    var folders: Set<String> = []
    for file in plan.files {
      try control.check()
      written += try MergeError.catching { () throws(IOError) in
        for parent in Self.parents(of: file.name) where folders.insert(parent).inserted {
          try Folder.create(Folder.join(model, parent))
        }
        let output = try OutputFile(creating: Folder.join(model, file.name))
        let size: UInt64
        switch file.contents {
        case .written(let text):
          let bytes = try digests.bytes(of: text)
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
      try MergeError.catching { () throws(IOError) in try Folder.synchronize(Folder.join(model, folder)) }
    }
    return written
  }

  /// The folders on the way to a file, outermost first: `a` and `a/b` for `a/b/c`.
  private static func parents(of name: String) -> [String] {
    let components = name.split(separator: "/")
    return components.indices.dropFirst().map { components[..<$0].joined(separator: "/") }
  }
}
