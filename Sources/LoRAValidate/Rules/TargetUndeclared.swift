public import Diagnostics
import JSON
package import LoRAModel
import Safetensors
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let targetUndeclared = RuleID("target-undeclared", .warning)
}

extension Rule {
  /// The file has tensors for modules that the config does not target.
  static let targetUndeclared = Rule(
    .targetUndeclared, "Tensors for modules that the config does not target",
    meaning: """
      The file has factors for a module that `target_modules` does not match, that `exclude_modules` takes away, or \
      that lies outside `layers_to_transform`; or trained rows of an embedding without `trainable_token_indices`; or a \
      whole weight or bias under the name of an adapted module, whose own tensors PEFT keeps below `.base_layer`; or one \
      below `.base_layer` of a module that is not adapted; or the weight of one of several modules that share it, without \
      `modules_to_save`.
      """,
    consequence: """
      PEFT does not create the module and drops its tensors without a message. Engines that go by the tensors apply \
      them. So the adapter behaves differently from one to the other.
      """,
    remedy: "Add the module to `target_modules`, or drop the tensors; usually the config is that of another run.",
    repair: .exactly("the modules that have tensors are added to `target_modules`."),
    example: """
      warning  target-undeclared  32 of 224 modules (model.layers.0.self_attn.o_proj, …) have tensors but the config does not target them
             fix: add "o_proj" to target_modules
      """
  ) { context in
    guard let matching = context.matching else { return [] }
    let modules = context.adapter.modules
    var groups = Groups<String, AdapterModule>()
    for module in context.undeclared {
      let isExcluded = matching.isExcluded(module.name)
      groups.add(isExcluded ? "the config excludes" : "the config does not target", module)
    }
    return groups.all.compactMap { problem, places in
      guard let first = places.first else { return nil }
      let components = listing(places.map { "\"\($0.lastComponent)\"" }.uniqued)
      return Finding(
        .targetUndeclared,
        "\(phrase(places.map(\.name), of: modules.count)) \(places.count == 1 ? "has" : "have") tensors, but \(problem) "
          + "\(places.count == 1 ? "it" : "them"), so PEFT drops the tensors",
        file: context.adapter.weightsPath, tensor: first.tensors.first?.name, module: first.name,
        found: escaped(first.name), hint: "add \(components) to target_modules if the tensors are wanted")
    } + replacements(context) + shared(context)
  }

  /// Whole weights of modules that share them with others of the base, where the config does not ask for copies.
  private static func shared(_ context: ValidationContext) -> [Finding] {
    guard context.adapter.format == .peft, let config = context.adapter.config, let base = context.base, base.isKnown,
      let names = context.loadedNames
    else { return [] }
    let written = Set(context.adapter.replacements.map(\.name))
    let adapted = Set(context.names)
    let tied = Set(base.modules.values.lazy.filter { $0.tiedTo != nil }.map(\.weightName))
    return context.adapter.replacements.compactMap { replacement in
      guard replacement.role == .full, replacement.name.hasSuffix(".weight"),
        case let owner = String(replacement.name.dropLast(".weight".count)), !adapted.contains(owner),
        !config.modulesToSave.prefix(100).contains(where: { owner.hasSuffix($0) || owner.contains($0 + ".") }),
        let module = base.match(owner)?.module, tied.contains(module.weightName)
      else { return nil }
      let others = base.modules.values.filter { $0.weightName == module.weightName && $0.name != module.name }
        .map { names.name(of: $0.name) }.sorted()
      guard !others.isEmpty, !others.contains(where: { written.contains($0 + ".weight") }) else { return nil }
      return Finding(
        .targetUndeclared,
        "the file has \(escaped(replacement.name, limit: 160)), which the base keeps as one with that of "
          + "\(listing(others)), and modules_to_save does not name it, so PEFT replaces both",
        file: context.adapter.weightsPath, tensor: replacement.tensor.name, found: escaped(replacement.tensor.name),
        hint: "add \"\(escaped(String(owner.lastComponent)))\" to modules_to_save if that alone was trained",
        byteOffset: replacement.tensor.headerOffset)
    }
  }

  /// Whole tensors and rows for which PEFT makes no place.
  private static func replacements(_ context: ValidationContext) -> [Finding] {
    guard context.adapter.format == .peft, let config = context.adapter.config, !context.adapter.replacements.isEmpty
    else { return [] }
    let adapted = Set(context.names)
    var groups = Groups<String, Replacement>()
    for replacement in context.adapter.replacements {
      let owner = String(replacement.name.dropLast(replacement.name.lastComponent.count + 1))
      if replacement.role == .rows {
        guard config.trainableTokens.isEmpty else { continue }
        groups.add("PEFT makes place for trained rows only by trainable_token_indices", replacement)
      } else if !adapted.contains(owner) {
        // torch's MultiheadAttention is adapted as a whole, its output projection with it.
        guard [".base_layer.weight", ".base_layer.bias"].contains(where: { replacement.tensor.name.hasSuffix($0) }),
          let matching = context.matching, !matching.targets(owner), owner.lastComponent != "out_proj",
          config.trainableTokens.isEmpty
        else { continue }
        groups.add("PEFT has tensors below .base_layer for adapted modules alone", replacement)
      } else if !replacement.tensor.name.mentions(".base_layer."),
        !config.modulesToSave.prefix(100).contains(where: { owner.hasSuffix($0) })
      {
        groups.add("PEFT keeps the own tensors of an adapted module below .base_layer", replacement)
      }
    }
    return groups.all.compactMap { problem, places in
      guard let first = places.first else { return nil }
      return Finding(
        .targetUndeclared,
        "the file has \(listing(places.map(\.tensor.name))), but \(problem), so it drops "
          + "\(places.count == 1 ? "it" : "them")",
        file: context.adapter.weightsPath, tensor: first.tensor.name, found: escaped(first.tensor.name),
        hint: "export the adapter again with today's PEFT, or drop the tensors", byteOffset: first.tensor.headerOffset)
    }
  }
}

extension ValidationContext {
  /// Modules that have tensors and that the config does not target, where it says its targets at all.
  package var undeclared: [AdapterModule] {
    guard let config = adapter.config, let matching, config.targets != nil || !config.targetParameters.isEmpty,
      !matching.problems.contains(where: { $0.field == "target_modules" }), plainTargetText == nil, !targetsNothing
    else { return [] }
    // Most often the config targets everything, and no name is looked for among the others.
    lazy var known = Set(names)
    return adapter.modules(at: matching.untargeted(in: adapter)) { module in
      if module.kind == .parameter && !config.targetParameters.isEmpty { return false }
      // The output projection of torch's MultiheadAttention is adapted with the attention module itself.
      if module.lastComponent == "out_proj", case let parent = String(module.name.dropLast(".out_proj".count)),
        known.contains(parent), matching.targets(parent)
      {
        return false
      }
      return !(config.tiesEmbeddings && module.isVocabulary)
    }
  }
}

extension AdapterConfig {
  /// `ensure_weight_tying`: an adapted embedding takes the tied head with it, and the other way round.
  var tiesEmbeddings: Bool { raw["ensure_weight_tying"]?.bool ?? false }
}

extension AdapterModule {
  /// Whether it is an input embedding or an output head (`lm_head`, `proj_out`, `embed_out`), which lie outside the layers.
  fileprivate var isVocabulary: Bool { kind == .embedding || (kind == .linear && name.layer == nil) }
}
