/// What differs between versions of TensorRT-LLM's adapter loader.
struct TensorRTLLMRelease: Sendable {
  /// The release that has this loader.
  let version: String
  /// The files that were read.
  let source: String
  /// Its map, for classes that have none of their own.
  let map: TensorRTLLMMap
  /// Whether adapters are read in CUDA graphs with one rank for an adapter's every module.
  let hasOneRank: Bool
  /// Whether lora_B is multiplied by the scale in the type that it is stored in.
  let scalesBeforeCast: Bool
  /// What its model classes do with what was loaded, by `model_type`, where that was read.
  let classes: [String: TensorRTLLMClass]

  /// `max_lora_rank` when the server is started without it.
  static let defaultRankLimit: UInt64 = 64

  /// The loader of `tensorrt_llm/lora_manager.py`.
  static let manager = TensorRTLLMRelease(
    version: "1.0", source: "NVIDIA/TensorRT-LLM 30e6fb55: tensorrt_llm/lora_manager.py",
    map: TensorRTLLMMap(names: mapped, skipsUnmapped: false), hasOneRank: false, scalesBeforeCast: true,
    classes: TensorRTLLMClass.built)

  /// The loader of `tensorrt_llm/_torch/peft/lora`.
  static let torch = TensorRTLLMRelease(
    version: "1.4",
    source: "NVIDIA/TensorRT-LLM 894826e7, 04b4c030: tensorrt_llm/_torch/peft/lora/loaders.py, manager.py, config.py",
    map: TensorRTLLMMap(
      names: mapped.union([
        "qkv_proj", "shared_expert.gate_proj", "shared_expert.down_proj", "shared_expert.up_proj", "in_proj",
        "out_proj", "fc1_latent_proj", "fc2_latent_proj",
      ]), skipsUnmapped: true), hasOneRank: true, scalesBeforeCast: false,
    classes: TensorRTLLMClass.torch)

  private static let mapped: Set<String> = [
    "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "down_proj", "up_proj", "gate_up_proj", "w1", "w2", "w3",
    "gate",
  ]

  /// The map for adapters of a class.
  func map(for model: TensorRTLLMClass?) -> TensorRTLLMMap {
    model?.names.map { TensorRTLLMMap(names: $0, skipsUnmapped: map.skipsUnmapped) } ?? map
  }
}

/// The names of modules that a loader puts somewhere, as they end in adapters.
struct TensorRTLLMMap: Sendable {
  let names: Set<String>
  /// Whether a module that is not mapped is passed over with a line in the log; before, it was an assertion.
  let skipsUnmapped: Bool

  /// Whether only single experts have the name.
  static func isOfExperts(_ name: String) -> Bool {
    ["w1", "w2", "w3"].contains(name) || name.hasPrefix("mlp.experts.")
  }
}
