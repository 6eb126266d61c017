import Foundation
import JSON
import LoRAMerge
import LoRAModel
import LoRATestSupport
import TensorCore

/// A base and an adapter made by hand in a folder of their own, with numbers that are not round.
struct TinyModel {
  let folder: TemporaryFolder
  let base: String
  let adapter: String

  /// Makes the folders `base` (with a config of no known architecture, or none) and `adapter`; `model` and `config` are
  /// members of the two configs.
  init(
    _ weights: SafetensorsBuilder, adapter factors: SafetensorsBuilder, rank: Int = 2, alpha: Double = 3,
    config: JSONObject = [:], modelType: String? = "something_unknown", model members: JSONObject = [:]
  ) throws {
    folder = try TemporaryFolder()
    base = try folder.folder("base")
    adapter = try folder.folder("adapter")
    try folder.write("base/model.safetensors", weights)
    if let modelType {
      var model: JSONObject = ["model_type": .string(modelType), "hidden_size": 4, "dtype": "float32"]
      for member in members.members { model[member.key] = member.value }
      try folder.write("base/config.json", JSONValue.object(model).text(pretty: true))
    }
    try folder.write("base/tokenizer.json", "{\"some\": \"tokenizer\"}\n")
    try folder.write("adapter/adapter_model.safetensors", factors)
    var adapter: JSONObject = [
      "peft_type": "LORA", "r": JSONValue(rank), "lora_alpha": .real(alpha), "target_modules": ["x"],
    ]
    for member in config.members { adapter[member.key] = member.value }
    try folder.write("adapter/adapter_config.json", JSONValue.object(adapter).text(pretty: true))
  }

  var output: String { folder.path("out") }

  func plan(_ options: MergeOptions = MergeOptions(), weight: Double = 1) throws -> MergePlan {
    try MergePlan.make(
      base: try BaseModel.open(base), adapters: [WeightedAdapter(Adapter.load(adapter), weight: weight)],
      options: options)
  }

  /// The reasons why planning is refused, joined; empty when it is not.
  func refusals(_ options: MergeOptions = MergeOptions()) throws -> String {
    do {
      _ = try plan(options)
      return ""
    } catch MergeError.refused(let refusals) {
      return refusals.map(\.description).joined(separator: "\n")
    }
  }

  /// What lies beside base and adapter, hidden names too.
  func leftovers() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0 != "base" && $0 != "adapter" }
  }

  /// `count` numbers that look random and are the same every time.
  static func numbers(_ count: Int, _ seed: Int = 1, scale: Float = 1) -> [Float] {
    (0..<count).map { index in
      let mixed = UInt32(truncatingIfNeeded: (index + 1) &* 2_654_435_761 &+ seed &* 40_503)
      return (Float(mixed ^ mixed >> 15 & 0xFFFF) / Float(UInt32.max) - 0.5) * scale
    }
  }

  /// Factors of one linear module.
  static func factors(_ module: String, in inputs: Int, out outputs: Int, rank: Int = 2, dtype: DType = .f32)
    -> SafetensorsBuilder
  {
    var builder = SafetensorsBuilder()
    builder.addFactors(module, in: inputs, out: outputs, rank: rank, dtype: dtype)
    return builder
  }
}

extension SafetensorsBuilder {
  /// Adds A and B of a module under PEFT's names.
  mutating func addFactors(
    _ module: String, in inputs: Int, out outputs: Int, rank: Int = 2, dtype: DType = .f32, scale: Float = 1
  ) {
    add(
      "base_model.model.\(module).lora_A.weight", dtype, [UInt64(rank), UInt64(inputs)],
      values: TinyModel.numbers(rank * inputs, 3, scale: scale))
    add(
      "base_model.model.\(module).lora_B.weight", dtype, [UInt64(outputs), UInt64(rank)],
      values: TinyModel.numbers(rank * outputs, 7))
  }
}
