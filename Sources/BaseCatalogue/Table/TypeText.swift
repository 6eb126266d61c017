import JSON

/// What the table says of a model type: its fields, how they follow from the keys, and the rows of its classes.
///
/// The table is text, so that a start of the tool costs nothing: only the type that a configuration names is read.
struct TypeText: Sendable {
  /// A model class.
  struct Class: Sendable {
    let name: String
    /// The automatic classes that make this one.
    let automatic: [String]
    /// Where the body stands in it, empty for the body alone.
    var prefix = ""
    var names = StoredNames()
    var rows: [Item] = []
  }

  let modelType: String
  /// Defaults of the fields by full name.
  var defaults: [String: FieldValue] = [:]
  /// Values that fields have instead when their section is missing.
  var withoutSection: [String: FieldValue] = [:]
  /// Values that fields of the usual model in a section have, where that model's own defaults are others.
  var inSection: [String: FieldValue] = [:]
  /// Other names of keys by full name.
  var otherKeys: [String: [String]] = [:]
  /// Fields that the configuration class works out.
  var definitions: [String: Formula] = [:]
  /// What held for all configurations that the rows were learned from: where it does not, the rows are not known.
  var guards: [(text: String, formula: Formula)] = []
  /// Strings that the rows were learned with, by field.
  var knownStrings: [String: [String]] = [:]
  /// Keys from which older files let the lists of layers follow, in a way that is not known here, by section.
  var olderKeys: [String: [String]] = [:]
  /// Sections that name the type of their model, with the type that is meant where they do not.
  var modelSections: [String: String] = [:]
  var classes: [Class] = []

  /// Reads the lines of a type; nil when one is malformed.
  ///
  /// - Parameter isFieldsOnly: whether the lines of its classes, most of the text, are passed over.
  init?(_ modelType: String, _ text: String, isFieldsOnly: Bool = false) {
    self.modelType = modelType
    for line in text.utf8.split(separator: UInt8(ascii: "\n")).map({ Substring($0) }) {
      if isFieldsOnly, let mark = line.utf8.first, Self.classMarks.contains(mark) { continue }
      let words = line.split(separator: " ").map { String($0) }
      guard let mark = words.first, read(mark, words.dropFirst(), line.dropFirst(2)) else { return nil }
    }
    if !isFieldsOnly, classes.isEmpty { return nil }
  }

  /// What the lines of classes begin with.
  private static let classMarks: [UInt8] = Array("crpi".utf8)

  private mutating func read(_ mark: String, _ words: ArraySlice<String>, _ rest: Substring) -> Bool {
    switch mark {
    case "f": readFields(words, into: \.defaults)
    case "g": readGuard(rest)
    case "n": readFields(words, into: \.inSection)
    case "m": readFields(words, into: \.withoutSection)
    case "k": readKeys(words)
    case "d": readDefinition(words, rest)
    case "s": readStrings(words)
    case "u": readOlderKeys(words)
    case "y": readModelSection(words)
    case "c": readClass(words)
    case "r": readStoredName(rest)
    case "p": readPrefix(words)
    case "i": readRows(rest)
    default: false
    }
  }

  private mutating func readFields(
    _ words: ArraySlice<String>, into table: WritableKeyPath<TypeText, [String: FieldValue]>
  ) -> Bool {
    guard let section = words.first else { return false }
    for word in words.dropFirst() {
      guard let (name, text) = Self.pair(word), let value = try? JSONValue(parsing: Array(text.utf8)) else {
        return false
      }
      self[keyPath: table][Self.full(section, name)] = FieldValue(value)
    }
    return true
  }

  private mutating func readKeys(_ words: ArraySlice<String>) -> Bool {
    guard let section = words.first else { return false }
    for word in words.dropFirst() {
      guard let (other, name) = Self.pair(word) else { return false }
      otherKeys[Self.full(section, name), default: []].append(other)
    }
    return true
  }

