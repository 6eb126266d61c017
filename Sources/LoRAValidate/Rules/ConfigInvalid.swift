import Diagnostics
import JSON
import LoRAModel
import Safetensors
import TensorCore

extension Rule {
  /// The config cannot be read as what it should be, or contradicts itself or the file.
  static let configInvalid = Rule(
    .configInvalid, "The adapter config is invalid or contradicts itself",
    meaning: """
      `adapter_config.json` is not JSON, has a field of the wrong type, a rank that is not positive, no alpha, a \
      pattern that is no regular expression, switches on variants that exclude each other, or says that something is \
      off of which the file has tensors.
      """,
    consequence: """
      PEFT or the engine refuses the adapter, or takes a default (alpha 8, no DoRA) and serves it with another result \
      than it was trained with.
      """,
    remedy: "Correct the named field to what the adapter was trained with, or export it again.",
    repair: .exactly(
      """
      a field whose right value follows from the tensors, or that plays no part in them, gets that value; an \
      alpha that is missing needs `--alpha`, and all other fields are left.
      """),
    example: """
      error  config-invalid  r is 0, which is no possible rank
             expected a positive integer, found 0
      """
  ) { context in
    guard let config = context.adapter.config else { return [] }
    var findings: [Finding] = []
    findings += targetless(config, context).map { finding in
      var finding = finding
      finding.configMember = "target_modules"
      return finding
    }
    findings += ordinaryParameters(config, context)
    findings +=
      replication(config, context) + withoutVariant(config, context) + refusedRanks(config, context)
      + refusedNames(config, context)
    findings += refusedKinds(config, context)
    for problem in context.matching?.problems ?? [] {
      findings.append(
        Finding(
          .configInvalid, "\(problem.field) has a pattern that cannot be used: \(problem.reason)", file: config.path,
          found: escaped(problem.pattern, limit: 120),
          hint: "PEFT reads the entry as a Python regular expression; correct it"))
    }
    let modules = context.adapter.modules.count
    let magnitudes = context.oddModules { $0.magnitude != nil }
    if !config.usesDoRA, let first = magnitudes.first {
      findings.append(
        Finding(
          .configInvalid,
          "\(phrase(magnitudes.map(\.name), of: modules)) has a DoRA magnitude but the config says use_dora false, "
            + "so loaders drop the magnitudes and the result is another one than trained",
          file: config.path, tensor: first.magnitude?.name, module: first.name, expected: "\"use_dora\": true",
          found: "\"use_dora\": false", hint: "set use_dora to true if the adapter was trained with DoRA"))
    }
    let biased = context.oddModules { $0.bBias != nil }
    if !config.hasLoRABias, let first = biased.first {
      findings.append(
        Finding(
          .configInvalid, severity: .warning,
          "\(phrase(biased.map(\.name), of: modules)) has a bias on lora_B but the config says lora_bias false, "
            + "so PEFT ignores these tensors without a word",
          file: config.path, tensor: first.bBias?.name, module: first.name, expected: "\"lora_bias\": true",
          found: "\"lora_bias\": false", hint: "set lora_bias to true, or drop the tensors if they are not wanted"))
    }
    return findings
  }
  /// A config that targets none of the modules that there are, which PEFT refuses.
  private static func targetless(_ config: AdapterConfig, _ context: ValidationContext) -> [Finding] {
    if let text = context.plainTargetText {
      let names = text.split { $0 == "," || $0 == " " }.map { "\"\(escaped(String($0), limit: 60))\"" }
        .joined(separator: ", ")
      return [
        Finding(
          .configInvalid,
          "target_modules is the text \"\(escaped(text, limit: 120))\", which PEFT takes for a regular expression of whole "
            + "names: it matches no module, and PEFT refuses the adapter",
          file: config.path, expected: "[\(names)]", found: "\"\(escaped(text, limit: 120))\"",
          hint: "write the names as a list: [\(names)]")
      ]
    }
    if config.targets == nil, config.targetParameters.isEmpty, let first = context.adapter.modules.first,
      context.adapter.format == .peft
    {
      let type = context.base?.modelType.map { escaped($0, limit: 60) }
      return [
        Finding(
          .configInvalid, severity: type == nil ? .warning : nil,
          type.map {
            "the config names no target_modules and PEFT has none for models of type \($0), so it refuses the adapter"
          }
            ?? "the config names no target_modules, so PEFT adapts those that it has for this type of model, if any, and drops "
            + "the tensors of all others",
          file: config.path, module: first.name, expected: "target_modules", found: "null or no such field",
          hint: "name the modules that the file has tensors for")
      ]
    }
    guard context.targetsNothing else { return [] }
    return [
      Finding(
        .configInvalid,
        "the config targets no module of this base, neither those of the file nor any other, and PEFT refuses the adapter",
        file: config.path, expected: "target_modules that mean modules of the base",
        found: escaped(config.raw["target_modules"]?.text() ?? "", limit: 120),
        hint:
          "correct target_modules (and layers_to_transform, layers_pattern) to the modules that the file has tensors for"
      )
    ]
  }

