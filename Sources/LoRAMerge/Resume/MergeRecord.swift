import JSON
import LoRAIO
import LoRAModel
import Safetensors
import TensorCore

/// What a merged model says about its origin: a line in the metadata of every changed shard, and the whole story in
/// `lora-merge.json`.
///
/// Neither holds times or paths, so the same inputs give the same bytes on every machine.
struct MergeRecord {
  /// Name of the file beside the shards.
  static let fileName = "lora-merge.json"
  /// Key in the metadata of a shard.
  static let metadataKey = "lora_merge"

  private let inputs: MergeInputIdentities
  private let options: MergeOptions
  private var placeholders = DigestTemplate.Placeholders()

  init(_ inputs: MergeInputIdentities, _ options: MergeOptions) {
    self.inputs = inputs
    self.options = options
  }

  // MARK: A changed shard

  /// The header of a changed shard: the base's metadata with a record of what this shard was made from.
  ///
  /// - Throws: `HeaderWriterError` when the header would be too long.
  mutating func shard(_ layout: ShardLayout, named name: String, metadata: [(key: String, value: String)])
    throws(HeaderWriterError) -> ShardPlan
  {
    let record = self.record(of: layout.steps).text()
    let kept = metadata.filter { $0.key != Self.metadataKey }
    return try layout.shard(named: name, metadata: kept + [(Self.metadataKey, record)], sealing: placeholders)
  }

  /// `tool`, `base` (the shards that the steps read), `adapters` with digests and scales, and how it was rounded.
  private mutating func record(of steps: [MergeStep]) -> JSONValue {
    var sources: Set<Int> = []
    var scales: [Int: [(module: String, scale: Double)]] = [:]
    for step in steps {
      switch step.work {
      case .write: break
      case .copy(let read), .convert(let read, _): sources.insert(read.source)
      case .merge(let update): note(update, &sources, &scales)
      case .requantize(let work), .rescale(let work): for update in work.updates { note(update, &sources, &scales) }
      }
    }
    var base: [JSONValue] = []
    for source in sources.ordered() where source < inputs.base.count { base.append(file(inputs.base[source], source)) }
    var adapters: [JSONValue] = []
    for (number, adapter) in inputs.adapters.enumerated() {
      var object = self.adapter(adapter)
      let scales = scales[number] ?? []
      if let first = scales.first, scales.allSatisfy({ $0.scale == first.scale }) {
        object["scale"] = .real(first.scale)
      } else if !scales.isEmpty {
        object["scales"] = .object(JSONObject(scales.map { ($0.module, .real($0.scale)) }))
      }
      adapters.append(.object(object))
    }
    return [
      "tool": .string(options.tool), "base": .array(base), "adapters": .array(adapters), "rounding": rounding,
    ]
  }

  private func note(
    _ update: MatrixUpdate, _ sources: inout Set<Int>, _ scales: inout [Int: [(module: String, scale: Double)]]
  ) {
    sources.insert(update.base.source)
    for delta in update.deltas { scales[delta.adapter, default: []].append((delta.module, delta.scale)) }
  }

  // MARK: The file

  /// `lora-merge.json`.
  ///
  /// - Parameters:
  ///   - previous: the record of a base that was itself merged.
  ///   - warnings: without paths.
  mutating func file(of plan: MergePlan, previous: JSONValue?, warnings: [String]) -> SideFile {
    var base: JSONObject = [:]
    base["files"] = .array(inputs.base.enumerated().map { file($0.element, $0.offset) })
    base["merged"] = previous
    let modules = self.modules(of: plan)
    var adapters: [JSONValue] = []
    for (number, adapter) in inputs.adapters.enumerated() {
      var object = self.adapter(adapter)
      object["base_model"] = adapter.baseModel.map { .string($0) }
      object["modules"] = .array(modules[number] ?? [])
      adapters.append(.object(object))
    }
    var record: JSONObject = [
      "schema": "lora-tool/merge-record/1", "tool": .string(options.tool),
      "fingerprint": .string(plan.identity.fingerprint), "options": .object(optionsJSON), "base": .object(base),
      "adapters": .array(adapters), "replaced": .array(plan.replacedTensors.map { .string($0) }),
      "added": .array(plan.addedTensors.map { .string($0) }), "untied": .bool(plan.unties),
      "warnings": .array(warnings.map { .string($0) }),
    ]
    if !options.accepted.isEmpty {
      record["accepted"] = .array(
        options.accepted.map { ["rule": .string($0.rule), "message": .string($0.message)] })
    }
    let text = Array((JSONValue.object(record).text(pretty: true) + "\n").utf8)
    return SideFile(
      name: Self.fileName, contents: .written(DigestTemplate(text, placeholders)), size: UInt64(text.count))
  }