  private mutating func readDefinition(_ words: ArraySlice<String>, _ rest: Substring) -> Bool {
    guard let name = words.first else { return false }
    var reader = TableReader(String(rest.dropFirst(name.count + 1)))
    definitions[name] = reader.formula()
    return definitions[name] != nil && reader.isAtEnd
  }

  private mutating func readGuard(_ rest: Substring) -> Bool {
    var reader = TableReader(String(rest))
    guard let formula = reader.formula(), reader.isAtEnd else { return false }
    guards.append((String(rest), formula))
    return true
  }

  private mutating func readStrings(_ words: ArraySlice<String>) -> Bool {
    guard let name = words.first else { return false }
    knownStrings[name] = Array(words.dropFirst())
    return true
  }

  private mutating func readOlderKeys(_ words: ArraySlice<String>) -> Bool {
    guard let section = words.first else { return false }
    olderKeys[section == "." ? "" : section] = Array(words.dropFirst())
    return true
  }

  private mutating func readModelSection(_ words: ArraySlice<String>) -> Bool {
    guard words.count == 2, let section = words.first, let type = words.last else { return false }
    modelSections[section] = type
    return true
  }

  private mutating func readClass(_ words: ArraySlice<String>) -> Bool {
    guard let name = words.first else { return false }
    classes.append(Class(name: name, automatic: Array(words.dropFirst())))
    return true
  }

  private mutating func readPrefix(_ words: ArraySlice<String>) -> Bool {
    guard let last = classes.indices.last else { return false }
    classes[last].prefix = words.first ?? ""
    return true
  }

  private mutating func readStoredName(_ rest: Substring) -> Bool {
    guard let last = classes.indices.last else { return false }
    return classes[last].names.add(rest)
  }

  private mutating func readRows(_ rest: Substring) -> Bool {
    var reader = TableReader(String(rest))
    guard let last = classes.indices.last, let items = reader.items(), reader.isAtEnd else { return false }
    classes[last].rows = items
    return true
  }

  private static func pair(_ word: String) -> (String, String)? {
    guard let equals = word.firstIndex(of: "=") else { return nil }
    return (String(word[..<equals]), String(word[word.index(after: equals)...]))
  }

  private static func full(_ section: String, _ name: String) -> String { section == "." ? name : section + name }
}

extension FieldValue {
  /// A value as JSON has it; objects are of no use here.
  init(_ value: JSONValue) {
    switch value {
    case .null: self = .null
    case .bool(let flag): self = .number(flag ? 1 : 0)
    case .integer(let number): self = abs(number) <= 1 << 40 ? .number(number) : .invalid
    case .real(let number): self = .real(number)
    case .string(let text): self = .text(text)
    case .array(let elements): self = .list(elements.map { FieldValue($0) })
    default: self = .invalid
    }
  }
}

/// Where the names in a checkpoint are others than in memory: a tree over the components of the paths in memory.
struct StoredNames: Sendable {
  /// A component of a path; the number of a layer is `*`.
  final class Node: Sendable {
    let children: [String: Node]
    let names: [String]?

    init(children: [String: Node], names: [String]?) {
      self.children = children
      self.names = names
    }

    func adding(_ path: ArraySlice<Substring>, _ names: [String]) -> Node {
      guard let first = path.first else { return Node(children: children, names: names) }
      var children = children
      children[String(first)] = (children[String(first)] ?? Node(children: [:], names: nil)).adding(
        path.dropFirst(), names)
      return Node(children: children, names: self.names)
    }
  }

  private(set) var root = Node(children: [:], names: nil)

  /// Adds a line `path in memory>path in the checkpoint`, the latter perhaps several.
  mutating func add(_ line: Substring) -> Bool {
    guard let arrow = line.firstIndex(of: ">") else { return false }
    let path = line[..<arrow].split(separator: ".")
    let names = line[line.index(after: arrow)...].split(separator: ",", omittingEmptySubsequences: false)
    root = root.adding(path[...], names.map { String($0) })
    return true
  }
}
