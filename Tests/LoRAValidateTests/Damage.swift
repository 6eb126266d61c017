import Diagnostics
import Foundation
import JSON
import LoRAModel
import LoRATestSupport
import LoRAValidate
import TensorCore

/// An honest adapter on disk with a base that it fits, for damage to files, options and company.
struct Scene {
  let folder: TemporaryFolder
  /// The adapter, to be changed and written again.
  var sample: Sample
  /// Adapters that are checked along with it.
  var others: [String] = []
  var options = ValidationOptions()
  var metadata: [(key: String, value: String)] = [("format", "pt")]
  /// The base: a config, or a folder.
  private(set) var base: String

  init(_ random: inout SeededGenerator) throws {
    folder = try TemporaryFolder()
    sample = Sample.honest(&random)
    base = try folder.write("base.json", Sample.baseConfig)
    try write()
  }

  var adapter: String { folder.path("adapter") }
  var weights: String { "adapter/adapter_model.safetensors" }
  var config: String { "adapter/adapter_config.json" }

  func write() throws {
    if FileManager.default.fileExists(atPath: adapter) { try folder.remove("adapter") }
    _ = try sample.write("adapter", in: folder, metadata: metadata)
  }

  func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: folder.path(name))))
  }

  /// Changes a field of the adapter's config on disk.
  mutating func set(_ field: String, _ value: JSONValue?) throws {
    sample.config[field] = value
    try write()
  }

  /// Changes a field of the base's config.
  mutating func setBase(_ field: String, _ value: JSONValue) throws {
    var config = try JSONValue(parsing: Array(Sample.baseConfig.utf8)).object ?? JSONObject()
    config[field] = value
    base = try folder.write("base.json", JSONValue.object(config).text(pretty: true))
  }

  /// Puts weights of the right shapes in two shards in the base's place; `change` may corrupt shapes and the index.
  mutating func writeBase(
    shapes change: (inout [(name: String, shape: [UInt64])]) -> Void = { _ in },
    index edit: (inout [String: String]) -> Void = { _ in }
  ) throws {
    var tensors: [(name: String, shape: [UInt64])] = [
      ("model.embed_tokens.weight", [40, 32]), ("lm_head.weight", [40, 32]), ("model.norm.weight", [32]),
    ]
    for layer in 0..<Sample.layers {
      for (target, size) in Sample.sizes.sorted(by: { $0.key < $1.key }) {
        tensors.append(("model.layers.\(layer).\(target).weight", [size.output, size.input]))
      }
      for norm in ["input_layernorm", "post_attention_layernorm"] {
        tensors.append(("model.layers.\(layer).\(norm).weight", [32]))
      }
    }
    change(&tensors)
    if FileManager.default.fileExists(atPath: folder.path("base")) { try folder.remove("base") }
    var map: [String: String] = [:]
    for shard in 1...2 {
      let name = "model-0000\(shard)-of-00002.safetensors"
      var builder = SafetensorsBuilder()
      for (position, tensor) in tensors.enumerated() where position % 2 == shard - 1 {
        builder.add(tensor.name, .f32, tensor.shape)
        map[tensor.name] = name
      }
      try folder.write("base/\(name)", builder)
    }
    edit(&map)
    let members = map.sorted { $0.key < $1.key }.map {
      "\(JSONValue.string($0).text()): \(JSONValue.string($1).text())"
    }
    let total = tensors.reduce(0) { $0 + $1.shape.reduce(4, *) }
    let index = "{\"metadata\": {\"total_size\": \(total)}, \"weight_map\": {\(members.joined(separator: ", "))}}"
    try folder.write("base/model.safetensors.index.json", index)
    try folder.write("base/config.json", Sample.baseConfig)
    base = folder.path("base")
  }

  /// Everything that is found: about the base, the adapters, and all of them together.
  func findings() throws -> [Finding] {
    var options = options
    options.workers = 2
    let report = Validation.run([adapter] + others, base: try BaseModel.open(base), options: options)
    return (report.base?.findings ?? []) + report.adapters.flatMap(\.findings) + report.fleet.findings
  }
}
