import Diagnostics
import JSON

/// What PEFT refuses, whatever the single fields say.
extension ConfigFields {
  mutating func checkCombinations(_ config: AdapterConfig) {
    if config.layersToTransform != nil, case .pattern? = config.targets {
      invalid(
        .configInvalid, "layers_to_transform cannot be used when target_modules is a regular expression",
        hint: "PEFT refuses the combination since 0.6; list the module names or drop layers_to_transform")
    }
    let active =
      (config.usesDoRA ? ["use_dora"] : []) + config.variants.filter { $0 != "use_qalora" }
      + (config.initialisation == "mica" ? ["init_lora_weights mica"] : [])
    if active.count > 1 {
      invalid(
        .configInvalid, "the config switches on variants that exclude each other: \(active.joined(separator: ", "))",
        expected: "at most one variant", found: active.joined(separator: ", "))
    }
    if config.usesDoRA && config.hasLoRABias {
      invalid(.configInvalid, "lora_bias cannot be used with use_dora", hint: "PEFT refuses the combination")
    }
  }

  /// Values that PEFT 0.21 refuses, or fails over, while it loads the adapter (run against its configs).
  mutating func checkWhatPEFTRefuses(_ config: AdapterConfig) {
    for name in ["bias", "lora_dropout", "rank_pattern", "alpha_pattern"] where raw[name]?.isNull ?? false {
      let usual = ["bias": "\"none\"", "lora_dropout": "0.0"][name] ?? "{}"
      invalid(
        .configInvalid,
        "\(name) is null, which no release of PEFT loads"
          + (name.hasSuffix("_pattern") ? " that knows the field (since 0.6)" : ""),
        expected: "\(usual), or no such field", found: "null", hint: "write \(usual), or drop the field")
      // What the config means is clear, and engines may take it so.
      findings[findings.count - 1].configMember = name
    }
    if let dropout = raw["lora_dropout"], !dropout.isNull, !(dropout.double.map { $0 <= 1 } ?? (dropout.bool != nil)) {
      invalid(
        .configInvalid, "lora_dropout is not a number up to 1, which every release of PEFT refuses",
        expected: "a number from 0 to 1", found: escaped(dropout.text(), limit: 60),
        hint: "write 0.0; it plays no part in a trained adapter")
      findings[findings.count - 1].configMember = "lora_dropout"
    }
    if let type = config.taskType, !Self.taskTypes.contains(type) {
      invalid(
        .configInvalid,
        "task_type is \"\(escaped(type, limit: 60))\", which PEFT refuses since 0.14; older releases did not look at it",
        expected: Self.taskTypes.joined(separator: ", "), found: "\"\(escaped(type, limit: 60))\"",
        hint: "write the task that the adapter was trained for, or null")
    }
    if let name = raw["init_lora_weights"]?.string, !Self.isInitialisation(name) {
      invalid(
        .configInvalid,
        "init_lora_weights is the text \"\(escaped(name, limit: 60))\", which PEFT (since 0.7) and vLLM refuse as an unknown initialisation",
        expected: "true, false, or one of gaussian, eva, olora, pissa, corda, loftq, lora_ga, orthogonal, mica",
        found: "\"\(escaped(name, limit: 60))\"",
        hint: ["true", "false"].contains(name.lowercased())
          ? "write \(name.lowercased()) without quotes"
          : "write true; the trained factors take the place of the first ones anyway")
    }
    if case .string? = raw["target_parameters"] {
      invalid(
        .configInvalid, "target_parameters is a text, and PEFT (which has the field since 0.17) takes a list only",
        expected: "a list of strings",
        found: escaped(raw["target_parameters"]?.text() ?? "", limit: 60), hint: "write the names in brackets")
    }
    if !config.targetParameters.isEmpty, let dropout = raw["lora_dropout"]?.double, dropout != 0 {
      invalid(
        .configInvalid, "lora_dropout cannot be used with target_parameters", expected: "0.0",
        found: escaped(raw["lora_dropout"]?.text() ?? "", limit: 60),
        hint: "PEFT refuses the combination; write 0.0, it plays no part in a trained adapter")
      findings[findings.count - 1].configMember = "lora_dropout"
    }
    if config.replicatesLayers, let ranges = raw["layer_replication"],
      !(ranges.array?.allSatisfy { $0.array?.count == 2 && $0.array?.allSatisfy { $0.int64 != nil } ?? false } ?? false)
    {
      invalid(
        .configInvalid, "layer_replication is not a list of pairs of layers, and PEFT fails over it",
        expected: "such as [[0, 4], [2, 6]]", found: escaped(ranges.text(), limit: 60),
        hint: "write the first layer and the one after the last of each range, or null")
      findings[findings.count - 1].configMember = "layer_replication"
    }
    if let text = raw["modules_to_save"]?.string, !text.isEmpty {
      invalid(
        .configInvalid,
        "modules_to_save is a text, of which PEFT takes every letter for the end of a name, and refuses the adapter",
        expected: "a list of strings", found: "\"\(escaped(text, limit: 60))\"",
        hint: "write the names in brackets")
      findings[findings.count - 1].configMember = "modules_to_save"
    }
    for (embedding, _) in config.trainableTokens.prefix(100) where config.modulesToSave.prefix(100).contains(embedding)
    {
      invalid(
        .configInvalid,
        "\(escaped(embedding, limit: 100)) stands in both modules_to_save and trainable_token_indices, and PEFT refuses to "
          + "train it twice", expected: "one of the two", found: escaped(embedding, limit: 100),
        hint: "keep the entry that the file has tensors for")
      findings[findings.count - 1].configMember = "trainable_token_indices"
    }
    if case .names([])? = config.targets, config.targetParameters.isEmpty, config.trainableTokens.isEmpty {
      invalid(
        .configInvalid, "target_modules is an empty list, so that the adapter adapts nothing and PEFT refuses it",
        expected: "names of modules", found: "[]", hint: "name the modules that the file has tensors for")
      findings[findings.count - 1].configMember = "target_modules"
    }
    if case .pattern? = config.targets, let lists = raw["layers_pattern"], !lists.isNull {
      invalid(
        .configInvalid, "layers_pattern cannot be used when target_modules is a regular expression",
        hint: "PEFT refuses the combination since 0.6; list the module names or set layers_pattern to null")
    } else if !config.layersPattern.allSatisfy(\.isEmpty), raw["layers_to_transform"]?.isNull ?? true {
      invalid(
        .configInvalid, "layers_pattern is set without layers_to_transform, which PEFT refuses since 0.14",
        hint: "name the layers in layers_to_transform, or set layers_pattern to null")
    }
    if config.variants.contains("arrow_config") {
      invalid(
        .configInvalid,
        "arrow_config is set, for which PEFT wants the adapters that it routes between: it fails to load this one by itself",
        expected: "null", found: escaped(raw["arrow_config"]?.text() ?? "", limit: 60),
        hint: "set arrow_config to null and build the router with PEFT's create_arrow_model")
      findings[findings.count - 1].configMember = "arrow_config"
    }
    if isSet("megatron_config") {
      findings.append(
        Finding(
          .configInvalid, severity: .warning,
          "megatron_config is set, so PEFT imports Megatron-LM and refuses the adapter where that is not installed",
          file: path, expected: "null", found: escaped(raw["megatron_config"]?.text() ?? "", limit: 60),
          hint: "set megatron_config to null; it plays no part in a model of transformers"))
    }
    if config.usesDoRA, isSet("megatron_config") {
      invalid(
        .configInvalid, "use_dora cannot be used with megatron_config", hint: "PEFT refuses the combination since 0.9")
    }
    if config.hasLoRABias, raw["init_lora_weights"]?.string != nil {
      invalid(
        .configInvalid, "lora_bias can be used only with init_lora_weights true or false",
        found: escaped(raw["init_lora_weights"]?.text() ?? "", limit: 60),
        hint: "PEFT refuses the combination; write true, the trained factors take the place of the first ones")
    }
  }

  private static let taskTypes = [
    "SEQ_CLS", "SEQ_2_SEQ_LM", "CAUSAL_LM", "TOKEN_CLS", "QUESTION_ANS", "FEATURE_EXTRACTION",
  ]

  /// Whether PEFT has an initialisation of this name; some are compared in any case of letters.
  private static func isInitialisation(_ name: String) -> Bool {
    if name.isEmpty || name.hasPrefix("corda") { return true }
    if name.hasPrefix("pissa") {
      guard name != "pissa" else { return true }
      let parts = name.split(separator: "_")
      return parts.count == 3 && parts[1] == "niter" && Int(parts[2]) != nil
    }
    return ["loftq", "eva", "orthogonal", "lora_ga"].contains(name)
      || ["gaussian", "olora", "mica"].contains(name.lowercased())
  }
}
