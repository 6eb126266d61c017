package import JSON
import LoRAIO
import LoRAModel
import Safetensors
import Synchronization
import TensorCore

/// What a plan was made of, as digests: two plans with equal identities write the same bytes.
///
/// No path is part of it, so that machines that keep the base in different places can share one merge.
public struct PlanIdentity: Sendable, Equatable {
  /// Digest of the base's shards: names, sizes and samples.
  public var base: String
  /// Digest of the adapters: weights, configs, and how strongly they count.
  public var adapters: String
  /// Digest of the options and of the program's version.
  public var options: String
  /// Digest of the layout of the output, and of all files beside the shards.
  public var files: String

  /// One digest of all four.
  public var fingerprint: String {
    FileIdentity.digest(of: Array("lora-tool merge 1\n\(base)\n\(adapters)\n\(options)\n\(files)\n".utf8))
  }

  /// Of plans that are not to be carried out again.
  static let none = PlanIdentity(base: "", adapters: "", options: "", files: "")

  /// What is different in `other`, in words; nil when nothing is.
  func difference(from other: PlanIdentity) -> String? {
    var parts: [String] = []
    if base != other.base { parts.append("another base") }
    if adapters != other.adapters { parts.append("another adapter or weight") }
    if options != other.options { parts.append("other options or another version of this program") }
    if parts.isEmpty, files != other.files { parts.append("other files beside the weights") }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  package var json: JSONValue {
    ["base": .string(base), "adapters": .string(adapters), "options": .string(options), "files": .string(files)]
  }

  init(base: String, adapters: String, options: String, files: String) {
    (self.base, self.adapters, self.options, self.files) = (base, adapters, options, files)
  }

  /// Reads what `json` wrote; nil when it is something else.
  package init?(_ json: JSONValue?) {
    guard let base = json?["base"]?.string, let adapters = json?["adapters"]?.string,
      let options = json?["options"]?.string, let files = json?["files"]?.string
    else { return nil }
    self.init(base: base, adapters: adapters, options: options, files: files)
  }
}

extension PlanIdentity {
  /// The identity of a plan whose inputs have been looked at.
  init(of plan: MergePlan, _ inputs: MergeInputIdentities, _ options: MergeOptions) throws(IOError) {
    base = Self.digest(inputs.base.map { "\($0.name) \($0.bytes) \($0.sample)" })
    adapters = Self.digest(
      inputs.adapters.map { "\($0.weights.bytes) \($0.weights.sample) \($0.config ?? "-") \($0.weight.bitPattern)" })
    self.options = Self.digest(
      [
        options.tool, options.dtype?.name ?? "keep", "\(options.maxShardBytes ?? 0)",
        options.expertLayout?.rawValue ?? "-", "\(options.rounding)", options.provenance.rawValue,
      ] + (options.dequantizes ? ["dequantize"] : []) + (options.requantizes ? ["requantize"] : []))
    var lines: [String] = []
    for shard in plan.shards { lines.append("\(shard.name)\n\(shard.size) \(shard.dataStart) \(shard.tensors.count)") }
    for file in plan.files {
      switch file.contents {
      case .copied(let path): lines.append("\(file.name)\n\(try FileIdentity(of: path).sample)")
      case .written(let text): lines.append("\(file.name)\n\(FileIdentity.digest(of: text.bytes))")
      }
    }
    files = Self.digest(lines)
  }

  private static func digest(_ lines: [String]) -> String {
    // Names may hold line ends; their lengths keep the lines apart.
    FileIdentity.digest(of: lines.flatMap { Array("\($0.utf8.count) \($0)\n".utf8) })
  }
}

/// What the inputs of a merge are, without their places.
struct MergeInputIdentities: Sendable {
  /// An adapter.
  struct OfAdapter: Sendable {
    var weights: FileIdentity
    /// SHA-256 of its config, when there is one.
    var config: String?
    /// The base that the config names.
    var baseModel: String?
    var weight: Double
    /// Position of the weights among the plan's sources.
    var source: Int
  }

  var base: [FileIdentity] = []
  var adapters: [OfAdapter] = []

  /// Largest config that is read.
  private static let configLimit: UInt64 = 16 << 20

  /// Looks at the files of a base, in parallel because every read may be a round trip, and of its adapters.
  init(base files: [SafetensorsFile], adapters: [WeightedAdapter]) throws(IOError) {
    let found = Mutex<[Int: FileIdentity]>([:])
    try Workers.forEach(count: files.count, workers: 16) { index throws(IOError) in
      let identity = try FileIdentity(of: files[index].path)
      found.withLock { $0[index] = identity }
    }
    base = found.withLock { $0 }.ordered { $0.key < $1.key }.map(\.value)
    for (number, weighted) in adapters.enumerated() {
      let adapter = weighted.adapter
      var config: String?
      // Some formats keep the config inside the weights.
      if let path = adapter.config?.path, path != adapter.weightsPath {
        config = FileIdentity.digest(of: try InputFile.contents(of: path, limit: Self.configLimit))
      }
      self.adapters.append(
        OfAdapter(
          weights: try FileIdentity(of: adapter.weightsPath), config: config,
          baseModel: adapter.rawConfig?["base_model_name_or_path"]?.string, weight: weighted.weight,
          source: files.count + number))
    }
  }
}
