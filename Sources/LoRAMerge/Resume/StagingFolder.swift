import Glibc
import JSON
import LoRAIO
import Safetensors
import TensorCore

/// The hidden folder beside the output in which a merge is written until it is whole: `.<output>.partial`.
///
/// It holds a lock, `plan.json` (what is being merged), a `.partial` file for every shard begun and a `.done` record
/// for every shard finished. Nothing in it has a name that loaders look for. When all shards are there they are moved
/// to a folder `model` in it, the other files are written, config.json last, and that folder is renamed to the output.
///
/// Byte 0 of the lock stands for the folder itself, byte i + 1 for shard i. A process that merges everything holds all
/// bytes; one that merges a part holds those of its shards, and byte 0 while it starts and while it publishes.
struct StagingFolder: Sendable {
  /// Path of the folder.
  let path: String
  /// The path that it will be published as.
  let output: String
  private let plan: MergePlan
  private let lock: FileLock
  private let lockedShards: [Int]

  /// What the names of shards end in until they are published.
  static let suffix = ".partial"
  private static let recordSuffix = ".done"
  private static let planName = "plan.json"
  private static let lockName = "lock"
  private static let modelName = "model"
  /// The model while it takes the place of an older one; afterwards the older one.
  private static let exchangeName = "exchange"
  /// The older one while the two cannot be exchanged in one step.
  private static let replacedName = "replaced"

  /// How the folder is entered.
  enum Entry: Sendable, Equatable {
    /// From nothing; what is left of an earlier merge is removed.
    case fresh
    /// Going on with what is there.
    case resumed
    /// Going on, for these shards only, while other processes work on others.
    case part(shards: [Int])
  }

  /// Whether a file name is that of such a folder.
  static func isPartial(_ name: String) -> Bool { name.hasPrefix(".") && name.contains(suffix) }

  /// The folder of an output.
  static func path(for output: String) -> String {
    var name = Folder.lastComponent(output)
    // File systems take names of up to 255 bytes.
    if name.utf8.count > 200 {
      let digest = FileIdentity.digest(of: Array(name.utf8)).prefix(16)
      name = String(decoding: Array(name.utf8.prefix(180)), as: UTF8.self) + "-" + digest
    }
    return Folder.join(Folder.parent(output), ".\(name)\(suffix)")
  }

  // MARK: Entering

  /// Creates the folder or goes on in it, and locks what this process will write.
  ///
  /// - Throws: `MergeError.output` when another process is at work or the folder belongs to another merge.
  init(for output: String, _ plan: MergePlan, _ entry: Entry, _ control: MergeControl, _ warnings: inout [String])
    throws(MergeError)
  {
    self.output = output
    self.plan = plan
    path = Self.path(for: output)
    if case .part(let shards) = entry { lockedShards = shards } else { lockedShards = [] }
    lock = try Self.lock(path, output, entry, control, &warnings)
    defer { if !entry.isWhole { lock.unlock(0..<1) } }
    do throws(MergeError) {
      try restoreReplaced()
      if try !isOwn(entry, &warnings) { try begin() }
    } catch {
      // A folder in which nothing could be begun is not left behind.
      if try MergeError.catching({ () throws(IOError) in try isEmpty }) { discard() }
      throw error
    }
  }

  /// Makes the folder and gets its lock, again when another process removes the folder at the same time.
  private static func lock(
    _ path: String, _ output: String, _ entry: Entry, _ control: MergeControl, _ warnings: inout [String]
  ) throws(MergeError) -> FileLock {
    while true {
      try control.check()
      guard let lock = try open(path, output) else { continue }
      var ranges: [Range<UInt32>?] = [nil]
      if case .part(let shards) = entry { ranges = shards.map { UInt32($0) + 1..<UInt32($0) + 2 } }
      for range in ranges {
        switch try MergeError.catching({ () throws(IOError) in try lock.lock(range) }) {
        case .locked: break
        case .taken:
          throw .output(
            path: output, reason: "another process is writing it; what it has so far is in \(escaped(path))")
        case .unsupported:
          warnings = ["the file system of the output has no locks, so another merge into it would not be noticed"]
        }
      }
      if !entry.isWhole { try wait(for: lock, control) }
      if lock.isCurrent { return lock }
    }
  }

  /// Opens the lock of the folder, which is made when there is none; nil when the folder goes away meanwhile.
  private static func open(_ path: String, _ output: String) throws(MergeError) -> FileLock? {
    do throws(IOError) {
      if FileKind(path: path) == nil { try Folder.create(path) }
    } catch {
      guard case .system(EEXIST) = error.reason else { throw .io(error) }
    }
    guard Folder.isPlain(path) else { throw .output(path: output, reason: "\(escaped(path)) is in the way") }
    do throws(IOError) {
      return try FileLock(path: Folder.join(path, lockName))
    } catch {
      if case .system(ENOENT) = error.reason { return nil }
      do throws(IOError) { try Folder.removeEmpty(path) } catch {}
      throw .io(error)
    }
  }

