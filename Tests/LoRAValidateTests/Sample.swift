import Diagnostics
import Foundation
import JSON
import LoRAModel
import LoRATestSupport
import LoRAValidate
import TensorCore

/// A small adapter before it is written: honest as PEFT would export it, to be corrupted by tests.
struct Sample {
  /// One tensor to be written.
  struct Tensor {
    var name: String
    var dtype = DType.f32
    var shape: [UInt64]
    /// nil for zeros.
    var values: [Float]?
    /// Raw bytes in place of values.
    var bytes: [UInt8]?
  }

  /// Sizes of the base that it fits.
  static let layers: UInt64 = 3
  static let sizes: [String: (input: UInt64, output: UInt64)] = [
    "self_attn.q_proj": (32, 32), "self_attn.k_proj": (32, 16), "self_attn.v_proj": (32, 16),
    "self_attn.o_proj": (32, 32), "mlp.gate_proj": (32, 48), "mlp.up_proj": (32, 48), "mlp.down_proj": (48, 32),
  ]

  /// `config.json` of that base.
  static let baseConfig = """
    {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 32, "intermediate_size": 48,
     "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 40,
     "tie_word_embeddings": false, "_name_or_path": "example/small-llama"}
    """

  var config: JSONObject
  var tensors: [Tensor]

  /// An adapter with a rank and targets that the seed chooses.
  static func honest(_ random: inout SeededGenerator) -> Sample {
    let rank = UInt64.random(in: 2...6, using: &random)
    let modules = sizes.keys.sorted().shuffled(using: &random)
    let targets = modules.prefix(Int.random(in: 2...modules.count, using: &random)).sorted()
    let dtype = [DType.f32, .bf16, .f16].randomElement(using: &random) ?? .f32
    var tensors: [Tensor] = []
    for layer in 0..<layers {
      for target in targets {
        guard let (input, output) = sizes[target] else { continue }
        let prefix = "base_model.model.model.layers.\(layer).\(target)"
        func values(_ count: UInt64) -> [Float] {
          (0..<count).map { _ in Float.random(in: 0.01...1, using: &random) * (Bool.random(using: &random) ? 1 : -1) }
        }
        tensors.append(
          Tensor(name: prefix + ".lora_A.weight", dtype: dtype, shape: [rank, input], values: values(rank * input)))
        tensors.append(
          Tensor(name: prefix + ".lora_B.weight", dtype: dtype, shape: [output, rank], values: values(output * rank)))
      }
    }
    let config: JSONObject = [
      "base_model_name_or_path": "example/small-llama", "bias": "none", "fan_in_fan_out": false,
      "inference_mode": true, "init_lora_weights": true, "lora_alpha": JSONValue(2 * rank), "lora_dropout": 0.0,
      "modules_to_save": .null, "peft_type": "LORA", "r": JSONValue(rank),
      "target_modules": .array(targets.map { .string(String($0.split(separator: ".")[1])) }), "task_type": "CAUSAL_LM",
    ]
    return Sample(config: config, tensors: tensors)
  }

  /// The same for every call.
  static var plain: Sample {
    var random = SeededGenerator(seed: 7)
    return honest(&random)
  }

  /// The rank that it was made with.
  var rank: UInt64 { config["r"]?.int64.flatMap { UInt64(exactly: $0) } ?? 0 }

  /// Names of its modules, each once.
  var modules: [String] {
    tensors.map(\.name).filter { $0.hasSuffix(".lora_A.weight") }
      .map { String($0.dropFirst("base_model.model.".count).dropLast(".lora_A.weight".count)) }
  }

  /// Position of a tensor.
  func index(_ name: String) -> Int? { tensors.firstIndex { $0.name == name } }

  /// Another module of the same sizes, with or without the file's values.
  mutating func resize(_ position: Int, to shape: [UInt64]) {
    tensors[position].shape = shape
    tensors[position].values = (0..<shape.reduce(1, *)).map { 0.5 + Float($0 % 7) }
  }

  /// Writes it as an adapter folder below `folder` and returns the path.
  func write(_ name: String, in folder: TemporaryFolder, metadata: [(key: String, value: String)] = [("format", "pt")])
    throws -> String
  {
    try folder.write("\(name)/adapter_config.json", JSONValue.object(config).text(pretty: true))
    var builder = SafetensorsBuilder(metadata: metadata)
    for tensor in tensors {
      let data = tensor.bytes ?? tensor.values.map { SafetensorsBuilder.bytes(of: $0, as: tensor.dtype) }
      builder.add(tensor.name, tensor.dtype, tensor.shape, data: data)
    }
    try folder.write("\(name)/adapter_model.safetensors", builder)
    return folder.path(name)
  }
}

/// A base and a place for adapters, for one test.
final class Bench {
  let folder: TemporaryFolder
  let base: BaseModel

  init(baseConfig: String = Sample.baseConfig) throws {
    folder = try TemporaryFolder()
    base = try BaseModel.open(try folder.write("base.json", baseConfig))
  }

  /// Everything that is found about one adapter and, when there are several, about them together.
  func findings(
    _ sample: Sample, withBase: Bool = true, options: ValidationOptions = ValidationOptions(),
    metadata: [(key: String, value: String)] = [("format", "pt")]
  ) throws -> [Finding] {
    if FileManager.default.fileExists(atPath: folder.path("adapter")) { try folder.remove("adapter") }
    let path = try sample.write("adapter", in: folder, metadata: metadata)
    return report([path], withBase: withBase, options: options).adapters.flatMap(\.findings)
  }

  /// The report over some paths.
  func report(_ paths: [String], withBase: Bool = true, options: ValidationOptions = ValidationOptions())
    -> ValidationReport
  {
    var options = options
    options.workers = 2
    return Validation.run(paths, base: withBase ? base : nil, options: options)
  }
}
