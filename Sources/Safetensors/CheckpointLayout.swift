import Diagnostics
import JSON
import LoRAIO
import TensorCore

/// Which of the files in a folder make up a model's weights.
///
/// Without an index file nothing in the format says it, so this follows what libraries write and read: a file
/// `model.safetensors` first (as transformers does even beside an index), then an index, then numbered shards, then a
/// lone file under any other name. Adapters, optimizer states and copies in another layout are not weights of a model.
struct CheckpointLayout {
  /// The weights of a folder, as base names.
  enum Weights: Equatable {
    case file(String)
    case index(String)
    /// Numbered shards that no index connects, and the names of those that are not there.
    case shards([String], missing: MissingShards?)
  }

  /// Shards that their own numbering says must exist.
  struct MissingShards: Equatable {
    /// Names of the first ones.
    var names: [String]
    /// How many there are.
    var count: UInt64
  }

  /// The choice, or nil when there is none; `findings` then says why unless the folder simply holds no weights.
  private(set) var weights: Weights?
  /// What is odd about the choice.
  private(set) var findings: [Finding] = []
  /// Files of weights that cannot be used: pickle or another format.
  private(set) var foreign: [String] = []

  private let folder: String

  /// Chooses among the names in a folder.
  init(folder: String, names: [String]) {
    self.folder = folder
    let visible = names.filter { !$0.hasPrefix(".") }
    let files = visible.filter { $0.hasSuffix(".safetensors") && !Self.isSideFile($0) }
    let indexes = visible.filter { Self.isIndex($0) && !Self.isSideFile($0) }
    foreign = visible.filter { name in
      !Self.isSideFile(name) && Self.foreignSuffixes.contains { name.hasSuffix($0) }
    }
    weights = choose(files: files, indexes: indexes)
    if weights == nil, findings.isEmpty, visible.contains("model_index.json") {
      report(
        "the folder is a pipeline of several models", found: "model_index.json",
        hint: "name the folder of one model in it, such as transformer or unet")
    }
  }

  private static let foreignSuffixes = [".bin", ".pt", ".pth", ".ckpt", ".gguf", ".h5", ".msgpack", ".npz"]

  /// The usual names in the order in which a loader looks for them.
  private static let usual = ["model.safetensors", "diffusion_pytorch_model.safetensors"]

  private mutating func choose(files: [String], indexes: [String]) -> Weights? {
    for name in Self.usual where files.contains(name) {
      if let index = indexes.first(where: { Self.stem(ofIndex: $0) == Self.stem(ofFile: name) }) {
        report(
          severity: .warning,
          "the folder holds both \(name) and \(escaped(index)); the first is used, as transformers does",
          found: escaped(index), hint: "remove the one that is stale")
      }
      return .file(name)
    }
    if let index = one(of: indexes, "shard indexes", preferring: Self.usual.map { $0 + ".index.json" }) {
      return .index(index)
    }
    guard findings.isEmpty else { return nil }
    // The layout of Mistral's own programs repeats the weights under other tensor names.
    let ordinary = files.filter { !$0.hasPrefix("consolidated") }
    return chooseWithoutIndex(ordinary.isEmpty ? files : ordinary)
  }

  private mutating func chooseWithoutIndex(_ files: [String]) -> Weights? {
    let numbered = Dictionary(grouping: files.compactMap { ShardName($0) }) {
      ShardName.Set(stem: $0.stem, count: $0.count)
    }
    let loose = files.filter { ShardName($0) == nil }
    if numbered.isEmpty { return one(of: loose, "safetensors files").map { .file($0) } }
    guard numbered.count == 1, let (set, shards) = numbered.first else {
      let sets = numbered.keys.map { $0.description }.sorted()
      report(
        "the folder holds the shards of several checkpoints and no index that chooses one", found: listed(sets),
        hint: "remove the stale shards, or download the index")
      return nil
    }
    report(
      severity: .warning, "the shards have no index; transformers cannot load them then", found: set.description,
      hint: "download the *.index.json that belongs to them")
    return .shards(shards.map(\.name), missing: set.missing(from: shards))
  }

