import Diagnostics
import JSON
import LoRAModel
import TensorCore

extension Rule {
  /// What the config switches on and PEFT refuses for a kind of layer that the adapter adapts (peft 0.21,
  /// `tuners/lora/layer.py`).
  static func refusedKinds(_ config: AdapterConfig, _ context: ValidationContext) -> [Finding] {
    guard context.adapter.format == .peft else { return [] }
    let variants = config.variants.filter { $0 != "use_qalora" && $0 != "alora_invocation_string" }
    let isMica = config.initialisation == "mica"
    let bias = config.hasLoRABias ? ["lora_bias"] : []
    let parameter =
      variants + bias + (config.usesDoRA ? ["use_dora"] : []) + (isMica ? ["init_lora_weights mica"] : [])
    // PEFT sets fan_in_fan_out right for the layers of a model, so that it is wrong where there are parameters alone.
    let isFanned = config.fanInFanOut && context.adapter.modules.allSatisfy { $0.kind == .parameter }
    let refused: [(kinds: Set<ModuleKind>, name: String, fields: [String])] = [
      ([.parameter], "bare parameters", parameter + (isFanned ? ["fan_in_fan_out"] : [])),
      ([.embedding], "embeddings", variants + bias),
      ([.conv1d, .conv2d], "convolutions", variants + (isMica ? ["init_lora_weights mica"] : [])),
    ]
    return refused.compactMap { kinds, name, fields in
      guard !fields.isEmpty else { return nil }
      let places = context.adapter.modules.indices.filter { kinds.contains(context.kind(at: $0)) }
      guard let first = places.first else { return nil }
      let modules = places.map { context.names[$0] }
      return Finding(
        .configInvalid,
        "\(phrase(modules, of: context.names.count)) \(modules.count == 1 ? "adapts one of the" : "adapt") \(name) of "
          + "the model, for which PEFT refuses \(fields.joined(separator: " and "))",
        file: config.path, module: context.names[first], expected: "no \(fields.joined(separator: ", "))",
        found: fields.map { "\"\($0)\"" }.joined(separator: ", "),
        hint: "take the modules out of the targets, or switch it off if it was off in the training")
    }
  }
}

extension Rule {
  /// Ranks that an initialisation cannot start with, and PEFT starts with it before it loads the tensors.
  static func refusedRanks(_ config: AdapterConfig, _ context: ValidationContext) -> [Finding] {
    guard context.adapter.format == .peft else { return [] }
    let (places, reason): ([AdapterModule], String)
    switch config.initialisation {
    case "orthogonal":
      places = context.adapter.modules { ($0.declaredRank ?? 0) % 2 == 1 }
      reason = "an odd rank, which PEFT refuses for the orthogonal initialisation"
    case "mica":
      places = context.matched.compactMap { module, base in
        let most = min(base.module.inFeatures, base.module.outFeatures)
        return most > 0 && UInt64(clamping: module.declaredRank ?? 0) > most ? module : nil
      }
      reason = "a rank above the sizes of the layer, which PEFT refuses for the initialisation mica"
    default: return []
    }
    guard let first = places.first else { return [] }
    return [
      Finding(
        .configInvalid,
        "\(phrase(places.map(\.name), of: context.names.count)) \(places.count == 1 ? "has" : "have") \(reason)",
        file: config.path, module: first.name, found: "\(first.declaredRank ?? 0)",
        hint: "set init_lora_weights to true; the trained factors take the place of the first ones anyway")
    ]
  }
}

extension Rule {
  /// Modules of state-space models whose kernels pass over the factors, which PEFT refuses to adapt (peft 0.21,
  /// `tuners_utils.py: _check_lora_target_modules_mamba`).
  static func refusedNames(_ config: AdapterConfig, _ context: ValidationContext) -> [Finding] {
    guard let type = context.base?.modelType, let matching = context.matching,
      ["falcon_h1", "mamba", "mamba2", "falcon_mamba", "nemotron_h"].contains(type)
    else { return [] }
    let names = context.names.filter { ["out_proj", "conv1d"].contains($0.lastComponent) && matching.targets($0) }
    guard let first = names.first else { return [] }
    let leaves = listing(names.map { "\"\($0.lastComponent)\"" }.uniqued)
    var finding = Finding(
      .configInvalid,
      "the config targets \(leaves), which PEFT refuses to adapt in models of type \(type): their kernels do not call "
        + "the layer",
      file: config.path, module: first, expected: "neither out_proj nor conv1d", found: leaves,
      hint: "take \(leaves) out of target_modules; the model never used what was trained there")
    finding.configMember = "target_modules"
    return [finding]
  }
}

extension ValidationContext {
  /// What a module adapts: by the base where it is there, else by its factors.
  fileprivate func kind(at place: Int) -> ModuleKind {
    let own = adapter.modules[place].kind
    return own == .parameter ? own : matches?[place]?.module.kind ?? own
  }
}