  /// Tensors of a variant that the config does not switch on.
  private static func withoutVariant(_ config: AdapterConfig, _ context: ValidationContext) -> [Finding] {
    variantParts.compactMap { field, part in
      guard !config.variants.contains(field), let modules = context.adapter.variantParts[part] else { return nil }
      let names = modules.keys.sorted(by: naturallyPrecedes)
      return Finding(
        .configInvalid, severity: .warning,
        "\(phrase(names, of: context.names.count)) \(names.count == 1 ? "has" : "have") \(part) but the config does not set "
          + "\(field), so PEFT drops these tensors", file: config.path, module: names.first, expected: field,
        found: "null or no such field", hint: "set \(field) as it was in the training, or drop the tensors")
    }
  }

  /// Layers that `layer_replication` names and the base lacks.
  private static func replication(_ config: AdapterConfig, _ context: ValidationContext) -> [Finding] {
    guard let problem = context.stack.problem else { return [] }
    let found = escaped(config.raw["layer_replication"]?.text() ?? "", limit: 60)
    switch problem {
    case .noList:
      return [
        Finding(
          .configInvalid,
          "layer_replication is set, but PEFT finds no layers to stack in this type of model and refuses the adapter",
          file: config.path, expected: "null", found: found,
          hint: "PEFT stacks the layers of models that are built like Llama or BERT alone")
      ]
    case .beyond(let layers):
      return [
        Finding(
          .configInvalid,
          "layer_replication goes beyond the base's \(counted(Int(clamping: layers), "layer")), and PEFT fails over it",
          file: config.path, expected: "ranges within 0 to \(layers)", found: found,
          hint: "check that this is the base that the adapter was trained on")
      ]
    }
  }

  /// Entries of `target_parameters` that mean the weight of an ordinary layer, which PEFT adapts as a module only.
  private static func ordinaryParameters(_ config: AdapterConfig, _ context: ValidationContext) -> [Finding] {
    guard let base = context.base, base.isKnown else { return [] }
    let wrong = config.targetParameters.prefix(100).filter { entry in
      guard entry.hasSuffix(".weight") else { return false }
      let owner = String(entry.dropLast(7))
      let meant = base.modules.values.filter { $0.name.isMeant(by: owner) }
      return !meant.isEmpty
        && meant.allSatisfy { $0.kind == .linear && !["gate", "router"].contains($0.name.lastComponent) }
    }
    guard let first = wrong.first else { return [] }
    return [
      Finding(
        .configInvalid,
        "target_parameters names \(listing(Array(wrong))), the weight of a linear layer, and PEFT refuses to adapt that as a "
          + "bare parameter", file: config.path, expected: "stacks of experts, or no such entry", found: escaped(first),
        hint: "name the layer in target_modules instead")
    ]
  }
}

extension ValidationContext {
  /// What `target_modules` holds when it is the text of one or more plain names, of which none is the whole name of a
  /// module.
  package var plainTargetText: String? {
    guard case .pattern(let text)? = adapter.config?.targets, targetsNoneOfItsModules,
      !text.contains(where: { "\\*+?[](){}|^$".contains($0) })
    else { return nil }
    return text
  }

  /// Whether the config targets neither a module of the file nor one of the base.
  package var targetsNothing: Bool {
    guard let base, base.isKnown, let matching, let config = adapter.config, config.targets != nil,
      config.targetParameters.isEmpty, config.trainableTokens.isEmpty, !config.replicatesLayers,
      targetsNoneOfItsModules,
      matching.problems.isEmpty
    else { return false }
    let names = LoadedNames(base)
    return !base.modules.keys.contains { matching.targets(names.name(of: $0)) || matching.targets($0) }
  }

  private var targetsNoneOfItsModules: Bool {
    !adapter.modules.isEmpty && matching?.targetsAllLinear == false
      && !names.contains { matching?.targets($0) ?? false }
  }
}