  /// The only candidate, or the preferred one of several; reports when there is no telling.
  private mutating func one(of names: [String], _ plural: String, preferring order: [String] = []) -> String? {
    if names.count <= 1 { return names.first }
    if let preferred = order.first(where: { names.contains($0) }) { return preferred }
    report(
      "the folder holds several \(plural) and nothing says which one is the model", found: listed(names),
      hint: "name the file itself instead of the folder")
    return nil
  }

  private mutating func report(
    severity: Severity? = nil, _ message: String, found: String? = nil, hint: String? = nil
  ) {
    findings.append(Finding(.shardMismatch, severity: severity, message, file: folder, found: found, hint: hint))
  }

  // MARK: Names

  /// Whether a file that ends in `.safetensors` or is an index holds something else than a model.
  private static func isSideFile(_ name: String) -> Bool {
    let starts = [
      "adapter_model.", "adapters.", "pytorch_lora_weights.", "optimizer", "scheduler", "rng_state", "random_states",
      "training_args",
    ]
    return starts.contains { name.hasPrefix($0) } || name.hasSuffix("_adapters.safetensors")
  }

  /// `model.safetensors.index.json`, with a variant as in `model.safetensors.index.fp16.json`.
  private static func isIndex(_ name: String) -> Bool {
    name.hasSuffix(".json") && name.contains(".safetensors.index.")
  }

  private static func stem(ofFile name: String) -> Substring { name.dropLast(".safetensors".count) }

  private static func stem(ofIndex name: String) -> Substring {
    name.prefix { $0 != "." }
  }
}

/// The name of a numbered shard, `<stem>-<number>-of-<count>.safetensors`.
struct ShardName: Equatable {
  /// The shards that belong together.
  struct Set: Hashable, CustomStringConvertible {
    var stem: String
    var count: UInt64

    var description: String { "\(escaped(stem, limit: 120)), \(count) shards" }
  }

  /// The whole name.
  let name: String
  /// What is in front of the number.
  let stem: String
  /// The number, as a rule from 1.
  let number: UInt64
  /// How many shards there are.
  let count: UInt64
  private let digits: (number: Int, count: Int)

  /// Takes a name apart, or returns nil when it is not the name of a shard.
  init?(_ name: String) {
    guard name.hasSuffix(".safetensors") else { return nil }
    let parts = name.dropLast(".safetensors".count).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[parts.count - 2] == "of" else { return nil }
    let (numberText, countText) = (parts[parts.count - 3], parts[parts.count - 1])
    guard let number = Self.number(numberText), let count = Self.number(countText), count > 0 else { return nil }
    self.name = name
    self.number = number
    self.count = count
    stem = parts.dropLast(3).joined(separator: "-")
    digits = (numberText.utf8.count, countText.utf8.count)
  }

  private static func number(_ text: Substring) -> UInt64? {
    let isPlain = (1...9).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    return isPlain ? UInt64(text) : nil
  }

  /// The name of another shard of the same set.
  func sibling(_ number: UInt64) -> String {
    let text = String(number)
    let padding = String(repeating: "0", count: max(0, digits.number - text.utf8.count))
    let total = name.dropLast(".safetensors".count).suffix(digits.count)
    return "\(stem)-\(padding)\(text)-of-\(total).safetensors"
  }

  static func == (left: ShardName, right: ShardName) -> Bool { left.name == right.name }
}

extension ShardName.Set {
  /// The shards that are not among `present`; the numbering starts at 0 when there is a shard 0, else at 1.
  func missing(from present: [ShardName]) -> CheckpointLayout.MissingShards? {
    guard let model = present.first else { return nil }
    let numbers = Swift.Set(present.map(\.number))
    let start: UInt64 = numbers.contains(0) ? 0 : 1
    let range = start..<start + count
    let missing = count - UInt64(numbers.count(where: { range.contains($0) }))
    guard missing > 0 else { return nil }
    // The count is a stranger's number of up to nine digits; only as many are looked at as are named.
    let names = range.lazy.filter { !numbers.contains($0) }.prefix(10).map { model.sibling($0) }
    return CheckpointLayout.MissingShards(names: Array(names), count: missing)
  }
}
