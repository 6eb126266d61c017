public import Diagnostics
public import JSON
import LoRAIO

/// The `*.index.json` of a sharded checkpoint: which shard holds which tensor.
///
/// The format is that of huggingface_hub (`serialization/_base.py`): `{"metadata": {"total_size": bytes},
/// "weight_map": {tensor: file name}}`. Shard names are untrusted text that other programs join to a folder, so only
/// plain base names are taken.
public struct ShardIndex: Sendable {
  /// Most bytes that are read: as many as one header may have.
  public static let sizeLimit: UInt64 = HeaderParser.lengthLimit

  /// The path that it was read from.
  public let path: String
  /// Base names of the shards, sorted by bytes, each once.
  public let shards: [String]
  /// The tensors in the order of the file, and the position of each one's shard in `shards`.
  public let entries: [(tensor: String, shard: Int)]
  /// `metadata` as written; empty when it is absent.
  public let metadata: JSONObject
  /// `metadata.total_size`: sum of the bytes of all tensors; nil when absent or no whole number.
  public let totalSize: UInt64?
  private let positions: [String: Int]
  /// Tensors whose shard was refused: the index does list them, but it must not be followed there.
  private let refused: Set<String>

  /// Name of the shard that a tensor is mapped to, or nil.
  public func shard(of tensor: String) -> String? { positions[tensor].map { shards[entries[$0].shard] } }

  /// Whether the index lists the tensor, if only for a shard that was refused.
  public func contains(_ tensor: String) -> Bool { positions[tensor] != nil || refused.contains(tensor) }
}

extension ShardIndex {
  /// What reading an index gave.
  public struct Examined: Sendable {
    /// The index; nil when it is not JSON or has no usable map.
    public let index: ShardIndex?
    /// Everything wrong with it.
    public let findings: [Finding]
  }

  /// Reads an index and reports everything about it; never throws and never looks at a shard.
  public static func examine(_ path: String) -> Examined {
    do throws(IOError) {
      let text = try InputFile.contents(of: path, limit: sizeLimit)
      var parser = ShardIndexParser(file: path)
      return Examined(index: parser.parse(text.span), findings: parser.findings)
    } catch {
      return Examined(index: nil, findings: [.unreadable(error, file: path)])
    }
  }

  /// What keeps a shard name from being the base name of a safetensors file, or nil when nothing does.
  static func fault(inName name: String) -> (rule: RuleID, reason: String)? {
    if name.isEmpty { return (.securityPath, "it is empty") }
    if name.utf8.contains(0) { return (.securityPath, "it holds a NUL byte") }
    if name.hasPrefix("/") { return (.securityPath, "it is an absolute path") }
    if name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }) {
      return (.securityPath, "it holds a path separator")
    }
    if name == "." || name == ".." { return (.securityPath, "it names a folder") }
    if name.hasSuffix(".safetensors") { return nil }
    for suffix in [".bin", ".pt", ".pth", ".ckpt"] where name.hasSuffix(suffix) {
      return (.pickleWeights, "it is a pickle file, which is never executed here")
    }
    return (.securityPath, "it does not end in .safetensors")
  }

  init(
    path: String, map: [(tensor: String, shard: String)], refused: Set<String>, metadata: JSONObject, totalSize: UInt64?
  ) {
    self.refused = refused
    self.path = path
    self.metadata = metadata
    self.totalSize = totalSize
    let shards = Set(map.map(\.shard)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let numbers = Dictionary(uniqueKeysWithValues: shards.enumerated().map { ($1, $0) })
    self.shards = shards
    entries = map.map { ($0.tensor, numbers[$0.shard] ?? 0) }
    positions = Dictionary(map.enumerated().map { ($1.tensor, $0) }, uniquingKeysWith: { first, _ in first })
  }
}

/// Reads the JSON of an index, keeping every problem instead of stopping at the first.
private struct ShardIndexParser {
  let file: String
  private(set) var findings: [Finding] = []
  private var map: [(tensor: String, shard: String)] = []
  private var lost: Set<String> = []
  private var metadata: JSONObject?
  private var totalSize: UInt64?
  /// Verdicts on the shard names met so far; an index has many tensors but few shards.
  private var accepted: [String: Bool] = [:]

  init(file: String) { self.file = file }

