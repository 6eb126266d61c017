import Diagnostics
import JSON
import LoRADeltas
import LoRAModel
import LoRASurgery
import LoRAValidate

extension Repair {
  /// Fields of the config with one right value: what the tensors show, or what plays no part in a trained adapter.
  static let fields = Repair { plan throws(SurgeryError) in
    guard plan.adapter.format == .peft, let config = plan.config, config["config"] == nil else { return }
    for fix in FieldFix.all {
      guard let config = plan.config, let (value, reason) = fix.value(config, plan) else { continue }
      let old = config[fix.field].map { "instead of \(escaped($0.text(dialect: .python), limit: 80))" }
      let shown = value.map { "is \(escaped($0.text(), limit: 120))" } ?? "is dropped"
      plan.mend(.configInvalid, "\(fix.field) \(shown) \(old ?? "where it was missing"): \(reason)") {
        $0.config?[fix.field] = value
      }
    }
  }
}

/// The one right value of a field, where the one that is there keeps the config from loading.
struct FieldFix: Sendable {
  /// A value, nil to drop the field, and why it is right.
  typealias Value = (value: JSONValue?, reason: String)

  let field: String
  let value: @Sendable (_ config: JSONObject, _ plan: RepairPlan) -> Value?

  init(_ field: String, _ value: @escaping @Sendable (_ config: JSONObject, _ plan: RepairPlan) -> Value?) {
    (self.field, self.value) = (field, value)
  }

  static let all: [FieldFix] = {
    var all = [peftType]
    all += nulls
    all += [dropout, taskType, initialisation, rank, alpha]
    all += flags
    all += [bias, rankPattern, alphaPattern, targetParameters, excluded]
    all += layers
    all += [savedModules, tokens, baseModel, peftVersion, targets]
    all += leftOvers
    all += switchedOff
    return all
  }()

  // MARK: Type and initialisation

  private static let peftType = FieldFix("peft_type") { config, plan in
    guard !plan.adapter.modules.isEmpty else { return nil }
    switch config["peft_type"] {
    case nil, .null?:
      guard config["r"] != nil || config["lora_alpha"] != nil, plan.adapter.foreignMethod == nil else { return nil }
      return ("LORA", "the tensors are LoRA's")
    case .string(let text)? where text != text.uppercased() && text.uppercased() == "LORA":
      return ("LORA", "PEFT knows its types in capital letters")
    default: return nil
    }
  }

  /// What no release of PEFT loads as null.
  private static let nulls: [FieldFix] = [
    ("bias", JSONValue.string("none")), ("lora_dropout", .real(0)), ("rank_pattern", [:]), ("alpha_pattern", [:]),
  ].map { field, usual in
    FieldFix(field) { config, _ in config[field] == .null ? (usual, "PEFT refuses null and means this by default") : nil
    }
  }

  private static let dropout = FieldFix("lora_dropout") { config, _ in
    guard let value = config["lora_dropout"], !value.isNull, value.bool == nil,
      !(value.double.map { $0 >= 0 && $0 <= 1 } ?? false)
    else { return nil }
    return (.real(0), "it plays no part in a trained adapter")
  }

  private static let tasks: Set<String> = [
    "SEQ_CLS", "SEQ_2_SEQ_LM", "CAUSAL_LM", "TOKEN_CLS", "QUESTION_ANS", "FEATURE_EXTRACTION",
  ]

  private static let taskType = FieldFix("task_type") { config, _ in
    guard let value = config["task_type"], !value.isNull else { return nil }
    guard let text = value.string else { return (.null, "it is no text") }
    if tasks.contains(text) { return nil }
    let known = text.uppercased()
    return tasks.contains(known)
      ? (.string(known), "PEFT knows tasks in capital letters")
      : (.null, "releases that loaded it took a task that they do not know for none")
  }

  private static let initialisation = FieldFix("init_lora_weights") { config, plan in
    guard let value = config["init_lora_weights"], !value.isNull else { return nil }
    let changesBase = ["pissa", "olora", "corda", "lora_ga", "loftq"]
    switch value {
    case .bool: return nil
    case .string(let text):
      let name = text.lowercased()
      if name == "true" || name == "false" { return (.bool(name == "true"), "it was written as a text") }
      guard !changesBase.contains(where: { name.hasPrefix($0) }) else { return nil }
      // PEFT compares some of its names in any case of letters, and others as they are.
      let isKnown =
        text.isEmpty || ["eva", "orthogonal"].contains(text) || ["gaussian", "olora", "mica"].contains(name)
      if isKnown, !(config["lora_bias"]?.bool ?? false) { return nil }
      return (true, "the trained factors take the place of the first ones")
    default:
      return value.double == 0 ? nil : (true, "the trained factors take the place of the first ones")
    }
  }

  // MARK: Rank and alpha

  private static let rank = FieldFix("r") { config, plan in
    if let rank = config["r"]?.int64, rank > 0, rank <= 1 << 24 { return nil }
    let ranks = plan.adapter.modules.filter { $0.kind != .parameter && $0.isUsable && $0.ranksAgree }.map(\.rank)
    guard let usual = mostFrequent(ranks.filter { $0 > 0 && $0 <= 1 << 24 }) else { return nil }
    return (.integer(Int64(usual)), "it is the rank of the tensors")
  }

  private static let alpha = FieldFix("lora_alpha") { config, _ in
    guard let text = config["lora_alpha"]?.string, let number = number(text) else { return nil }
    return (.number(number), "the number was written as a text")
  }

