import JSON
import LoRAModel

extension VLLMRelease {
  /// What keeps adapters from being applied because the base is stored quantised; empty where they were seen to be.
  func quantizationReasons(for question: ServingQuestion, _ base: BaseModel, _ row: VLLMClass) -> [ServingReason] {
    guard base.isQuantized else { return [] }
    guard let quantisation, let section = base.config?["quantization_config"]?.object else {
      return [question.untried(quantized: base)]
    }
    let line = QuantizationDescription.line(section) ?? section["quant_method"]?.string ?? ""
    if quantisation.refused.contains(line) {
      let method = escaped(base.quantization ?? "", limit: 60)
      return [
        question.about(
          .refusedAtStart, "a base that is quantised in this way (\(method))", found: method,
          hint: "serve the merged model (merge --dequantize), or another quantisation of the base")
      ]
    }
    // Which kernel runs experts, and whether it takes adapters, depends on the GPU.
    if row.experts != nil { return [question.untried(quantized: base, ": a class with experts")] }
    guard quantisation.applied.contains(line) else { return [question.untried(quantized: base)] }
    guard quantisation.classes.contains(row.name) else {
      return [question.untried(quantized: base, " on the class \(row.name)")]
    }
    guard question.options.tensorParallel == 1 else {
      return [question.untried(quantized: base, " on several devices")]
    }
    // Kernels want whole tiles, and what becomes of others was not tried.
    let sizes = base.modules.values.lazy.filter { $0.isQuantized }.flatMap { [$0.inFeatures, $0.outFeatures] }
    guard sizes.allSatisfy({ $0 % 128 == 0 }) else {
      return [question.untried(quantized: base, " with layers whose sizes are no multiples of 128")]
    }
    guard !row.packsUnlike(base) else {
      return [question.untried(quantized: base, " of which some layers that it packs together are plain")]
    }
    return []
  }
}

extension VLLMClass {
  /// Whether some layers that it packs together are stored quantised while their like are not.
  fileprivate func packsUnlike(_ base: BaseModel) -> Bool {
    var owners: [String: String] = [:]
    for (owner, parts) in packed { for part in parts where owners[part] == nil { owners[part] = owner } }
    var states: [String: Bool] = [:]
    for module in base.modules.values {
      let leaf = String(module.name.lastComponent)
      guard let owner = owners[leaf] else { continue }
      let place = String(module.name.dropLast(leaf.utf8.count)) + owner
      if let state = states[place], state != module.isQuantized { return true }
      states[place] = module.isQuantized
    }
    return false
  }
}
