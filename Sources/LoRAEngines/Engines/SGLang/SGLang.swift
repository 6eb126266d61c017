extension Engine {
  /// SGLang 0.5.23: `sglang/srt/lora/lora.py`, `lora_manager.py`, `mem_pool.py`.
  static let sgLang = Engine(
    name: "sglang", product: "SGLang", version: "0.5.23",
    evidence: EngineEvidence(source: "sglang 0.5.23 (PyPI): sglang/srt/lora", method: "read"),
    defaultRankLimit: nil
  ) { question in
    let refusals: [EngineCheck] = [
      .dora, .trainableTokens, .regexTargets, .mixedRanks, .halfPairs, .lonelyQuery, .otherNaming, .otherFileName,
      .adapterNames, .foreignModules, .filteredModules,
    ]
    let silences: [EngineCheck] = [
      .rankStabilizedScale, .alphaPattern, .savedModules(), .trainedBias, .loraBias, .wholeTensors(),
      .initialisation(except: ["gaussian", "eva", "orthogonal", "mica"]), .layerReplication,
      .variant("alora_invocation_tokens", "activated LoRA"), .wrongPaths,
    ]
    return refusals.reasons(.refused, question) + silences.reasons(.ignored, question) + [.unjudged(question)]
  }
}
