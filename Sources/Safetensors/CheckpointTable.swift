import Diagnostics
import JSON
import LoRAIO
import Synchronization
import TensorCore

/// Puts the headers of shards together into one table of tensors, and checks them against each other and the index.
struct CheckpointTable {
  /// How many shards are opened at once; the work is waiting more than computing.
  static let openers = 16

  /// More shards than any model has; each keeps a descriptor open.
  static let shardLimit = 4096

  private(set) var findings: [Finding]
  private let folder: String
  private var files: [SafetensorsFile] = []
  private var index: ShardIndex?
  private var tensors: [String: Checkpoint.Entry] = [:]

  init(folder: String, findings: [Finding] = []) {
    self.folder = folder
    self.findings = findings
  }

  /// The table as a checkpoint, with all findings.
  var examined: Checkpoint.Examined {
    let checkpoint = files.isEmpty ? nil : Checkpoint(folder: folder, files: files, index: index, tensors: tensors)
    return Checkpoint.Examined(checkpoint: checkpoint, findings: findings, isAbsent: false)
  }

  mutating func report(
    rule: RuleID = .shardMismatch, severity: Severity? = nil, _ message: String, file: String,
    expected: String? = nil, found: String? = nil, hint: String? = nil
  ) {
    findings.append(
      Finding(rule, severity: severity, message, file: file, expected: expected, found: found, hint: hint))
  }

  /// Opens files by their base names, sorted, and fills the table; those that cannot be read are reported.
  mutating func open(_ names: [String]) {
    let paths = names.map { Folder.join(folder, $0) }
    let opened = Opened(count: paths.count)
    Workers.forEach(count: paths.count, workers: Self.openers) { position throws(Never) in
      opened.set(SafetensorsFile.examine(paths[position]), at: position)
    }
    for examined in opened.all {
      findings += examined.findings
      if let file = examined.file { files.append(file) }
    }
    fill()
  }

  /// Opens the shards of an index and compares both.
  mutating func open(_ index: ShardIndex) {
    self.index = index
    if index.entries.isEmpty, !findings.contains(where: { $0.severity == .error }) {
      report("the index maps no tensors at all", file: index.path, hint: "download the index again")
    }
    guard index.shards.count <= Self.shardLimit else {
      return report(
        "the index names more shards than any model has", file: index.path,
        expected: "at most \(grouped(UInt64(Self.shardLimit)))", found: grouped(UInt64(index.shards.count)))
    }
    let missing = index.shards.filter { FileKind(path: Folder.join(folder, $0)) == nil }
    if !missing.isEmpty { report(missing: missing, of: index) }
    let absent = Set(missing)
    open(index.shards.filter { !absent.contains($0) })
    let isComplete = files.count == index.shards.count
    compare(with: index)
    if isComplete, let size = index.totalSize { compare(totalSize: size, of: index) }
  }

  // MARK: Shards against each other

  private mutating func fill() {
    tensors.reserveCapacity(files.reduce(0) { $0 + $1.header.tensors.count })
    var doubles = Repeated("tensors that lie in more than one shard")
    for (position, file) in files.enumerated() {
      for info in file.header.tensors {
        let entry = Checkpoint.Entry(file: position, info: info)
        guard let earlier = tensors.updateValue(entry, forKey: info.name) else { continue }
        let mapped = index?.shard(of: info.name)
        if let mapped, mapped == name(earlier.file) { tensors[info.name] = earlier }
        doubles.add(
          Finding(
            .shardMismatch,
            "the tensor \"\(escaped(info.name))\" lies in \(escaped(name(earlier.file))) and in "
              + "\(escaped(name(position))); readers disagree about which counts", file: index?.path ?? folder,
            tensor: info.name, expected: "one shard", found: "two", hint: "remove the stale one of the two"))
      }
    }
    findings += doubles.findings
  }

  private func name(_ position: Int) -> String { Folder.lastComponent(files[position].path) }

  // MARK: Shards against the index