  mutating func parse(_ text: Span<UInt8>) -> ShardIndex? {
    do throws(JSONError) {
      // Python writes and reads indexes, so its extensions of JSON are taken.
      var reader = JSONReader(text, dialect: .python)
      guard try reader.peek() == .object else { throw reader.failure("the index is not a JSON object") }
      try reader.beginObject()
      var seen: Set<String> = []
      while let key = try reader.nextKey() {
        guard seen.insert(key).inserted else { throw reader.failure("the key \"\(escaped(key))\" appears twice") }
        switch key {
        case "weight_map": try readMap(&reader)
        case "metadata": try readMetadata(&reader)
        default: try reader.skipValue()
        }
      }
      try reader.finish()
      guard seen.contains("weight_map") else { throw JSONError(offset: 0, reason: "there is no \"weight_map\"") }
    } catch {
      findings.append(
        Finding(
          .indexInvalid, "the shard index cannot be used: \(error.reason)", file: file,
          hint: "download or write the index again", byteOffset: UInt64(error.offset)))
      return nil
    }
    if metadata == nil {
      findings.append(
        Finding(
          .indexInvalid, severity: .warning, "the shard index has no \"metadata\"; transformers cannot load it then",
          file: file, expected: "metadata with total_size", found: "no metadata"))
    }
    return ShardIndex(path: file, map: map, refused: lost, metadata: metadata ?? JSONObject(), totalSize: totalSize)
  }

  private mutating func readMap(_ reader: inout JSONReader) throws(JSONError) {
    guard try reader.peek() == .object else { throw reader.failure("\"weight_map\" is not an object") }
    try reader.beginObject()
    var names: Set<String> = []
    var duplicates = Repeated("keys that appear twice")
    var wrong = Repeated("tensors whose shard is not a file name")
    var refused = Repeated("shard names that are refused")
    while let tensor = try reader.nextKey() {
      let at = UInt64(reader.offset)
      if !names.insert(tensor).inserted {
        try reader.skipValue()
        duplicates.add(
          Finding(
            .indexInvalid,
            "the index maps the tensor \"\(escaped(tensor))\" twice; readers disagree about which counts",
            file: file, tensor: tensor, byteOffset: at))
        continue
      }
      guard try reader.peek() == .string else {
        let found = try reader.describeValue()
        wrong.add(
          Finding(
            .indexInvalid, "the index maps the tensor \"\(escaped(tensor))\" to something that is not a file name",
            file: file, tensor: tensor, expected: "a string", found: found, byteOffset: at))
        continue
      }
      let shard = try reader.string()
      if accept(shard, at: at, &refused) { map.append((tensor, shard)) } else { lost.insert(tensor) }
    }
    findings += duplicates.findings + wrong.findings + refused.findings
  }

  private mutating func accept(_ shard: String, at: UInt64, _ refused: inout Repeated) -> Bool {
    if let verdict = accepted[shard] { return verdict }
    let fault = ShardIndex.fault(inName: shard)
    accepted[shard] = fault == nil
    if let fault {
      refused.add(
        Finding(
          fault.rule, "the index names the shard \"\(escaped(shard, limit: 80))\", which is refused: \(fault.reason)",
          file: file, expected: "the base name of a .safetensors file beside the index",
          found: escaped(shard, limit: 80), byteOffset: at))
    }
    return fault == nil
  }

  private mutating func readMetadata(_ reader: inout JSONReader) throws(JSONError) {
    guard try reader.peek() == .object else {
      let at = UInt64(reader.offset)
      let found = try reader.describeValue()
      findings.append(
        Finding(
          .indexInvalid, severity: .warning, "the index's \"metadata\" is not an object", file: file,
          expected: "an object with total_size", found: found, byteOffset: at))
      metadata = JSONObject()
      return
    }
    let object = try reader.value().object ?? JSONObject()
    metadata = object
    switch object["total_size"] {
    case .integer(let bytes): totalSize = UInt64(exactly: bytes)
    case .real(let bytes): totalSize = UInt64(exactly: bytes)
    default: break
    }
    if let written = object["total_size"], totalSize == nil {
      findings.append(
        Finding(
          .indexInvalid, severity: .warning, "the index's total_size is not a number of bytes", file: file,
          expected: "a whole number", found: escaped(written.text(), limit: 60)))
    }
  }
}