  /// README.md, for a base without one.
  mutating func card(of plan: MergePlan) -> SideFile {
    let names = Set(inputs.adapters.map { $0.baseModel.flatMap(ModelCard.repository) })
    let rows = zip(inputs.adapters, plan.adapters).map { input, planned in
      ModelCard.Row(sha256: sha256(of: input), weight: input.weight, modules: planned.modules)
    }
    let card = ModelCard(
      base: names.count == 1 ? names.first.flatMap(\.self) : nil, adapters: rows, rounding: roundingText,
      isDequantized: options.dequantizes)
    let text = Array(card.text.utf8)
    return SideFile(
      name: ModelCard.fileName, contents: .written(DigestTemplate(text, placeholders)), size: UInt64(text.count))
  }

  /// For every adapter its modules: name, tensor, rank, scale, and type and shape of the tensor in the output.
  private func modules(of plan: MergePlan) -> [Int: [JSONValue]] {
    var modules: [Int: [JSONValue]] = [:]
    for shard in plan.shards {
      let tensors = Dictionary(shard.tensors.map { ($0.name, $0) }) { first, _ in first }
      var seen: Set<String> = []
      for update in shard.steps.lazy.flatMap(\.updates) {
        guard let tensor = tensors[update.tensor] else { continue }
        for delta in update.deltas where seen.insert("\(delta.adapter) \(delta.module) \(update.tensor)").inserted {
          modules[delta.adapter, default: []].append([
            "module": .string(delta.module), "tensor": .string(update.tensor), "rank": JSONValue(delta.rank),
            "scale": .real(delta.scale), "dtype": .string(tensor.dtype.name),
            "shape": .array(tensor.shape.dimensions.map { JSONValue($0) }),
          ])
        }
      }
    }
    return modules
  }

  // MARK: Parts

  private mutating func adapter(_ adapter: MergeInputIdentities.OfAdapter) -> JSONObject {
    var object: JSONObject = ["file": .string(adapter.weights.name), "bytes": JSONValue(adapter.weights.bytes)]
    object["sha256"] = .string(sha256(of: adapter))
    object["config_sha256"] = adapter.config.map { .string($0) }
    object["weight"] = .real(adapter.weight)
    return object
  }

  private mutating func sha256(of adapter: MergeInputIdentities.OfAdapter) -> String {
    adapter.weights.cached ?? placeholders.text(of: adapter.source)
  }

  private mutating func file(_ identity: FileIdentity, _ source: Int) -> JSONValue {
    var object = identity.json
    let isWanted = options.digestedBaseFiles?.contains(identity.name) ?? (identity.cached != nil)
    if options.provenance == .full {
      object["sha256"] = .string(placeholders.text(of: source))
    } else {
      object["sha256"] = isWanted ? .string(identity.cached ?? placeholders.text(of: source)) : nil
    }
    return .object(object)
  }

  private var rounding: JSONValue {
    switch options.rounding {
    case .nearest: "nearest"
    case .stochastic(let seed): .string("stochastic, seed \(seed)")
    }
  }

  private var roundingText: String {
    switch options.rounding {
    case .nearest: "to nearest"
    case .stochastic(let seed): "up or down by chance (seed \(seed))"
    }
  }

  private var optionsJSON: JSONObject {
    var object: JSONObject = [
      "dtype": .string(options.dtype?.name.lowercased() ?? "keep"), "rounding": rounding,
      "provenance": .string(options.provenance.rawValue),
    ]
    object["max_shard_bytes"] = options.maxShardBytes.map { JSONValue($0) }
    if options.dequantizes { object["dequantize"] = true }
    if options.requantizes { object["requantize"] = true }
    object["expert_layout"] = options.expertLayout.map { .string($0.rawValue) }
    return object
  }
}
