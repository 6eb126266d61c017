import JSON

/// The fields of a configuration or of a section in it, as the configuration class would have them.
final class TypeFields: FieldSource {
  let type: TypeText
  private let object: JSONObject?
  /// The section inside the type's own configuration, with a dot at its end.
  private let section: String
  /// The JSON path of the section, for messages.
  private let path: String
  /// What the configuration around says of this section when it is missing.
  private let replaced: [String: FieldValue]
  private let problems: Config.Problems
  private var values: [String: FieldValue] = [:]
  private var inner: [String: TypeFields] = [:]
  private let whole: TypeFields?
  /// Whether fields count that caches alone depend on.
  private let withCaches: Bool

  init(
    _ type: TypeText, _ object: JSONObject?, path: String, problems: Config.Problems,
    replaced: [String: FieldValue] = [:], withCaches: Bool = false
  ) {
    self.type = type
    self.object = object
    self.path = path
    self.problems = problems
    self.replaced = replaced
    self.withCaches = withCaches
    section = ""
    whole = nil
  }

  private init(section: String, of whole: TypeFields, _ object: JSONObject?, path: String) {
    type = whole.type
    self.object = object
    self.section = section
    self.path = path
    problems = whole.problems
    replaced = [:]
    withCaches = whole.withCaches
    self.whole = whole
  }

  func value(_ name: String) -> FieldValue {
    if let known = values[name] { return known }
    let value = worked(name)
    values[name] = value
    return value
  }

  private func worked(_ name: String) -> FieldValue {
    if let dot = name.lastIndex(of: ".") {
      guard let fields = fields(String(name[..<dot])) else { return .invalid }
      return fields.value(String(name[name.index(after: dot)...]))
    }
    guard let formula = type.definitions[section + name] else { return given(name) }
    let value = formula.value(Given(fields: whole ?? self))
    if case .list = value, given(name) == .null { checkOlderKeys() }
    return value
  }

  /// Reports a key that a list of layers may have followed from in older files.
  private func checkOlderKeys() {
    for key in type.olderKeys[section] ?? [] {
      guard let value = object?[key], !value.isNull else { continue }
      let found = shortDescription(value)
      return problems.report(.unknownValue(path: path + key, found: found, modelType: type.modelType))
    }
  }

  /// The fields as the keys give them, which definitions start from; names are those in the whole configuration.
  private struct Given: FieldSource {
    let fields: TypeFields

    func value(_ name: String) -> FieldValue {
      guard let dot = name.lastIndex(of: ".") else { return fields.given(name) }
      let inner = fields.fields(String(name[..<dot]))
      return inner?.given(String(name[name.index(after: dot)...])) ?? .invalid
    }
  }

  private func given(_ name: String) -> FieldValue {
    if name == "num_labels" { return labels() }
    let full = section + name
    guard let object else { return type.withoutSection[full] ?? replaced[name] ?? type.defaults[full] ?? .null }
    var found = object[name]
    for other in type.otherKeys[full] ?? [] where found == nil { found = object[other] }
    guard let found else { return replaced[name] ?? type.defaults[full] ?? .null }
    return checked(FieldValue(found).withCurrentNames(full, type.knownStrings[full]), name, found)
  }

  private func checked(_ value: FieldValue, _ name: String, _ found: JSONValue) -> FieldValue {
    let isDefined = type.definitions[section + name] != nil
    let isFine =
      switch (value, type.defaults[section + name]) {
      case (.invalid, _): false
      // The class makes the one from the other.
      case (.number, .text?) where isDefined: true
      case (.list, .number?) where isDefined: true
      case (.text, .number?), (.text, .real?), (.list, .number?), (.real, .number?): false
      case (.number, .text?), (.number, .list?): false
      default: true
      }
    if isFine { return value }
    problems.report(.unknownValue(path: path + name, found: shortDescription(found), modelType: type.modelType))
    return .invalid
  }

