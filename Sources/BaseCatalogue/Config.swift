import JSON

/// Reads a configuration with the defaults of the architecture, and remembers the first value that is not right.
///
/// Reading never throws, so an architecture reads as plain rows; `Catalogue.describe` throws the remembered problem.
final class Config {
  /// The first problem in a configuration and its sections.
  final class Problems {
    private(set) var first: CatalogueError?

    func report(_ problem: CatalogueError) {
      if first == nil { first = problem }
    }
  }

  let problems: Problems
  private let object: JSONObject
  private let path: String

  init(_ object: JSONObject, path: String = "", problems: Problems = Problems()) {
    self.object = object
    self.path = path
    self.problems = problems
  }

  /// Whether the key is present and not null.
  func hasValue(_ key: String) -> Bool { object[key].map { !$0.isNull } ?? false }

  /// A count or dimension; `missing` is the default of the architecture.
  func size(_ key: String, _ missing: Size) -> Size {
    guard let value = object[key] else { return missing }
    return size(value, key)
  }

  /// A count or dimension for which a word may stand, that being `missing`.
  func size(_ key: String, _ missing: Size, unless word: String) -> Size {
    object[key]?.string == word ? missing : size(key, missing)
  }

  /// A count or dimension that may be null; a key that is not there counts as `missing`.
  func optionalSize(_ key: String, missing: Size? = nil) -> Size? {
    guard let value = object[key] else { return missing }
    return value.isNull ? nil : size(value, key)
  }

  /// Two sizes that may be given as one, such as height and width.
  func pair(_ key: String, _ missing: Size) -> (Size, Size) { pair(key, (missing, missing)) }

  /// Two sizes that may be given as one; `missing` are the defaults.
  func pair(_ key: String, _ missing: (Size, Size)) -> (Size, Size) {
    guard let value = object[key] else { return missing }
    guard value.array != nil else {
      let size = size(value, key)
      return (size, size)
    }
    guard let sizes = sizes(key), sizes.count == 2 else {
      report(key, expected: "an integer or two of them", object[key])
      return (.invalid, .invalid)
    }
    return (sizes[0], sizes[1])
  }

  /// A small number that steers which layers are which, such as a step; below 2^31.
  func number(_ key: String, _ missing: Int) -> Int {
    guard let value = object[key] else { return missing }
    if let number = value.int64, let small = Int32(exactly: number), small >= 0 { return Int(small) }
    report(key, expected: "an integer from 0 to 2^31", value)
    return missing
  }

  /// A truth value; null counts as false, as it does in Python.
  func bool(_ key: String, _ missing: Bool) -> Bool {
    switch object[key] {
    case nil: return missing
    case .null: return false
    case .bool(let value): return value
    case .some(let value):
      report(key, expected: "true or false", value)
      return missing
    }
  }

  /// A text; null counts as missing.
  func string(_ key: String, _ missing: String) -> String {
    switch object[key] {
    case nil, .null: return missing
    case .string(let value): return value
    case .some(let value):
      report(key, expected: "a string", value)
      return missing
    }
  }

  /// A text; nil when missing or null.
  func text(_ key: String) -> String? { hasValue(key) ? string(key, "") : nil }

  /// A list of layer indices; nil when missing or null.
  ///
  /// It is a set because every layer looks itself up in it.
  func indices(_ key: String) -> Set<Size>? { sizes(key).map { Set($0) } }

  /// A list of numbers that are not negative; nil when missing or null.
  func sizes(_ key: String) -> [Size]? {
    guard let value = object[key], !value.isNull else { return nil }
    guard let elements = value.array else {
      report(key, expected: "a list of integers", value)
      return nil
    }
    return elements.enumerated().map { size($1, "\(key)[\($0)]") }
  }

  /// A list of positions, which count from the end where they are negative, within ±2^31; nil when missing or null.
  func positions(_ key: String) -> [Int]? {
    guard hasValue(key) else { return nil }
    let found = object[key]?.array?.map { $0.int64.flatMap { Int32(exactly: $0) }.map { Int($0) } }
    if let found, !found.contains(nil) { return found.compactMap(\.self) }
    report(key, expected: "a list of integers", object[key])
    return []
  }

  /// A list of strings; nil when missing or null.
  func strings(_ key: String) -> [String]? {
    guard let value = object[key], !value.isNull else { return nil }
    guard let elements = value.array else {
      report(key, expected: "a list of strings", value)
      return nil
    }
    var strings: [String] = []
    for (index, element) in elements.enumerated() {
      guard let string = element.string else {
        report("\(key)[\(index)]", expected: "a string", element)
        return nil
      }
      strings.append(string)
    }
    return strings
  }

  /// A nested configuration; empty, so all defaults, when it is missing or null.
  func section(_ key: String) -> Config {
    let inner = path.isEmpty ? key : "\(path).\(key)"
    switch object[key] {
    case nil, .null: return Config(JSONObject(), path: inner, problems: problems)
    case .object(let object): return Config(object, path: inner, problems: problems)
    case .some(let value):
      report(key, expected: "an object", value)
      return Config(JSONObject(), path: inner, problems: problems)
    }
  }

  /// Whether there is an object, be it empty.
  func hasSection(_ key: String) -> Bool { object[key]?.object != nil }

  /// What some layers have instead of the model's fields; nil where nothing is said of any, a problem where they differ
  /// among themselves.
  func overrides(_ key: String) -> LayerOverrides? {
    guard let value = object[key], !LayerOverrides.isEmpty(value) else { return nil }
    let overrides = LayerOverrides(value)
    if overrides == nil {
      let inner = path.isEmpty ? key : "\(path).\(key)"
      problems.report(
        .unknownValue(path: inner, found: "layers that differ", modelType: object["model_type"]?.string ?? ""))
    }
    return overrides
  }

  /// Number of classes of a classification head: the entries of `id2label`, else `num_labels`, else 2.
  var labels: Size {
    if let named = object["id2label"]?.object { return Size(named.members.count) }
    return optionalSize("num_labels") ?? 2
  }

  /// Whether the token embedding is shared with the output head; one flag on the outside counts for nested models.
  func tied(_ missing: Bool) -> Bool { bool("tie_word_embeddings", missing) }

  /// Remembers that the value of `key` is not what it should be.
  func report(_ key: String, expected: String, _ found: JSONValue?) {
    let inner = path.isEmpty ? key : "\(path).\(key)"
    problems.report(.value(path: inner, expected: expected, found: found.map(shortDescription) ?? "missing"))
  }

  private func size(_ value: JSONValue, _ key: String) -> Size {
    if case .integer(let number) = value, let size = Size(exactly: UInt64(exactly: number)).value {
      return Size(exactly: size)
    }
    report(key, expected: "an integer from 0 to 2^40", value)
    return .invalid
  }
}

/// A value in a few words for a message.
func shortDescription(_ value: JSONValue) -> String {
  switch value {
  case .integer(let number): String(number)
  case .real(let number): String(number)
  case .bool(let flag): String(flag)
  case .string(let text): "the string \"\(escaped(String(text.prefix(40))))\""
  default: value.kindName
  }
}