  /// Waits for byte 0, which no process holds for long.
  private static func wait(for lock: FileLock, _ control: MergeControl) throws(MergeError) {
    while true {
      if case .taken = try MergeError.catching({ () throws(IOError) in try lock.lock(0..<1) }) {
        try control.check()
        CurrentProcess.sleep(milliseconds: 20)
      } else {
        return
      }
    }
  }

  /// Whether the folder holds this very merge; one that may be thrown away is emptied.
  private func isOwn(_ entry: Entry, _ warnings: inout [String]) throws(MergeError) -> Bool {
    let names = try MergeError.catching { () throws(IOError) in try Folder.names(in: path) }
    let begun = names.filter { $0 != Self.lockName }
    guard names.contains(Self.planName) else {
      // Killed before it could say what it is, or no folder of ours at all.
      guard begun.allSatisfy({ $0.hasPrefix("." + Self.planName) }) else {
        throw .output(
          path: output, reason: "\(escaped(path)) is not of this program's making; move it out of the way")
      }
      try clear()
      return false
    }
    if entry == .fresh {
      if begun.contains(where: { $0.hasSuffix(Self.recordSuffix) }) {
        warnings.append("finished shards of an interrupted merge were removed; --resume would have used them")
      }
      try clear()
      return false
    }
    let found = PlanIdentity(try? JSONValue(parsing: readPlan()))
    guard let found else {
      throw .output(path: output, reason: "\(escaped(path)) is damaged (plan.json); remove it, or leave out --resume")
    }
    if let difference = found.difference(from: plan.identity) {
      throw .output(
        path: output,
        reason: "\(escaped(path)) belongs to another merge (\(difference)); give the same inputs and options, or "
          + "remove it")
    }
    try undoPublishing()
    return true
  }

  /// Puts a model back that was to be replaced when the process was killed between the two steps of doing so.
  private func restoreReplaced() throws(MergeError) {
    let replaced = Folder.join(path, Self.replacedName)
    guard Folder.isPlain(replaced), FileKind(path: output) == nil else { return }
    try MergeError.catching { () throws(IOError) in try Folder.rename(replaced, to: output) }
  }

  private func readPlan() throws -> [UInt8] {
    try InputFile.contents(of: Folder.join(path, Self.planName), limit: 1 << 20)
  }

  /// Says what is being merged.
  private func begin() throws(MergeError) {
    let text = plan.identity.json.text(pretty: true) + "\n"
    try MergeError.catching { () throws(IOError) in
      try WholeFile.write(Array(text.utf8), to: Folder.join(path, Self.planName))
    }
  }

  /// Takes back what an earlier attempt at publishing had done.
  private func undoPublishing() throws(MergeError) {
    try MergeError.catching { () throws(IOError) in
      let names = try Folder.names(in: path)
      if names.contains(Self.exchangeName) || names.contains(Self.replacedName) {
        // Either the new model or the one that it replaced: it cannot be told, so the shards are made again.
        try clear(except: [Self.planName])
      } else if names.contains(Self.modelName) {
        let model = Folder.join(path, Self.modelName)
        for shard in plan.shards where FileKind(path: Folder.join(model, shard.name)) == .regular {
          try Folder.rename(Folder.join(model, shard.name), to: shardPath(shard))
        }
        try Folder.remove(model)
      }
    }
  }

  private func clear() throws(MergeError) {
    try MergeError.catching { () throws(IOError) in try clear(except: []) }
  }

  private func clear(except kept: [String]) throws(IOError) {
    try Self.clear(path, except: kept + [Self.lockName])
  }

  private static func clear(_ path: String, except kept: [String]) throws(IOError) {
    for name in try Folder.names(in: path) where !kept.contains(name) {
      let child = Folder.join(path, name)
      if Folder.isPlain(child) { try Folder.remove(child) } else { try Folder.removeFile(child) }
    }
  }

  /// Removes the folder: what says whose it is goes last, so that a killed process leaves nothing unknown.
  private static func remove(_ path: String) throws(IOError) {
    try clear(path, except: [planName, lockName])
    try clear(path, except: [lockName])
    try Folder.remove(path)
  }

  private var isEmpty: Bool {
    get throws(IOError) { try Folder.names(in: path).allSatisfy { $0 == Self.lockName } }
  }

  /// Removes the folder and everything in it; what cannot be removed stays.
  func discard() {
    do throws(IOError) { try Self.remove(path) } catch {}
  }

  // MARK: Shards

  /// Where a shard is written.
  func shardPath(_ shard: ShardPlan) -> String { Folder.join(path, shard.name + Self.suffix) }

  private func recordPath(_ shard: ShardPlan) -> String { Folder.join(path, shard.name + Self.recordSuffix) }