  private func labels() -> FieldValue {
    if let named = object?["id2label"]?.object { return .number(Int64(named.members.count)) }
    guard let number = object?["num_labels"]?.int64, number >= 0, number < 1 << 40 else {
      return type.defaults[section + "num_labels"] ?? .number(2)
    }
    return .number(number)
  }

  /// The fields of a section, by its dotted path from here; nil when a model in it is of a type that is not known.
  func fields(_ name: String) -> TypeFields? {
    if let known = inner[name] { return known }
    if let dot = name.firstIndex(of: ".") {
      return fields(String(name[..<dot]))?.fields(String(name[name.index(after: dot)...]))
    }
    let made = opened(name)
    inner[name] = made
    return made
  }

  private func opened(_ name: String) -> TypeFields? {
    let full = section + name + "."
    var found: JSONObject?
    switch object?[name] {
    case nil, .null?: break
    case .object(let section)?: found = section
    case .some(let other):
      problems.report(.value(path: path + name, expected: "an object", found: shortDescription(other)))
      return nil
    }
    guard let usual = type.modelSections[full] else {
      return TypeFields(section: full, of: whole ?? self, found, path: path + name + ".")
    }
    return model(full, found, usual, path + name + ".")
  }

  private func model(_ full: String, _ found: JSONObject?, _ usual: String, _ path: String) -> TypeFields? {
    var modelType = usual
    if let named = found?["model_type"]?.string { modelType = named }
    var replaced: [String: FieldValue] = [:]
    func replace(_ values: [String: FieldValue]) {
      for (key, value) in values where key.hasPrefix(full) { replaced[String(key.dropFirst(full.count))] = value }
    }
    if modelType == usual { replace(type.inSection) }
    if found == nil { replace(type.withoutSection) }
    if case .text(let named)? = replaced["model_type"] { modelType = named }
    guard let type = withCaches ? TypeTable.fields(modelType) : TypeTable.type(modelType) else {
      problems.report(.unknownModelType(modelType))
      return nil
    }
    return TypeFields(type, found, path: path, problems: problems, replaced: replaced, withCaches: withCaches)
  }
}

extension FieldValue {
  /// Kinds of layers as the library calls them now (`remap_legacy_layer_types` in `configuration_utils.py`).
  private static let currentNames = [
    "mamba": "linear_attention", "attention": "full_attention", "deepseek_sparse_attention": "indexed_attention",
    "qwen_sparse_attention": "indexed_attention",
  ]

  /// The value with the names of kinds of layers that older files have replaced, unless the rows know them.
  fileprivate func withCurrentNames(_ name: String, _ known: [String]?) -> FieldValue {
    guard name.hasSuffix("layer_types") || name.hasSuffix("layers_block_type"), case .list(let elements) = self else {
      return self
    }
    return .list(
      elements.map { element in
        guard case .text(let text) = element, !(known?.contains(text) ?? false) else { return element }
        return .text(Self.currentNames[text] ?? text)
      })
  }
}

extension TypeFields {
  /// Reports a string that the rows were not learned with: what the library builds for it is not known.
  func checkStrings() {
    for (text, formula) in type.guards where !formula.value(self).isTrue {
      let what = path.isEmpty ? "the configuration" : String(path.dropLast())
      problems.report(
        .unknownValue(path: what, found: "one without \"\(text)\"", modelType: type.modelType))
    }
    for (name, known) in type.knownStrings.sorted(by: { $0.key < $1.key }) {
      switch value(name) {
      case .text(let text): check(text, known, name)
      case .list(let elements):
        for case .text(let text) in elements { check(text, known, name) }
      default: break
      }
    }
  }

  private func check(_ text: String, _ known: [String], _ name: String) {
    if known.contains(text) { return }
    let found = "the string \"\(escaped(String(text.prefix(40))))\""
    problems.report(.unknownValue(path: path + name, found: found, modelType: type.modelType))
  }
}
