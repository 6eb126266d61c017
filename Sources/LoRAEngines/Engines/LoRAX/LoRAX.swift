import JSON
import LoRAModel

extension Engine {
  /// LoRAX at a7394ba386ec, with its kernels on and adapters loaded at run time.
  static let lorax = Engine(
    name: "lorax", product: "LoRAX", version: "a7394ba",
    evidence: EngineEvidence(
      source: "predibase/lorax a7394ba386ec: server/lorax_server",
      method:
        "its classes, adapter loader and layers run on the CPU for adapters of the listed types, with stand-ins for its "
        + "kernels",
      classes: {
        LoRAXClass.names.compactMap { name in
          LoRAXClass.named(name).flatMap {
            $0.isHeld
              ? ModelClassEvidence(
                name: name, takesLoRA: true, moduleKinds: $0.modules.count + ($0.hasHead ? 1 : 0)) : nil
          }
        }
      }),
    defaultRankLimit: nil,
    // Its scale follows from the tensors and `r` as they are, which its own reasons work out.
    forgiven: [.rankMismatch],
    // Of the config it uses r, lora_alpha and base_model_name_or_path.
    unreadMembers: ["peft_type", "target_modules"]
  ) { question in
    // What the loader never looks at, whatever the model.
    let silences: [EngineCheck] = [
      .wholeTensors(), .dora, .loraBias, .trainableTokens, .layerReplication,
      .initialisation(except: ["gaussian", "eva", "orthogonal", "mica", "lora_ga"]),
      .variant("alora_invocation_tokens", "activated LoRA"), .variant("use_bdlora", "block-diagonal LoRA"),
      .variant("use_qalora", "QALoRA"),
    ]
    return [EngineCheck.compressedWeights].reasons(.refused, question) + silences.reasons(.ignored, question)
      + LoRAXLoading.reasons(for: question)
  }
}

extension LoRAXLoading {
  /// What the class that runs the base makes of the adapter.
  fileprivate static func reasons(for question: ServingQuestion) -> [ServingReason] {
    func reason(_ effect: ServingReason.Effect, _ message: String, hint: String) -> ServingReason {
      ServingReason(effect: effect, message: message, file: question.adapter.weightsPath, hint: hint)
    }
    guard let base = question.base else { return [.unjudged(question)] }
    if let format = base.foreignFormat {
      return [reason(.refusedAtStart, "a base in the \(format) format", hint: "serve the original checkpoint")]
    }
    guard let modelType = base.modelType, !LoRAXClass.uncompared.contains(modelType) else {
      return [.unjudged(question)]
    }
    let type = escaped(modelType, limit: 80)
    if let why = LoRAXClass.withoutStart[modelType] {
      return [reason(.refusedAtStart, "the model type \(type): \(why)", hint: "serve it with another engine")]
    }
    guard let model = LoRAXClass.named(modelType) else {
      return [
        LoRAXClass.withoutAdapters.contains(modelType)
          ? reason(
            .refused, "adapters for \(type): its class takes none", hint: "merge the adapter and serve the merged model"
          )
          : reason(
            .refusedAtStart, "the model type \(type), which it does not know", hint: "serve it with another engine")
      ]
    }
    if let why = model.startFailure(base) {
      return [reason(.refusedAtStart, "the base: \(why)", hint: "serve it with another engine")]
    }
    guard let layerCount = base.layerCount else { return [.unjudged(question)] }
    // Without a config nothing is loaded, which has a rule of its own.
    guard let config = question.adapter.config else { return [] }
    let loading = LoRAXLoading(question, model: model, config: config, layerCount: layerCount)
    // Neither packed weights nor several devices were tried.
    let isTried = model.isHeld && !base.isQuantized && question.options.tensorParallel == 1
    return loading.reasons + (isTried ? [] : [.unjudged(question)])
  }
}

extension EngineCheck {
  /// A folder without a file that ends in `.safetensors`; its name does not matter.
  fileprivate static let compressedWeights = EngineCheck { question in
    let path = question.adapter.weightsPath
    guard !question.options.feedsEngine, question.adapter.file != nil, !path.hasSuffix(".safetensors") else {
      return nil
    }
    return Hit(
      message: "weights without a .safetensors file", found: escaped(path, limit: 200), hint: "decompress the weights",
      isConfig: false)
  }
}
