public import Diagnostics
public import JSON
import LoRAIO

/// What reading an `adapter_config.json` gave: the typed config when every field that matters could be read, and all
/// problems.
public struct ConfigReading: Sendable {
  /// The config; nil when a field that decides the result is missing or has the wrong type.
  public var config: AdapterConfig?
  /// The members as written, when the text is a JSON object at all.
  public var raw: JSONObject?
  /// Everything wrong or unknown.
  public var findings: [Finding]
  /// The config as MLX writes it; then there is no PEFT config.
  var mlx: MLXConfig?
}

extension AdapterConfig {
  /// Longest config that is read, in bytes; real ones have a few kilobytes, a few hundred with long pattern lists.
  public static let sizeLimit: UInt64 = 16 << 20

  /// Reads and types a config file.
  public static func read(_ path: String) -> ConfigReading {
    do throws(IOError) {
      return parse(try InputFile.contents(of: path, limit: sizeLimit), path: path)
    } catch {
      return ConfigReading(config: nil, raw: nil, findings: [.unreadableConfig(error, file: path)])
    }
  }

  /// Types the text of a config.
  public static func parse(_ text: [UInt8], path: String) -> ConfigReading {
    if let finding = otherFile(text, path: path) { return ConfigReading(config: nil, raw: nil, findings: [finding]) }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: text, dialect: .python)
    } catch {
      let finding = Finding(
        .configInvalid, "the adapter config is not valid JSON: \(error.reason)", file: path,
        hint: "mend it at this byte, or save the adapter again", byteOffset: UInt64(error.offset))
      return ConfigReading(config: nil, raw: nil, findings: [finding])
    }
    guard let raw = value.object else {
      let finding = Finding(
        .configInvalid, "the adapter config is not a JSON object", file: path, expected: "an object",
        found: value.kindName)
      return ConfigReading(config: nil, raw: nil, findings: [finding])
    }
    if MLXConfig.isOne(raw) {
      let mlx = MLXConfig(raw, path: path)
      return ConfigReading(config: nil, raw: raw, findings: mlx.findings, mlx: mlx)
    }
    return typed(raw, path: path)
  }

  /// What is wrong with a text that is another kind of file, or begins as no JSON does.
  private static func otherFile(_ text: [UInt8], path: String) -> Finding? {
    if text.starts(with: "version https://git-lfs.".utf8) {
      return Finding(
        .configInvalid, "the adapter config is a Git LFS pointer, which stands for the file that Git LFS did not fetch",
        file: path, expected: "the JSON text of the config", found: "a Git LFS pointer",
        hint: "fetch the file with 'git lfs pull', or download it again")
    }
    if text.starts(with: [0xEF, 0xBB, 0xBF]) {
      return Finding(
        .configInvalid,
        "the adapter config begins with a byte-order mark, which PEFT and the engines refuse as no JSON",
        file: path, expected: "{ as the first character", found: "a UTF-8 byte-order mark",
        hint: "save the file as UTF-8 without a byte-order mark", byteOffset: 0)
    }
    if text.starts(with: [0xFF, 0xFE]) || text.starts(with: [0xFE, 0xFF]) {
      return Finding(
        .configInvalid, "the adapter config is written in UTF-16, which PEFT and the engines do not read", file: path,
        expected: "UTF-8", found: "UTF-16", hint: "save the file as UTF-8", byteOffset: 0)
    }
    if text.first(where: { $0 > 0x20 }) == UInt8(ascii: "<") {
      return Finding(
        .configInvalid, "the adapter config is a web page, not JSON; the download was answered with a page", file: path,
        expected: "the JSON text of the config", found: "HTML or XML", hint: "download the file again, with your login")
    }
    return nil
  }

  /// Whether a config is one of AdapterHub's `adapters` library, whose adapters are layers of their own.
  static func isOfAdapterHub(_ raw: JSONObject) -> Bool {
    guard raw["peft_type"] == nil, raw["config"]?.object != nil else { return false }
    return raw["model_class"] != nil || raw["version"]?.string?.contains("adapters") ?? false
  }

  /// Types the members of a config.
  static func typed(_ raw: JSONObject, path: String) -> ConfigReading {
    var fields = ConfigFields(raw: raw, path: path)
    let config = fields.adapterConfig()
    return ConfigReading(config: config, raw: raw, findings: fields.findings)
  }

  /// Fields of peft 0.21 that have no part in what is checked or computed here.
  static let carriedFields: Set<String> = [
    "auto_mapping", "corda_config", "ensure_weight_tying", "eva_config", "inference_mode", "loftq_config",
    "lora_dropout", "lora_ga_config", "megatron_config", "megatron_core", "qalora_group_size", "revision",
    "runtime_config",
  ]

  /// Fields of other peft types and of releases before 0.21 that PEFT itself still reads or drops without harm.
  static let historicalFields: Set<String> = ["enable_lora", "merge_weights", "corda_config", "lora_magnitude_vector"]
}

