extension Engine {
  /// SGLang 0.5.23: `sglang/srt/lora/lora.py`, `lora_manager.py`, `mem_pool.py`.
  static let sgLang = Engine(
    name: "sglang", title: "SGLang", defaultRankLimit: nil,
    refuses: [
      .dora, .trainableTokens, .regexTargets, .mixedRanks, .halfPairs, .lonelyQuery, .otherNaming, .otherFileName,
      .adapterNames, .foreignModules, .filteredModules,
    ],
    ignores: [
      .rankStabilizedScale, .alphaPattern, .savedModules(), .trainedBias, .loraBias, .wholeTensors(),
      .initialisation(except: ["gaussian", "eva", "orthogonal", "mica"]), .layerReplication,
      .variant("alora_invocation_tokens", "activated LoRA"), .wrongPaths,
    ])
}
