import Diagnostics
import LoRAModel
import Safetensors
import TensorCore

extension Engine {
  /// TensorRT-LLM, by what its adapter loader does, and by what its model classes hand on where that was read.
  static func tensorRTLLM(_ release: TensorRTLLMRelease) -> Engine {
    Engine(
      name: "tensorrt-llm", product: "TensorRT-LLM", version: release.version,
      evidence: EngineEvidence(
        source: release.source,
        method:
          "its walk over names and its scale run on the CPU from their source, for adapters of 34 model types; which "
          + "modules of the listed classes get them read in the classes' source; kernels not run",
        classes: {
          release.classes.ordered { $0.key < $1.key }.compactMap { name, model in
            let isRefused = model.failure != nil
            // A class that drops all of it is neither served with adapters nor refused.
            return isRefused || model.heldCount > 0
              ? ModelClassEvidence(name: name, takesLoRA: !isRefused, moduleKinds: model.heldCount) : nil
          }
        }),
      defaultRankLimit: TensorRTLLMRelease.defaultRankLimit,
      // It looks at the layer's number and what follows it, and takes the rank from the factors.
      forgiven: [.rankMismatch, .baseModuleMissing, .baseLayerRange],
      // Of the config it reads r, lora_alpha, use_rslora and modules_to_save.
      unreadMembers: ["peft_type", "target_modules"]
    ) { question in release.reasons(for: question) }
  }
}

extension TensorRTLLMRelease {
  fileprivate func reasons(for question: ServingQuestion) -> [ServingReason] {
    let model = question.base?.modelType.flatMap { classes[$0] }
    let refusals: [EngineCheck] = [
      .otherNaming, .otherFileName, .indivisibleSizes, .expertStacks, .halfPairs, .missingFields(["r", "lora_alpha"]),
    ]
    let silences: [EngineCheck] = [
      .filteredModules, .dora, .placelessModules(map(for: model)), .trainableTokens, .layerReplication,
      .initialisation(except: ["gaussian", "eva", "orthogonal", "mica", "lora_ga"]),
      .variant("alora_invocation_tokens", "activated LoRA"), .variant("use_bdlora", "block-diagonal LoRA"),
      .variant("use_qalora", "QALoRA"),
    ]
    return refusals.reasons(.refused, question) + silences.reasons(.ignored, question)
      + TensorRTLLMLoading(question, release: self, model: model).reasons
  }
}

extension EngineCheck {
  /// Modules that the model does not have under the layer's number and the names after it, whatever is in front.
  fileprivate static func placelessModules(_ map: TensorRTLLMMap) -> EngineCheck {
    EngineCheck { question in
      guard let base = question.base, question.matches != nil, !question.unmatched.isEmpty else { return nil }
      func key(_ name: String) -> TensorRTLLMKey { TensorRTLLMKey("\(name).lora_A.weight", map: map) }
      var known: Set<TensorRTLLMKey> = []
      for name in base.modules.keys {
        // Text and vision layers have one place, which has a reason of its own.
        if case .module = key(name) { known.insert(key(name)) }
      }
      let lost = question.unmatched.filter { module in
        guard case .module = key(module.name) else { return false }
        return !known.contains(key(module.name))
      }
      guard let first = lost.first else { return nil }
      return Hit(
        message: "\(phrase(lost.map(\.name), of: question.adapter.modules.count)), which the model does not have",
        at: first,
        hint: "check that this is the base that the adapter was trained on")
    }
  }
}