extension Finding {
  fileprivate static func unreadableConfig(_ error: IOError, file: String) -> Finding {
    Finding(
      .configInvalid, "the adapter config cannot be read: \(error.cause)", file: file, found: error.cause)
  }
}

/// Reads single fields with their types and notes what is wrong.
private struct ConfigFields {
  let raw: JSONObject
  let path: String
  var findings: [Finding] = []
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

  // MARK: Fields

  private mutating func peftType() -> String? {
    read.insert("peft_type")
    switch raw["peft_type"] {
    case .string(let type)?:
      if type != type.uppercased() {
        invalid(
          .configInvalid,
          "peft_type is \"\(escaped(type, limit: 60))\", but PEFT knows its types in capital letters only",
          expected: "\"\(escaped(type.uppercased(), limit: 60))\"", found: "\"\(escaped(type, limit: 60))\"",
          hint: "write the type in capital letters; no release of PEFT loads it otherwise")
        // What the config means is clear, and engines may read it.
        findings[findings.count - 1].configMember = "peft_type"
      }
      return type.uppercased()
    case nil, .null?:
      invalid(
        .configInvalid, "the config has no peft_type, so it is not clear what kind of adapter this is",
        expected: "\"peft_type\": \"LORA\"", found: "no peft_type")
    case let other?: wrongType("peft_type", "a string", other)
    }
    return nil
  }

  private mutating func rank() -> Int? {
    guard let value = value("r") else {
      invalid(.configInvalid, "the config has no r (rank)", expected: "a positive integer", found: "no r")
      return nil
    }
    guard let rank = value.int64 else {
      wrongType("r", "a positive integer", value)
      return nil
    }
    guard rank > 0, rank <= 1 << 24 else {
      invalid(
        .configInvalid, "r is \(rank), which is no possible rank", expected: "a positive integer", found: "\(rank)")
      return nil
    }
    return Int(rank)
  }

  private mutating func alpha() -> Double? {
    guard let value = value("lora_alpha") else {
      invalid(
        .configInvalid,
        "the config has no lora_alpha; its default is 8 since PEFT 0.4 and was none before, so the scale cannot be known",
        expected: "a number", found: "no lora_alpha", hint: "write the alpha that the adapter was trained with")
      return nil
    }
    guard let alpha = value.double else {
      wrongType("lora_alpha", "a number", value)
      return nil
    }
    guard alpha.isFinite else {
      invalid(.configInvalid, "lora_alpha is not finite", expected: "a finite number", found: "\(alpha)")
      return nil
    }
    return alpha
  }

  private mutating func ranks() -> [(pattern: String, rank: Int)] {
    patterns("rank_pattern", expected: "a positive integer") { value in
      value.int64.flatMap { $0 > 0 && $0 <= 1 << 24 ? Int($0) : nil }
    }.map { (pattern: $0.0, rank: $0.1) }
  }

  private mutating func alphas() -> [(pattern: String, alpha: Double)] {
    patterns("alpha_pattern", expected: "a finite number") { value in
      value.double.flatMap { $0.isFinite ? $0 : nil }
    }.map { (pattern: $0.0, alpha: $0.1) }
  }

  private mutating func patterns<Value>(_ name: String, expected: String, _ convert: (JSONValue) -> Value?)
    -> [(String, Value)]
  {
    guard let value = value(name) else { return [] }
    guard let object = value.object else {
      wrongType(name, "an object", value)
      return []
    }
    var result: [(String, Value)] = []
    for (key, member) in object.members {
      if let converted = convert(member) {
        result.append((key, converted))
      } else {
        invalid(
          .configInvalid, "\(name)[\"\(escaped(key))\"] is not \(expected)", expected: expected,
          found: escaped(member.text(), limit: 60))
      }
    }
    return result
  }

  private mutating func selection(_ name: String) -> ModuleSelection? {
    guard let value = value(name) else { return nil }
    if let pattern = value.string { return .pattern(pattern) }
    guard let names = strings(value) else {
      wrongType(name, "a string or a list of strings", value)
      return nil
    }
    return .names(names)
  }

  /// A list of strings; a single string counts as a list of one, as PEFT takes it.
  private mutating func names(_ name: String) -> [String] {
    guard let value = value(name) else { return [] }
    if let single = value.string { return [single] }
    guard let names = strings(value) else {
      wrongType(name, "a list of strings", value)
      return []
    }
    return names
  }

  private func strings(_ value: JSONValue) -> [String]? {
    guard let array = value.array else { return nil }
    let strings = array.compactMap(\.string)
    return strings.count == array.count ? strings : nil
  }

  private mutating func layers() -> [Int]? {
    guard let value = value("layers_to_transform") else { return nil }
    if let single = value.int64, let index = Int(exactly: single) { return [index] }
    guard let array = value.array, case let indices = array.compactMap({ $0.int64.flatMap { Int(exactly: $0) } }),
      indices.count == array.count
    else {
      wrongType("layers_to_transform", "an integer or a list of integers", value)
      return nil
    }
    return indices.isEmpty ? nil : indices
  }

