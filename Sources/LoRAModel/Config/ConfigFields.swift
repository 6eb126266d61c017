import Diagnostics
import JSON

/// Reads single fields with their types and notes what is wrong.
struct ConfigFields {
  let raw: JSONObject
  let path: String
  var findings: [Finding] = []
  /// The fields that were asked for.
  private var read: Set<String> = []

  init(raw: JSONObject, path: String) {
    self.raw = raw
    self.path = path
  }

  mutating func adapterConfig() -> AdapterConfig? {
    if AdapterConfig.isOfAdapterHub(raw) {
      invalid(
        .configUnsupportedType,
        "the adapter is one of AdapterHub (the adapters library), whose layers stand beside those of the model, and only "
          + "LoRA can be checked and merged", expected: "\"peft_type\": \"LORA\"", found: "an AdapterHub config",
        hint: "serve it with the adapters library, or train a LoRA with PEFT")
      return nil
    }
    guard let peftType = peftType() else { return nil }
    if peftType != "LORA" {
      invalid(
        .configUnsupportedType, "the adapter is of type \(escaped(peftType)), and only LORA can be checked and merged",
        expected: "LORA", found: escaped(peftType),
        hint: "serve it with \(PEFTReleases.reader(of: peftType)), or train a LoRA")
    }
    let rank = rank()
    let alpha = alpha()
    let config = AdapterConfig(
      path: path, raw: raw, peftType: peftType, rank: rank ?? 0, alpha: alpha ?? 0,
      usesRankStabilizedScale: flag("use_rslora"), usesDoRA: flag("use_dora"), fanInFanOut: flag("fan_in_fan_out"),
      rankPattern: ranks(), alphaPattern: alphas(), targets: selection("target_modules"),
      excluded: selection("exclude_modules"), modulesToSave: names("modules_to_save"),
      layersToTransform: layers(), layersPattern: names("layers_pattern"), bias: bias(),
      hasLoRABias: flag("lora_bias"), targetParameters: names("target_parameters"), trainableTokens: tokens(),
      initialisation: initialisation(), baseModel: text("base_model_name_or_path"), taskType: text("task_type"),
      peftVersion: text("peft_version"), replicatesLayers: isSet("layer_replication"), variants: variants(),
      unknownFields: [])
    checkCombinations(config)
    checkWhatPEFTRefuses(config)
    findings += Subconfigs.findings(raw, path: path)
    // A config of another type has fields and meanings of its own; its type has been named, that is enough.
    guard peftType == "LORA" else {
      findings.removeAll { $0.rule != .configUnsupportedType }
      return nil
    }
    guard rank != nil, alpha != nil,
      !findings.contains(where: { $0.severity == .error && $0.configMember == nil })
    else { return nil }
    var result = config
    result.unknownFields = unknown()
    return result
  }

  // MARK: Values

  /// The field's value, nil when it is absent or null.
  mutating func value(_ name: String) -> JSONValue? {
    read.insert(name)
    guard let value = raw[name], !value.isNull else { return nil }
    return value
  }

  mutating func flag(_ name: String) -> Bool {
    guard let value = value(name) else { return false }
    if let flag = value.bool { return flag }
    // PEFT asks for the truth of the value: 0 and 1 are as good, and so is every text but the empty one.
    if let number = value.int64, number == 0 || number == 1 { return number == 1 }
    guard let text = value.string else {
      wrongType(name, "true or false", value)
      return false
    }
    if text != "true" && text != "True" {
      findings.append(
        Finding(
          .configInvalid, severity: .warning,
          "\(name) is the text \"\(escaped(text, limit: 60))\", which PEFT takes for \(text.isEmpty ? "false" : "true")",
          file: path, expected: "true or false", found: "\"\(escaped(text, limit: 60))\"",
          hint: "write what is meant without quotes"))
    }
    return !text.isEmpty
  }

  mutating func text(_ name: String) -> String? {
    guard let value = value(name) else { return nil }
    if let text = value.string { return text }
    wrongType(name, "a string", value)
    return nil
  }

  /// Whether a field holds anything but null, false and empty containers.
  mutating func isSet(_ name: String) -> Bool {
    switch value(name) {
    case nil, .bool(false)?: false
    case .array(let elements)?: !elements.isEmpty
    case .object(let object)?: !object.members.isEmpty
    default: true
    }
  }

  mutating func unknown() -> [String] {
    let known = read.union(AdapterConfig.carriedFields).union(AdapterConfig.historicalFields)
    let names = raw.keys.filter { !known.contains($0) }.sorted()
    if !names.isEmpty {
      let shown = names.prefix(8).map { escaped($0, limit: 60) }.joined(separator: ", ")
      findings.append(
        Finding(
          .configUnknownField,
          "the config has \(names.count == 1 ? "a field" : "\(names.count) fields") that this version does not know: \(shown)",
          file: path, found: shown, hint: PEFTReleases.unknownFields))
    }
    return names
  }

  mutating func wrongType(_ name: String, _ expected: String, _ value: JSONValue) {
    invalid(.configInvalid, "\(name) is not \(expected)", expected: expected, found: escaped(value.text(), limit: 60))
  }

  mutating func invalid(
    _ rule: RuleID, _ message: String, expected: String? = nil, found: String? = nil, hint: String? = nil
  ) {
    findings.append(Finding(rule, message, file: path, expected: expected, found: found, hint: hint))
  }
}
