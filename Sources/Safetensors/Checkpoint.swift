public import Diagnostics
import LoRAIO
import TensorCore

/// The weights of a model: one file, or shards with or without an index, as one table of tensors.
///
/// Every shard keeps one open descriptor until the last copy of the checkpoint is gone; models have at most a few
/// hundred shards, and processes may as a rule hold 1,024 descriptors.
public struct Checkpoint: Sendable {
  /// A tensor and the shard that holds it.
  public struct Entry: Sendable {
    /// Position of the shard in `files`.
    public var file: Int
    /// What its header says.
    public var info: TensorInfo

    /// A tensor of the shard at `file`.
    public init(file: Int, info: TensorInfo) {
      self.file = file
      self.info = info
    }
  }

  /// The folder that the shards lie in.
  public var folder: String
  /// The shards, sorted by name.
  public var files: [SafetensorsFile]
  /// The shard index, when there is one.
  public var index: ShardIndex?
  /// Every tensor by name.
  ///
  /// Where two shards hold one name, the shard that the index names counts, else the last.
  public var tensors: [String: Entry]

  /// Path of the `*.index.json`, when there is one.
  public var indexPath: String? { index?.path }

  /// Sum of the sizes of all tensors, in bytes.
  public var tensorBytes: UInt64 {
    tensors.values.reduce(0) { $0.addingReportingOverflow($1.info.byteCount).partialValue }
  }

  /// Sum of the elements of all tensors.
  public var parameters: UInt64 {
    tensors.values.reduce(0) { sum, entry in
      let (total, overflow) = sum.addingReportingOverflow(entry.info.elementCount)
      return overflow ? .max : total
    }
  }
}

extension Checkpoint {
  /// What examining the weights of a model gave.
  public struct Examined: Sendable {
    /// The tensors of all shards whose header could be parsed; nil when there is no such shard.
    public let checkpoint: Checkpoint?
    /// Everything wrong or unusual, the shards' own problems included.
    public let findings: [Finding]
    /// Whether a folder was named that holds no safetensors weights at all, which is no error for a config alone.
    public let isAbsent: Bool

    /// Whether all shards are there and sound, and agree with the index about every name.
    public var isSound: Bool { checkpoint != nil && !findings.contains { $0.severity == .error } }

    /// The findings as an error, for callers that cannot go on.
    public var error: SafetensorsError { SafetensorsError(findings: findings) }
  }

  /// Opens weights that must be sound: a folder, an `*.index.json` or a single safetensors file.
  ///
  /// - Throws: `SafetensorsError` with all problems.
  public static func open(_ path: String) throws(SafetensorsError) -> Checkpoint {
    let examined = examine(path)
    guard examined.isSound, let checkpoint = examined.checkpoint else {
      throw examined.error
    }
    return checkpoint
  }

  /// Opens a folder, an `*.index.json` or a single safetensors file and reports everything about it.
  ///
  /// Never throws, reads headers only, and follows symbolic links as the Hugging Face cache makes them. Shards are
  /// opened in parallel, since on network file systems each costs a round trip.
  public static func examine(_ path: String) -> Examined {
    switch FileKind(path: path) {
    case .folder: examineFolder(path)
    case .regular where path.hasSuffix(".json"): examineIndex(path)
    default: examineFile(path)
    }
  }

  private static func examineFile(_ path: String) -> Examined {
    var table = CheckpointTable(folder: Folder.parent(path))
    table.open([Folder.lastComponent(path)])
    if let shard = ShardName(Folder.lastComponent(path)), shard.count > 1 {
      table.report(
        severity: .warning, "the file is one of \(shard.count) shards; the tensors of the others are not seen",
        file: path, hint: "name the folder or the *.index.json instead")
    }
    return table.examined
  }

  private static func examineIndex(_ path: String) -> Examined {
    let read = ShardIndex.examine(path)
    var table = CheckpointTable(folder: Folder.parent(path), findings: read.findings)
    guard let index = read.index else { return table.examined }
    table.open(index)
    return table.examined
  }

  private static func examineFolder(_ path: String) -> Examined {
    let names: [String]
    do throws(IOError) {
      names = try Folder.names(in: path)
    } catch {
      return Examined(checkpoint: nil, findings: [.unreadable(error, file: path)], isAbsent: false)
    }
    let layout = CheckpointLayout(folder: path, names: names)
    var table = CheckpointTable(folder: path, findings: layout.findings)
    switch layout.weights {
    case .index(let name): return examineIndex(Folder.join(path, name))
    case .file(let name): table.open([name])
    case .shards(let names, let missing):
      if let missing {
        table.report(
          rule: .fileUnreadable,
          "\(missing.count) of the shards that their numbering asks for are missing: \(listed(missing.names))",
          file: path, expected: "\(UInt64(names.count) + missing.count) shards", found: "\(names.count)",
          hint: "finish the download")
      }
      table.open(names)
    case nil:
      if layout.findings.isEmpty {
        table.reportAbsence(foreign: layout.foreign)
        return Examined(checkpoint: nil, findings: table.findings, isAbsent: true)
      }
    }
    return table.examined
  }
}