  private mutating func bias() -> AdapterConfig.TrainedBias {
    guard let value = value("bias") else { return .none }
    if let text = value.string, let bias = AdapterConfig.TrainedBias(rawValue: text) { return bias }
    invalid(
      .configInvalid, "bias is not a known choice", expected: "none, all or lora_only",
      found: escaped(value.text(), limit: 60))
    return .none
  }

  private mutating func tokens() -> [(embedding: String, rows: [UInt64])] {
    guard let value = value("trainable_token_indices") else { return [] }
    func rows(_ value: JSONValue) -> [UInt64]? {
      guard let array = value.array else { return nil }
      let rows = array.compactMap { $0.int64.flatMap { UInt64(exactly: $0) } }
      return rows.count == array.count ? rows : nil
    }
    // A bare list means the input embedding, whatever the architecture calls it.
    if let list = rows(value) { return [("", list)] }
    var result: [(embedding: String, rows: [UInt64])] = []
    for (name, member) in value.object?.members ?? [] {
      if let list = rows(member) { result.append((name, list)) }
    }
    if value.object == nil || result.count != value.object?.members.count {
      wrongType("trainable_token_indices", "a list of token ids, or an object of such lists", value)
    }
    return result
  }

  private mutating func initialisation() -> String {
    switch value("init_lora_weights") {
    case nil: return "true"
    case .bool(let value)?: return value ? "true" : "false"
    case .string(let name)?: return name.lowercased()
    // PEFT asks for the truth of the value, and 0 has none.
    case let other? where other.double == 0: return "false"
    case let other?:
      wrongType("init_lora_weights", "a boolean or a string", other)
      return "true"
    }
  }

  private mutating func variants() -> [String] {
    let fields = [
      "alora_invocation_tokens", "alora_invocation_string", "arrow_config", "kasa_config", "monteclora_config",
      "use_bdlora", "use_qalora", "velora_config",
    ]
    return fields.filter { isSet($0) }
  }

  private mutating func checkCombinations(_ config: AdapterConfig) {
    if config.layersToTransform != nil, case .pattern? = config.targets {
      invalid(
        .configInvalid, "layers_to_transform cannot be used when target_modules is a regular expression",
        hint: "PEFT refuses the combination since 0.6; list the module names or drop layers_to_transform")
    }
    let active = (config.usesDoRA ? ["use_dora"] : []) + config.variants.filter { $0 != "use_qalora" }
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
  private mutating func checkWhatPEFTRefuses(_ config: AdapterConfig) {
    for name in ["bias", "lora_dropout", "rank_pattern", "alpha_pattern"] where raw[name]?.isNull ?? false {
      let usual = ["bias": "\"none\"", "lora_dropout": "0.0"][name] ?? "{}"
      invalid(
        .configInvalid,
        "\(name) is null, which no release of PEFT loads"
          + (name.hasSuffix("_pattern") ? " that knows the field (since 0.6)" : ""),
        expected: "\(usual), or no such field", found: "null", hint: "write \(usual), or drop the field")
    }
    if let dropout = raw["lora_dropout"], !dropout.isNull, !(dropout.double.map { $0 <= 1 } ?? (dropout.bool != nil)) {
      invalid(
        .configInvalid, "lora_dropout is not a number up to 1, which every release of PEFT refuses",
        expected: "a number from 0 to 1", found: escaped(dropout.text(), limit: 60),
        hint: "write 0.0; it plays no part in a trained adapter")
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

  // MARK: Values

  /// The field's value, nil when it is absent or null.
  private mutating func value(_ name: String) -> JSONValue? {
    read.insert(name)
    guard let value = raw[name], !value.isNull else { return nil }
    return value
  }

  private mutating func flag(_ name: String) -> Bool {
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

  private mutating func text(_ name: String) -> String? {
    guard let value = value(name) else { return nil }
    if let text = value.string { return text }
    wrongType(name, "a string", value)
    return nil
  }

  /// Whether a field holds anything but null, false and empty containers.
  private mutating func isSet(_ name: String) -> Bool {
    switch value(name) {
    case nil, .bool(false)?: false
    case .array(let elements)?: !elements.isEmpty
    case .object(let object)?: !object.members.isEmpty
    default: true
    }
  }

  private mutating func unknown() -> [String] {
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

  private mutating func wrongType(_ name: String, _ expected: String, _ value: JSONValue) {
    invalid(.configInvalid, "\(name) is not \(expected)", expected: expected, found: escaped(value.text(), limit: 60))
  }

  private mutating func invalid(
    _ rule: RuleID, _ message: String, expected: String? = nil, found: String? = nil, hint: String? = nil
  ) {
    findings.append(Finding(rule, message, file: path, expected: expected, found: found, hint: hint))
  }
}
