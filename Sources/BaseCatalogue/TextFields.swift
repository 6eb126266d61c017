import JSON

/// The fields of the text model in a configuration: as given, else as the configuration class of its type has them.
///
/// A field that is neither given nor known of the class is nil, never a guess.
struct TextFields {
  /// The members that describe the text model.
  let config: JSONObject
  /// Its type.
  let modelType: String?
  private let fields: TypeFields?

  init(_ config: JSONObject) {
    let section = TextSection(config)
    self.config = section.config
    let whole = config["model_type"]?.string
    let outer = whole.flatMap { TypeTable.fields($0) }
    if let outer, let name = section.path ?? TextSection.keys.first(where: { outer.hasSection($0) }),
      outer.hasSection(name)
    {
      let text = TypeFields(outer, config, path: "", problems: Config.Problems(), withCaches: true).fields(name)
      fields = text
      modelType = section.modelType ?? text?.type.modelType
      return
    }
    modelType = section.modelType ?? whole
    guard let modelType, TypeTable.caches[modelType] != nil else {
      fields = nil
      return
    }
    fields = TypeTable.fields(modelType).map {
      TypeFields($0, section.config, path: "", problems: Config.Problems(), withCaches: true)
    }
  }

  /// The value of a field of the class; nil for a type without known fields.
  func value(_ name: String) -> FieldValue? { fields?.value(name) }

  /// The first of some sizes that is given, else the first that the class has; nil for one that is no size, too.
  ///
  /// `missing` is what it is where neither has it.
  func size(_ names: String..., else missing: UInt64? = nil) -> UInt64? {
    let names = names.flatMap { spellings($0) }
    for name in names {
      guard let given = config[name], !given.isNull else { continue }
      guard let number = given.int64, Self.sizes ~= number else { return nil }
      return UInt64(number)
    }
    for name in names {
      if case .number(let number)? = value(name), Self.sizes ~= number { return UInt64(number) }
    }
    return missing
  }

  /// A flag; `missing` where it is neither given nor known of the class.
  func flag(_ name: String, _ missing: Bool) -> Bool {
    if let given = config[name]?.bool { return given }
    return switch value(name) {
    case nil, .null?, .invalid?: missing
    case let known?: known.isTrue
    }
  }

  /// A name and that which the class's attribute map has for it.
  private func spellings(_ name: String) -> [String] {
    guard let keys = fields?.type.otherKeys else { return [name] }
    return [name] + keys.filter { $0.value.contains(name) }.keys.sorted()
  }

  private static let sizes: Range<Int64> = 1..<1 << 31
}

extension TypeText {
  /// Whether the type's configuration has a section of this name.
  fileprivate func hasSection(_ name: String) -> Bool {
    modelSections[name + "."] != nil || defaults.keys.contains { $0.hasPrefix(name + ".") }
  }
}
