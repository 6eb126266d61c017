extension Engine {
  /// vLLM 0.33.0: `vllm/lora/peft_helper.py`, `lora_model.py`, `model_manager.py`, `vllm/config/lora.py`.
  static let vLLM = Engine(
    name: "vllm", title: "vLLM", defaultRankLimit: 16, legalRankLimits: [1, 8, 16, 32, 64, 128, 256, 320, 512],
    refuses: [
      .missingFields(["r", "lora_alpha", "target_modules"]),
      .dora, .trainedBias, .loraBias, .layerReplication,
      .savedModules(except: ["classifier", "score"]),
      .initialisation(except: ["gaussian", "eva", "orthogonal", "mica", "lora_ga"]),
      .variant("alora_invocation_tokens", "activated LoRA"),
      .variant("alora_invocation_string", "activated LoRA"),
      .variant("use_bdlora", "block-diagonal LoRA"),
      .variant("use_qalora", "QALoRA"),
      .wholeTensors(except: ["classifier", "score"]),
      .unservedModel, .refusedLeaves, .wholeExpertStacks, .resizedVocabulary,
      .otherNaming, .otherFileName, .adapterNames, .foreignModules, .halfPairs,
    ],
    ignores: [
      .lostPaths, .wrongPaths, .wrapperNames, .filteredModules, .smallerShapes, .scaleFromConfig, .unequalPairs,
    ])
}
