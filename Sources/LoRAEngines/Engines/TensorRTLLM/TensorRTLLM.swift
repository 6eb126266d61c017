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
          release.classes.sorted { $0.key < $1.key }.compactMap { name, model in
            let kinds = (model.attention == .held ? 4 : 0) + (model.mlp == .held ? 3 : 0)
            return kinds > 0 ? ModelClassEvidence(name: name, takesLoRA: true, moduleKinds: kinds) : nil
          }
        }),
      defaultRankLimit: 64,
      // It looks at the layer's number and what follows it, and takes the rank from the factors.
      forgiven: [.rankMismatch, .baseModuleMissing, .baseLayerRange],
      // Of the config it reads r, lora_alpha, use_rslora and modules_to_save.
      unreadMembers: ["peft_type", "target_modules"]
    ) { question in release.reasons(for: question) }
  }
}

extension TensorRTLLMRelease {
  fileprivate func reasons(for question: ServingQuestion) -> [ServingReason] {
    let refusals: [EngineCheck] = [
      .otherNaming, .otherFileName, .indivisibleSizes, .expertStacks, .halfPairs, .missingFields(["r", "lora_alpha"]),
    ]
    let silences: [EngineCheck] = [
      .filteredModules, .dora, .placelessModules(for: self), .layerReplication,
      .initialisation(except: ["gaussian", "eva", "orthogonal", "mica", "lora_ga"]),
      .variant("alora_invocation_tokens", "activated LoRA"), .variant("use_bdlora", "block-diagonal LoRA"),
      .variant("use_qalora", "QALoRA"),
    ]
    return refusals.reasons(.refused, question) + silences.reasons(.ignored, question) + nameReasons(question)
      + [scaleReason(question)].compactMap { $0 } + classReasons(question)
  }

  /// What the model class makes of what was loaded.
  private func classReasons(_ question: ServingQuestion) -> [ServingReason] {
    func reason(_ effect: ServingReason.Effect, _ message: String, at module: AdapterModule? = nil, _ hint: String)
      -> ServingReason
    {
      ServingReason(
        effect: effect, message: message, file: question.adapter.weightsPath, tensor: module?.tensors.first?.name,
        module: module?.name, hint: hint)
    }
    guard let base = question.base, let modelType = base.modelType else { return [.unjudged(question)] }
    let type = escaped(modelType, limit: 60)
    let trial = "try the adapter with the engine itself before it is deployed"
    guard let model = classes[modelType] else {
      return [reason(.unjudged, "adapters for \(type): which modules its class gives them to was not read", trial)]
    }
    if let failure = model.failure {
      return [
        reason(
          .failsInBatch, "any adapter for \(type): \(failure) (\(model.source))",
          "merge the adapter and serve the merged model")
      ]
    }
    var dropped: [AdapterModule] = []
    var unread: [AdapterModule] = []
    for module in question.adapter.modules {
      guard let tensor = module.tensors.first?.name,
        case .module(_, let name, let isExpert) = TensorRTLLMKey(tensor, release: self), name != "gate"
      else { continue }
      switch isExpert && model.mlp != .dropped ? .unread : model.handing(of: name) {
      case .held: break
      case .dropped: dropped.append(module)
      case .unread: unread.append(module)
      }
    }
    var result: [ServingReason] = []
    if let first = dropped.first {
      result.append(
        reason(
          .ignored,
          "\(phrase(dropped.map(\.name), of: question.adapter.modules.count)): the factors are loaded, and its class for "
            + "\(type) never gives them to these modules (\(model.source))", at: first,
          "merge the adapter and serve the merged model"))
    }
    if let first = unread.first {
      result.append(
        reason(
          .unjudged, "\(phrase(unread.map(\.name), of: question.adapter.modules.count)) of \(type)", at: first, trial))
    }
    // Neither packed weights nor several devices were followed.
    if base.config?["quantization_config"] != nil || question.options.tensorParallel > 1 {
      result.append(.unjudged(question))
    }
    return result
  }

