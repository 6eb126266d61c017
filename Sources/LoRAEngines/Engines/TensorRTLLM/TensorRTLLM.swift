extension Engine {
  /// TensorRT-LLM: `tensorrt_llm/lora_manager.py`, `cpp/tensorrt_llm/runtime/loraUtils.cpp`, `loraCache.cpp`.
  static let tensorRTLLM = Engine(
    name: "tensorrt-llm", product: "TensorRT-LLM", version: "1.0",
    evidence: EngineEvidence(source: "NVIDIA/TensorRT-LLM 30e6fb55: tensorrt_llm/lora_manager.py", method: "read"),
    defaultRankLimit: 64
  ) { question in
    let refusals: [EngineCheck] = [
      .wholeTensors(except: ["lm_head", "embed_tokens"]), .loraBias, .trainedBias, .otherNaming, .otherFileName,
      .adapterNames, .foreignModules, .halfPairs, .indivisibleSizes, .expertStacks,
    ]
    let silences: [EngineCheck] = [
      .modules(named: ["lm_head", "embed_tokens"]), .savedModules(), .filteredModules, .wrongPaths,
    ]
    return refusals.reasons(.refused, question) + silences.reasons(.ignored, question) + [.unjudged(question)]
  }
}
