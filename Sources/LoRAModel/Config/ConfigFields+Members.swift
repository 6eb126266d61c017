import Diagnostics
import JSON

extension ConfigFields {
  mutating func peftType() -> String? {
    switch value("peft_type") {
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
    case nil:
      invalid(
        .configInvalid, "the config has no peft_type, so it is not clear what kind of adapter this is",
        expected: "\"peft_type\": \"LORA\"", found: "no peft_type")
    case let other?: wrongType("peft_type", "a string", other)
    }
    return nil
  }

  mutating func rank() -> Int? {
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

  mutating func alpha() -> Double? {
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

  mutating func ranks() -> [(pattern: String, rank: Int)] {
    patterns("rank_pattern", expected: "a positive integer") { value in
      value.int64.flatMap { $0 > 0 && $0 <= 1 << 24 ? Int($0) : nil }
    }.map { (pattern: $0.0, rank: $0.1) }
  }

  mutating func alphas() -> [(pattern: String, alpha: Double)] {
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

  mutating func selection(_ name: String) -> ModuleSelection? {
    guard let value = value(name) else { return nil }
    if let pattern = value.string { return .pattern(pattern) }
    guard let names = strings(value) else {
      wrongType(name, "a string or a list of strings", value)
      return nil
    }
    return .names(names)
  }

  /// A list of strings; a single string counts as a list of one, as PEFT takes it.
  mutating func names(_ name: String) -> [String] {
    guard let value = value(name) else { return [] }
    // PEFT asks for the truth of the value, and an empty text has none.
    if let single = value.string { return single.isEmpty ? [] : [single] }
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

  mutating func layers() -> [Int]? {
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

  mutating func bias() -> AdapterConfig.TrainedBias {
    guard let value = value("bias") else { return .none }
    if let text = value.string, let bias = AdapterConfig.TrainedBias(rawValue: text) { return bias }
    invalid(
      .configInvalid, "bias is not a known choice", expected: "none, all or lora_only",
      found: escaped(value.text(), limit: 60))
    return .none
  }

  mutating func tokens() -> [(embedding: String, rows: [UInt64])] {
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

  mutating func initialisation() -> String {
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

  mutating func variants() -> [String] {
    let fields = [
      "alora_invocation_tokens", "alora_invocation_string", "arrow_config", "kasa_config", "monteclora_config",
      "use_bdlora", "use_qalora", "velora_config",
    ]
    // Of an object without members PEFT makes the variant with all its defaults.
    return fields.filter { isSet($0) || raw[$0]?.object != nil }
  }
}
