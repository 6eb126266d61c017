extension Engine {
  /// TensorRT-LLM: `tensorrt_llm/lora_manager.py`, `cpp/tensorrt_llm/runtime/loraUtils.cpp`, `loraCache.cpp`.
  static let tensorRTLLM = Engine(
    name: "tensorrt-llm", title: "TensorRT-LLM", defaultRankLimit: 64,
    refuses: [
      .wholeTensors(except: ["lm_head", "embed_tokens"]), .loraBias, .trainedBias, .otherNaming, .otherFileName,
      .adapterNames, .foreignModules, .halfPairs, .indivisibleSizes, .expertStacks,
    ],
    ignores: [.modules(named: ["lm_head", "embed_tokens"]), .savedModules(), .filteredModules, .wrongPaths])
}