  private mutating func compare(with index: ShardIndex) {
    let opened = Dictionary(files.indices.map { (name($0), $0) }, uniquingKeysWith: { first, _ in first })
    var unlisted = Repeated("tensors that the index does not list")
    for (position, file) in files.enumerated() {
      for info in file.header.tensors where !index.contains(info.name) {
        unlisted.add(
          Finding(
            .shardMismatch, severity: .warning,
            "the tensor \"\(escaped(info.name))\" lies in \(escaped(name(position))) but not in the index; transformers "
              + "5 loads it all the same, readers that go by the index do not", file: index.path, tensor: info.name,
            hint: "write the index again, or download the one that belongs to these shards"))
      }
    }
    var absent = Repeated("tensors that the index maps to a shard without them")
    var moved = Repeated("tensors that lie in another shard than the index says")
    for entry in index.entries {
      let shard = index.shards[entry.shard]
      guard let position = opened[shard], files[position].header[entry.tensor] == nil else { continue }
      let label = "the index maps the tensor \"\(escaped(entry.tensor))\" to \(escaped(shard)), which does not hold it"
      if let place = tensors[entry.tensor]?.file {
        moved.add(
          Finding(
            .shardMismatch, severity: .warning, "\(label); it lies in \(escaped(name(place)))", file: index.path,
            tensor: entry.tensor, expected: escaped(shard), found: escaped(name(place)),
            hint: "write the index again, or download the one that belongs to these shards"))
      } else {
        let hint =
          unlisted.isEmpty
          ? "the shard is incomplete or the index is stale: download both again"
          : "the index is stale: its shards hold tensors that it does not list; download both again"
        absent.add(
          Finding(
            .shardMismatch, files.count == index.shards.count ? "\(label), and no other shard does" : label,
            file: index.path, tensor: entry.tensor, expected: escaped(shard), found: "in no shard", hint: hint))
      }
    }
    findings += absent.findings + moved.findings + unlisted.findings
  }

  private mutating func report(missing: [String], of index: ShardIndex) {
    let stems = Set(index.shards.compactMap { ShardName($0)?.stem })
    let present = (try? Folder.names(in: folder)) ?? []
    let known = Set(index.shards)
    let strangers = present.filter { name in
      guard let shard = ShardName(name) else { return false }
      return stems.contains(shard.stem) && !known.contains(name)
    }
    let hint =
      strangers.isEmpty
      ? "finish the download, or copy the missing files"
      : "the index is stale: the folder holds \(listed(strangers)), which it does not name; download the index again"
    report(
      rule: .fileUnreadable,
      "\(missing.count) of the \(index.shards.count) shards that the index names are missing: \(listed(missing, limit: 10))",
      file: Folder.join(folder, missing[0]), expected: "\(index.shards.count) shards",
      found: "\(index.shards.count - missing.count)",
      hint: hint)
  }

  private mutating func compare(totalSize: UInt64, of index: ShardIndex) {
    let sum = tensors.values.reduce(UInt64(0)) { $0.addingReportingOverflow($1.info.byteCount).partialValue }
    guard sum != totalSize else { return }
    let fileBytes = files.reduce(UInt64(0)) { $0.addingReportingOverflow($1.fileBytes).partialValue }
    let reason = totalSize == fileBytes ? "; it is the sum of the file sizes, headers included" : ""
    report(
      severity: .warning, "the index's total_size is not the sum of the sizes of all tensors\(reason)",
      file: index.path, expected: "\(grouped(sum)) bytes", found: "\(grouped(totalSize)) bytes",
      hint: "no reader depends on it, but tools show it")
  }

  // MARK: Nothing there

  /// Says that the folder holds no safetensors weights, and what it holds instead.
  mutating func reportAbsence(foreign: [String]) {
    let pickled = foreign.filter { name in [".bin", ".pt", ".pth", ".ckpt"].contains { name.hasSuffix($0) } }
    if !pickled.isEmpty {
      findings.append(
        Finding(
          .pickleWeights, "the folder holds weights only as pickle, which is never executed here: \(listed(pickled))",
          file: folder, expected: "safetensors files", found: listed(pickled),
          hint: "convert the model to safetensors, or download it in that format"))
    } else if !foreign.isEmpty {
      findings.append(
        Finding(
          .fileNotSafetensors, "the folder holds weights only in other formats: \(listed(foreign))", file: folder,
          expected: "safetensors files", found: listed(foreign), hint: "download the model as safetensors"))
    } else {
      findings.append(
        Finding(
          .fileUnreadable, "the folder holds no safetensors weights", file: folder,
          hint: "name the folder that holds model.safetensors or model.safetensors.index.json"))
    }
  }
}

/// What the threads that open shards hand back.
private final class Opened: Sendable {
  private let slots: Mutex<[Examined?]>

  init(count: Int) { slots = Mutex(Array(repeating: nil, count: count)) }

  func set(_ examined: Examined, at position: Int) { slots.withLock { $0[position] = examined } }

  var all: [Examined] { slots.withLock { $0.compactMap { $0 } } }
}