  /// What it makes of the names in the file.
  private func nameReasons(_ question: ServingQuestion) -> [ServingReason] {
    let adapter = question.adapter
    func reason(
      _ effect: ServingReason.Effect, _ message: String, _ tensor: String?, _ module: AdapterModule?, _ hint: String
    ) -> ServingReason {
      ServingReason(
        effect: effect, message: message, file: adapter.weightsPath, tensor: tensor, module: module?.name,
        found: tensor.map { escaped($0) }, hint: hint)
    }
    var result: [ServingReason] = []
    let others = (adapter.replacements.map(\.tensor.name) + adapter.unknown.map(\.name)).sorted()
    let heads = others.filter { TensorRTLLMKey($0, release: self) == .head }
    if let bad = others.first(where: { TensorRTLLMKey($0, release: self) == .unknown }) {
      result.append(
        reason(
          .refused, "tensors that are no LoRA factors, such as \(escaped(bad, limit: 160))", bad, nil,
          "merge the adapter"))
    }
    var slots: [String: AdapterModule] = [:]
    var shared: [AdapterModule] = []
    var experts: [AdapterModule] = []
    var routers: [AdapterModule] = []
    var lost: (unmapped: [AdapterModule], heads: [AdapterModule], unknown: [AdapterModule]) = ([], [], [])
    for module in adapter.modules {
      guard let tensor = module.tensors.first?.name else { continue }
      // A bias beside the factors does not fit the pattern, whatever the module.
      if let bias = module.bBias, TensorRTLLMKey(bias.name, release: self) == .unknown { lost.unknown.append(module) }
      switch TensorRTLLMKey(tensor, release: self) {
      case .head: lost.heads.append(module)
      case .unknown: lost.unknown.append(module)
      case .unmapped: lost.unmapped.append(module)
      case .module(let layer, let name, let isExpert):
        if name == "gate" { routers.append(module) }
        if isExpert {
          if !Self.expertModules.contains(name) { experts.append(module) }
        } else if slots.updateValue(module, forKey: "\(layer).\(name)") != nil {
          shared.append(module)
        }
      }
    }
    let count = adapter.modules.count
    func some(_ modules: [AdapterModule]) -> String { phrase(modules.map(\.name), of: count) }
    if let first = lost.unknown.first {
      result.append(
        reason(
          .refused, "the names of \(some(lost.unknown)), or of a bias beside the factors", first.tensors.last?.name,
          first,
          "train without these modules and without biases for this engine"))
    }
    if let first = lost.unmapped.first {
      result.append(
        reason(
          skipsUnmapped ? .ignored : .refused, "modules that its map does not have: \(some(lost.unmapped))",
          first.tensors.first?.name, first, "train without these modules for this engine"))
    }
    if lost.heads.first != nil || !heads.isEmpty {
      let names = lost.heads.map(\.name) + heads
      result.append(
        reason(
          .ignored, listing(names), lost.heads.first?.tensors.first?.name ?? heads.first, lost.heads.first,
          "train without these modules for this engine"))
    }
    if let first = routers.first {
      result.append(
        reason(
          .ignored, "routers, which none of its layers asks for: \(some(routers))", first.tensors.first?.name, first,
          "train without these modules for this engine"))
    }
    if let first = experts.first {
      result.append(
        reason(
          .misapplied, "\(some(experts)): factors of experts take the place of a layer's one MLP",
          first.tensors.first?.name, first, "train without experts for this engine"))
    }
    if let first = shared.first {
      result.append(
        reason(
          .misapplied, "\(some(shared)): modules of different towers have one place, by layer and last name",
          first.tensors.first?.name, first, "train without the towers for this engine"))
    }
    return result
  }

  /// Modules to which `alpha_pattern` gives another scale: it divides `lora_alpha` by the rank of the factors.
  private func scaleReason(_ question: ServingQuestion) -> ServingReason? {
    guard let config = question.adapter.config else { return nil }
    let wrong = question.adapter.modules.filter { module in
      guard module.kind == .linear, let alpha = module.alpha else { return false }
      return abs(alpha - config.alpha) > 1e-6 * abs(alpha)
    }
    guard let first = wrong.first else { return nil }
    return ServingReason(
      effect: .misapplied,
      message: "\(phrase(wrong.map(\.name), of: question.adapter.modules.count)): it scales by lora_alpha and the "
        + "rank of the factors, and reads no alpha_pattern",
      file: question.adapter.weightsPath, module: first.name, found: "scale \(fixed(first.scale, 4))",
      hint: "fold the difference into lora_B and use one alpha")
  }
}

extension EngineCheck {
  /// Modules that the model does not have under the layer's number and the names after it, whatever is in front.
  fileprivate static func placelessModules(for release: TensorRTLLMRelease) -> EngineCheck {
    EngineCheck { question in
      guard let base = question.base, question.matches != nil, !question.unmatched.isEmpty else { return nil }
      func key(_ name: String) -> TensorRTLLMKey { TensorRTLLMKey("\(name).lora_A.weight", release: release) }
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