  /// A finite decimal number that was written as a text.
  static func number(_ text: String) -> Double? {
    guard !text.isEmpty, text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }), let value = Double(text),
      value.isFinite
    else { return nil }
    return value
  }

  private static let rankPattern = FieldFix("rank_pattern") { config, plan in
    guard let value = config["rank_pattern"], !value.isNull else { return nil }
    guard let object = value.object else { return ([:], "it is no object; the tensors show the ranks") }
    let broken = brokenPatterns("rank_pattern", plan)
    var kept = JSONObject()
    for (key, member) in object.members where !broken.contains(key) {
      let rank = member.int64 ?? member.string.flatMap { number($0) }.flatMap { Int64(exactly: $0) }
      if let rank, rank > 0, rank <= 1 << 24 { kept[key] = .integer(rank) }
    }
    guard kept != object else { return nil }
    return (.object(kept), "entries that are no ranks or no patterns go; the tensors show the ranks")
  }

  private static let alphaPattern = FieldFix("alpha_pattern") { config, plan in
    guard let value = config["alpha_pattern"], !value.isNull else { return nil }
    guard let object = value.object else { return value.array?.isEmpty ?? false ? ([:], "it is empty") : nil }
    let broken = brokenPatterns("alpha_pattern", plan)
    var kept = JSONObject()
    for (key, member) in object.members {
      let alpha = member.string.flatMap { number($0) }
      // Without the entry its modules get lora_alpha, which is no change where both are the same.
      if broken.contains(key), let usual = config["lora_alpha"]?.double, (alpha ?? member.double) == usual { continue }
      kept[key] = alpha.map { .number($0) } ?? member
    }
    guard kept != object else { return nil }
    return (.object(kept), "numbers are written as numbers, and what is no pattern and changes nothing goes")
  }

  /// Keys of a pattern field that are no regular expressions.
  private static func brokenPatterns(_ field: String, _ plan: RepairPlan) -> Set<String> {
    Set((plan.config?[field]?.object?.keys ?? []).filter { PatternTable.isBroken($0) })
  }

  // MARK: Flags

  private static let flags: [FieldFix] = ["use_rslora", "use_dora", "lora_bias", "fan_in_fan_out"].map { field in
    FieldFix(field) { config, plan in
      guard let value = config[field], value.bool == nil else { return shown(field, config, plan) }
      if value.isNull || value.int64 == 0 || value.int64 == 1 { return shown(field, config, plan) }
      if let text = value.string, text.lowercased() == "true" { return (true, "it was written as a text") }
      // PEFT takes every other text for true. Where the tensors show what is so, that is what was meant.
      return evidence(of: field, plan).map { (.bool($0), "the tensors show it") }
    }
  }

  /// Whether the tensors show that a flag is on: every module has its tensor, or none has.
  private static func evidence(of field: String, _ plan: RepairPlan) -> Bool? {
    let modules = plan.adapter.modules.filter { $0.kind != .parameter && $0.a != nil && $0.b != nil }
    guard !modules.isEmpty else { return nil }
    let count: Int
    switch field {
    case "use_dora": count = modules.count { $0.magnitude != nil }
    case "lora_bias": count = modules.count { $0.bBias != nil }
    default: return nil
    }
    return count == modules.count ? true : count == 0 ? false : nil
  }

  /// A flag that is off although every module has the tensor that comes with it.
  private static func shown(_ field: String, _ config: JSONObject, _ plan: RepairPlan) -> Value? {
    let isOn = config[field]?.bool ?? (config[field]?.int64 == 1)
    guard !isOn, evidence(of: field, plan) == true else { return nil }
    let name = field == "use_dora" ? "DoRA magnitude" : "bias on lora_B"
    return (true, "every module has a \(name)")
  }

  private static let bias = FieldFix("bias") { config, plan in
    guard let value = config["bias"], !value.isNull, !["none", "all", "lora_only"].contains(value.string),
      !plan.adapter.replacements.contains(where: { $0.name.hasSuffix(".bias") })
    else { return nil }
    return ("none", "the file holds no trained biases")
  }

  // MARK: What plays no part

  private static let baseModel = FieldFix("base_model_name_or_path") { config, plan in
    guard let value = config["base_model_name_or_path"], !value.isNull, value.string == nil else { return nil }
    return (plan.base?.name.map { .string($0) } ?? .null, "it is no name")
  }

  private static let peftVersion = FieldFix("peft_version") { config, _ in
    guard let value = config["peft_version"], !value.isNull, value.string == nil else { return nil }
    return (nil, "it is no version")
  }

  /// What belongs to an initialisation that the adapter does not have, or to one that is over.
  private static let leftOvers: [FieldFix] = ["eva", "corda", "loftq", "lora_ga"].map { name in
    let field = name + "_config"
    return FieldFix(field) { config, _ in
      guard let value = config[field], !value.isNull else { return nil }
      let isForeign = config["init_lora_weights"]?.string != name && name != "lora_ga"
      let isEmpty = value.object?.members.isEmpty ?? false
      guard value.object == nil ? name != "loftq" : isForeign && !(name == "loftq" && isEmpty) else { return nil }
      return (name == "loftq" ? [:] : .null, "it has no part in a trained adapter")
    }
  }

  /// Variants that are off, in a form that PEFT refuses.
  private static let switchedOff: [FieldFix] = [
    "arrow_config", "kasa_config", "velora_config", "monteclora_config", "use_bdlora",
  ].map { field in
    FieldFix(field) { config, _ in
      guard let value = config[field], value == .bool(false) || value.array?.isEmpty ?? false else { return nil }
      return (.null, "it is off")
    }
  }
}
