import LoRAModel
import Safetensors
import TensorCore

extension Engine {
  /// TensorRT-LLM, by what its adapter loader does.
  ///
  /// Which modules of a model class hand adapters on differs from class to class and was not held against it, so nothing
  /// is said to be applied.
  static func tensorRTLLM(_ release: TensorRTLLMRelease) -> Engine {
    Engine(
      name: "tensorrt-llm", product: "TensorRT-LLM", version: release.version,
      evidence: EngineEvidence(
        source: release.source,
        method:
          "its walk over names and its scale run on the CPU for adapters of 26 model types; model classes not held"),
      defaultRankLimit: 64
    ) { question in release.reasons(for: question) }
  }
}

extension TensorRTLLMRelease {
  fileprivate func reasons(for question: ServingQuestion) -> [ServingReason] {
    let refusals: [EngineCheck] = [
      .otherNaming, .otherFileName, .indivisibleSizes, .expertStacks, .missingFields(["r", "lora_alpha"]),
    ]
    let silences: [EngineCheck] = [.filteredModules, .dora, .wrongPaths]
    return refusals.reasons(.refused, question) + silences.reasons(.ignored, question) + nameReasons(question)
      + [scaleReason(question)].compactMap { $0 } + [.unjudged(question)]
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
      guard module.rank > 0, module.kind == .linear else { return false }
      let rank = Double(module.rank)
      let factor = config.alpha / (config.usesRankStabilizedScale ? rank.squareRoot() : rank)
      return abs(module.scale - factor) > 1e-6 * abs(module.scale)
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
