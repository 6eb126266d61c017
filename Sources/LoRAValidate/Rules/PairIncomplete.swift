public import Diagnostics
import JSON
import LoRAModel
import Safetensors

extension RuleID {
  /// The name of the rule below.
  public static let pairIncomplete = RuleID("pair-incomplete")
}

extension Rule {
  /// A module lacks one of its tensors.
  static let pairIncomplete = Rule(
    .pairIncomplete, "A module lacks one of its tensors",
    meaning: """
      A module has `lora_A` without `lora_B` or the other way round, or the config switches on DoRA, `lora_bias` or \
      another variant and the module has no magnitude, bias or other tensor of that variant.
      """,
    consequence: """
      Half a pair adds nothing, or stops the engine with an error that names neither file nor module. A DoRA module \
      without magnitude gives other weights than those that were trained.
      """,
    remedy: "Export the adapter again; if a script filtered or renamed tensors, correct its filter.",
    repair: .no("the missing half is lost; the adapter has to be exported again."),
    example: """
      error  pair-incomplete  model.layers.0.mlp.up_proj has lora_A but no lora_B
             expected model.layers.0.mlp.up_proj.lora_B, found no such tensor
      """
  ) { context in
    let adapter = context.adapter
    var groups = Groups<[String], AdapterModule>()
    let config = adapter.config
    let parts = variantParts.filter { config?.variants.contains($0.field) ?? false }
    let wantsMore = config.map { $0.usesDoRA || $0.hasLoRABias || !parts.isEmpty } ?? false
    for module in wantsMore ? adapter.modules : context.oddModules(where: { !$0.isPair }) {
      let names = module.kind == .embedding ? ["lora_embedding_A", "lora_embedding_B"] : ["lora_A", "lora_B"]
      if module.a == nil && module.b == nil {
        groups.add(["\(names[0]) or \(names[1])", module.magnitude == nil ? "lora_B.bias" : "a magnitude"], module)
        continue
      }
      if module.a == nil { groups.add([names[0], names[1]], module) }
      if module.b == nil { groups.add([names[1], names[0]], module) }
      guard let config, module.kind != .parameter else { continue }
      if config.usesDoRA && module.magnitude == nil {
        groups.add(["lora_magnitude_vector", "LoRA factors, and use_dora is true,"], module)
      }
      if config.hasLoRABias && module.bBias == nil && module.kind != .embedding {
        groups.add(["lora_B.bias", "LoRA factors, and lora_bias is true,"], module)
      }
      for (field, part) in parts where adapter.tensors(part, of: module) < max(1, adapter.mostTensors(part)) {
        groups.add([part, "LoRA factors, and \(field) is set,"], module)
      }
    }
    return groups.all.compactMap { problem, places in
      guard let first = places.first else { return nil }
      let verb = places.count == 1 ? "has" : "have"
      return Finding(
        .pairIncomplete,
        "\(phrase(places.map(\.name), of: adapter.modules.count)) \(verb) \(problem[1]) but no \(problem[0])",
        file: adapter.weightsPath, tensor: first.tensors.first?.name, module: first.name,
        expected: "\(escaped(first.name)).\(problem[0])", found: "no such tensor",
        hint: "export the adapter again; a filter or a rename during the export dropped the tensor")
    }
  }

  /// What training variants keep beside the factors of each module (peft 0.21, `tuners/lora/variants.py`).
  static let variantParts = [
    (field: "kasa_config", part: "lora_diag"), (field: "velora_config", part: "lora_velora_embed"),
    (field: "monteclora_config", part: "lora_monteclora_sampler"),
  ]
}

extension Adapter {
  /// How many tensors of a variant a module has.
  fileprivate func tensors(_ part: String, of module: AdapterModule) -> Int { variantParts[part]?[module.name] ?? 0 }

  /// How many a module of the file has at most, which is how many each has to have.
  fileprivate func mostTensors(_ part: String) -> Int { variantParts[part]?.values.max() ?? 0 }
}
