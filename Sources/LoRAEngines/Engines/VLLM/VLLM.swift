import LoRAModel

extension Engine {
  /// vLLM, by what `vllm/lora` and the model classes of the release do.
  static func vLLM(_ release: VLLMRelease) -> Engine {
    let checks = release.checks
    return Engine(
      name: "vllm", product: "vLLM", version: release.version,
      evidence: EngineEvidence(
        source: "vllm \(release.version).0 (PyPI): vllm/lora, vllm/model_executor/models",
        method:
          "its model classes, adapter loader and slot buffers run on the CPU (testdata/make/vllm_classes.py, vllm_truth.py)",
        classes: { release.classes.evidence }),
      defaultRankLimit: 16, legalRankLimits: [1, 8, 16, 32, 64, 128, 256, 320, 512],
      // It asks for target_modules and looks at none of them, and takes null for no pattern (`peft_helper.py`).
      unreadMembers: ["peft_type", "target_modules", "lora_dropout", "rank_pattern", "alpha_pattern"],
      judge: { question in
        checks.flatMap { effect, checks in checks.reasons(effect, question) } + release.classReasons(for: question)
      })
  }
}

extension VLLMRelease {
  /// What the loader makes of an adapter whatever its class: what it refuses, passes over and gets wrong.
  fileprivate var checks: [(ServingReason.Effect, [EngineCheck])] {
    [
      (.refused, configRefusals), (.refused, fileRefusals), (.ignored, silences), (.misapplied, misreadings),
    ]
  }

  /// What the model class that runs the base makes of the names.
  fileprivate func classReasons(for question: ServingQuestion) -> [ServingReason] {
    if let format = question.base?.foreignFormat {
      return [
        question.about(
          .refusedAtStart, "a base in the \(format) format", found: format,
          hint: "serve the original checkpoint, or one that is quantised for vLLM")
      ]
    }
    return question.classReasons(
      { classes.row(for: $0, pools: question.options.pools) }, none: "its class takes none",
      judge: { base, name, row in
        guard !row.isUnheld else { return [question.untried(name)] }
        guard !question.adapter.modules.isEmpty || !question.adapter.replacements.isEmpty else { return [] }
        var loading = ClassLoading(question, release: self, row: row, base: base)
        loading.judge()
        return loading.reasons + sizeRefusals.reasons(.refused, question)
          + quantizationReasons(for: question, base, row) + question.keysAsValues(of: base)
      })
  }

  /// What the config alone makes it refuse (`peft_helper.py`).
  private var configRefusals: [EngineCheck] {
    [
      .missingFields(["r", "lora_alpha", "target_modules"]), .dora, .trainedBias,
      .savedModules(except: ["classifier", "score"]),
    ]
      + (readsVariants
        ? [
          .loraBias, .layerReplication, .initialisation(except: ["gaussian", "eva", "orthogonal", "mica", "lora_ga"]),
          .variant("alora_invocation_tokens", "activated LoRA"), .variant("use_bdlora", "block-diagonal LoRA"),
          .variant("use_qalora", "QALoRA"),
        ] : [])
  }

  /// What it takes without reading the field that says so.
  private var silences: [EngineCheck] {
    readsVariants
      ? []
      : [
        .loraBias, .layerReplication, .initialisation(except: ["gaussian", "eva", "orthogonal", "mica", "lora_ga"]),
        .variant("alora_invocation_tokens", "activated LoRA"), .variant("use_bdlora", "block-diagonal LoRA"),
        .variant("use_qalora", "QALoRA"),
      ]
  }

  private var fileRefusals: [EngineCheck] { [.otherNaming, .otherFileName, .adapterNames, .halfPairs] }

  /// Factors that do not fit into the slots of a class that is known.
  private var sizeRefusals: [EngineCheck] { [.noMatrices, .largerShapes(onSeveralDevices: false)] }

  private var misreadings: [EngineCheck] {
    [.smallerShapes, .largerShapes(onSeveralDevices: true), .scaleFromConfig, .unequalPairs]
      + (readsPatterns ? [] : [.patternedScale])
  }
}