  /// The record of a shard that is finished and still what it was when it was finished.
  func record(of shard: ShardPlan) throws(IOError) -> ShardRecord? {
    guard FileKind(path: recordPath(shard)) == .regular, FileKind(path: shardPath(shard)) == .regular else {
      return nil
    }
    let text = try InputFile.contents(of: recordPath(shard), limit: 64 << 20)
    guard let record = ShardRecord(parsing: text) else { return nil }
    let file = try InputFile(path: shardPath(shard))
    guard file.size == shard.size, try FileIdentity.sample(of: file) == record.sample else { return nil }
    return record
  }

  /// Makes room for a shard that is to be written.
  func prepare(_ shard: ShardPlan) throws(IOError) {
    for stale in [recordPath(shard), shardPath(shard)] where FileKind(path: stale) != nil {
      try Folder.removeFile(stale)
    }
  }

  /// Notes that a shard's bytes are all on the device.
  func finish(_ shard: ShardPlan, rounding: [Int: RoundingStatistics], digests: [Int: String]) throws(IOError) {
    let sample = try FileIdentity.sample(of: InputFile(path: shardPath(shard)))
    let record = ShardRecord(sample: sample, rounding: rounding, digests: digests)
    try WholeFile.write(Array(record.text.utf8), to: recordPath(shard))
  }

  // MARK: Publishing

  /// Runs the last step of a merge of which this process did a part: alone, and only if the folder is still there.
  ///
  /// - Returns: what `body` gives, or nil when another process has published meanwhile.
  func last<Result>(_ control: MergeControl, _ body: () throws(MergeError) -> Result?) throws(MergeError) -> Result? {
    for shard in lockedShards { lock.unlock(UInt32(shard) + 1..<UInt32(shard) + 2) }
    try Self.wait(for: lock, control)
    defer { lock.unlock(0..<1) }
    return lock.isCurrent ? try body() : nil
  }

  /// Gathers the finished shards in the folder that will become the output; returns its path.
  func gather() throws(IOError) -> String {
    let model = Folder.join(path, Self.modelName)
    try Folder.create(model)
    for shard in plan.shards { try Folder.rename(shardPath(shard), to: Folder.join(model, shard.name)) }
    return model
  }

  /// Makes the finished folder the output in one step and removes what is left here.
  ///
  /// - Parameter replacing: whether an existing output is to be replaced; it is removed afterwards.
  /// - Returns: sentences about what went less well after the output was in place.
  func publish(replacing: Bool) throws(IOError) -> [String] {
    let model = Folder.join(path, Self.modelName)
    try Folder.synchronize(model)
    var warnings: [String] = []
    if replacing, FileKind(path: output) != nil {
      try replace(model)
    } else {
      try Folder.publish(model, as: output)
    }
    do throws(IOError) {
      try Folder.synchronize(Folder.parent(output))
    } catch {
      warnings.append("the output's name may not survive a power loss: \(error)")
    }
    do throws(IOError) {
      try Self.remove(path)
    } catch {
      warnings.append("the output is complete, but \(path) could not be removed: \(error.cause)")
    }
    return warnings
  }
}

extension StagingFolder {
  /// Puts the model in the place of an older output.
  private func replace(_ model: String) throws(IOError) {
    let exchanged = Folder.join(path, Self.exchangeName)
    try Folder.rename(model, to: exchanged)
    do throws(IOError) {
      try Folder.exchange(exchanged, with: output)
    } catch {
      guard case .system(let number) = error.reason, [EINVAL, ENOSYS, ENOTSUP].contains(number) else {
        do throws(IOError) { try Folder.rename(exchanged, to: model) } catch {}
        throw error
      }
      // Network file systems cannot swap two names; for a moment the output is missing.
      let replaced = Folder.join(path, Self.replacedName)
      try Folder.rename(output, to: replaced)
      do throws(IOError) {
        try Folder.publish(exchanged, as: output)
      } catch {
        try Folder.rename(replaced, to: output)
        throw error
      }
    }
  }

  /// Removes what a merge that had published its output could not remove any more.
  static func removeLeftover(for output: String, _ plan: MergePlan) {
    let path = path(for: output)
    guard Folder.isPlain(path) else { return }
    do {
      let found = try Folder.names(in: path)
      guard found.isEmpty || found.contains(lockName) || found.contains(planName) else { return }
      let lock = try FileLock(path: Folder.join(path, lockName))
      guard case .locked = try lock.lock(nil), lock.isCurrent else { return }
      let names = try Folder.names(in: path)
      if names.contains(planName) {
        let text = try InputFile.contents(of: Folder.join(path, planName), limit: 1 << 20)
        guard PlanIdentity(try JSONValue(parsing: text)) == plan.identity else { return }
      } else {
        guard names == [lockName] else { return }
      }
      try remove(path)
    } catch {}
  }
}

extension StagingFolder.Entry {
  fileprivate var isWhole: Bool { if case .part = self { false } else { true } }
}
