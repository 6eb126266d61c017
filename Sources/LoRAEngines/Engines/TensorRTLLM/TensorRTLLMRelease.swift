/// What differs between versions of TensorRT-LLM's adapter loader.
struct TensorRTLLMRelease: Sendable {
  /// The release that has this loader.
  let version: String
  /// The files that were read.
  let source: String
  /// Names of modules that it maps to its own, as they end in adapters.
  let modules: Set<String>
  /// Whether a module that is not mapped is passed over with a line in the log; before, it was an assertion.
  let skipsUnmapped: Bool
  /// What its model classes do with what was loaded, by `model_type`, where that was read.
  let classes: [String: TensorRTLLMClass]

  /// The loader of `tensorrt_llm/lora_manager.py`.
  static let manager = TensorRTLLMRelease(
    version: "1.0", source: "NVIDIA/TensorRT-LLM 30e6fb55: tensorrt_llm/lora_manager.py", modules: mapped,
    skipsUnmapped: false, classes: TensorRTLLMClass.built)

  /// The loader of `tensorrt_llm/_torch/peft/lora`.
  static let torch = TensorRTLLMRelease(
    version: "1.4",
    source: "NVIDIA/TensorRT-LLM 894826e7, 04b4c030: tensorrt_llm/_torch/peft/lora/loaders.py, manager.py, config.py",
    modules: mapped.union([
      "qkv_proj", "shared_expert.gate_proj", "shared_expert.down_proj", "shared_expert.up_proj", "in_proj", "out_proj",
      "fc1_latent_proj", "fc2_latent_proj",
    ]), skipsUnmapped: true, classes: TensorRTLLMClass.torch)

  private static let mapped: Set<String> = [
    "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "down_proj", "up_proj", "gate_up_proj", "w1", "w2", "w3",
    "gate",
  ]

  /// Mapped names that only single experts have.
  static let expertModules: Set<String> = ["w1", "w2", "w3"]
}
