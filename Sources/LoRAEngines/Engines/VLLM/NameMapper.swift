import JSON
import PythonPattern
import TensorCore

/// How a model class of vLLM renames what it reads (`WeightsMapper` in `vllm/model_executor/models/utils.py`): every rule
/// is applied in turn, each at most once.
struct NameMapper: Sendable {
  fileprivate enum Rule: Sendable {
    case anywhere(String, String)
    case beginning(String, String)
    case ending(String, String)
    /// Puts a text before names that begin with one of these and not with the text itself.
    case under(String, [String])
    /// Takes a beginning off names that do not go on with one of these.
    case over(String, [String])
    /// Keeps what begins with the last component of this name, below a beginning.
    case from(String, below: String)
    /// A regular expression that is more than a text; what it would make of a name is not known here.
    case pattern(PythonPattern)
  }

  private let rules: [Rule]

  /// Whether every name stays as it is.
  var isIdentity: Bool { rules.isEmpty }

  /// Whether a digit in a name can decide what becomes of it.
  let dependsOnNumbers: Bool

  /// Reads the rules of a class: `renaming`, `regex`, `substr`, `prefix`, `suffix`, each a list of pairs.
  init(_ object: JSONObject) {
    func pairs(_ key: String) -> [(String, String)] {
      object[key]?.array?.compactMap { pair in
        guard let fields = pair.array, fields.count == 2, let from = fields[0].firstText, let to = fields[1].firstText
        else { return nil }
        return (from, to)
      } ?? []
    }
    var rules: [Rule] = []
    for (from, to) in pairs("renaming") + pairs("regex") {
      if let rule = Rule(pattern: from, to) { rules.append(rule) }
    }
    for (from, to) in pairs("substr") { rules.append(.anywhere(from, to)) }
    for (from, to) in pairs("prefix") { rules.append(.beginning(from, to)) }
    for (from, to) in pairs("suffix") { rules.append(.ending(from, to)) }
    self.rules = rules
    dependsOnNumbers = rules.contains { rule in
      switch rule {
      case .anywhere(let from, _), .beginning(let from, _), .ending(let from, _):
        from.split(separator: ".").contains { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
      case .under, .over, .from: false
      case .pattern: true
      }
    }
  }

  /// The engine's name, or nil where a rule decides that is not understood here.
  func mapped(_ name: String) -> String? {
    var name = name
    for rule in rules {
      switch rule {
      case .anywhere(let from, let to):
        if let range = name.firstRange(of: from) { name.replaceSubrange(range, with: to) }
      case .beginning(let from, let to): if name.hasPrefix(from) { name = to + name.dropFirst(from.count) }
      case .ending(let from, let to): if name.hasSuffix(from) { name = name.dropLast(from.count) + to }
      case .under(let top, let children):
        if !name.hasPrefix(top), children.contains(where: { name.hasPrefix($0) }) { name = top + name }
      case .over(let top, let children):
        let rest = name.dropFirst(top.count)
        if name.hasPrefix(top), !rest.isEmpty, !children.contains(where: { rest.hasPrefix($0) }) { name = String(rest) }
      case .from(let component, let top):
        if name.hasPrefix(top), let range = name.ranges(of: "." + component).last {
          name = String(name[name.index(after: range.lowerBound)...])
        }
      case .pattern(let pattern): if pattern.isFound(in: name) { return nil }
      }
    }
    return name
  }
}

extension JSONValue {
  /// A text, alone or as the first of a list.
  fileprivate var firstText: String? { string ?? array?.first?.string }
}

extension NameMapper.Rule {
  /// A regular expression that stands for a text, at a fixed place or anywhere, as that; every other as a pattern.
  init?(pattern: String, _ replacement: String) {
    var text = pattern[...]
    let isBeginning = text.hasPrefix("^")
    if isBeginning { text = text.dropFirst() }
    let isEnding = text.hasSuffix("$")
    if isEnding { text = text.dropLast() }
    let plain = text.replacing("\\.", with: ".")
    let isText = !plain.isEmpty && plain.allSatisfy { $0.isLetter || $0.isNumber || $0 == "." || $0 == "_" }
    if isText, !replacement.contains("\\"), !(isBeginning && isEnding) {
      self =
        isBeginning
        ? .beginning(String(plain), replacement)
        : isEnding ? .ending(String(plain), replacement) : .anywhere(String(plain), replacement)
      return
    }
    if let known = Self(backendPattern: pattern, replacement) {
      self = known
      return
    }
    guard let compiled = try? PythonPattern(pattern) else { return nil }
    self = .pattern(compiled)
  }

  /// The expressions with which vLLM's Transformers backend brings checkpoints of any spelling below `model.`
  /// (`_create_hf_to_vllm_mapper` in `transformers/base.py`), and lists of beginnings that get a text in front.
  private init?(backendPattern pattern: String, _ replacement: String) {
    func inner(_ start: String, _ end: String) -> String? {
      guard pattern.hasPrefix(start), pattern.hasSuffix(end), pattern.count > start.count + end.count else {
        return nil
      }
      return String(pattern.dropFirst(start.count).dropLast(end.count))
    }
    func names(_ list: String) -> [String]? {
      let names = list.split(separator: "|").map { String($0.replacing("\\.", with: ".")) }
      return names.allSatisfy { $0.allSatisfy { $0.isLetter || $0.isNumber || $0 == "." || $0 == "_" } } ? names : nil
    }
    if replacement == #"model.\1"#, let children = inner(#"^(?!model\.)(("#, ").*)").flatMap(names) {
      self = .under("model.", children)
    } else if replacement == #"model.\1"#, let body = inner("^", #"\.(.+)"#).flatMap(names), body.count == 1 {
      self = .beginning(body[0] + ".", "model.")
    } else if replacement == #"\2"#, let children = inner(#"^(model\.)((?!"#, ").+)").flatMap(names) {
      self = .over("model.", children)
    } else if replacement == #"\2"#, let head = inner(#"^model\.(.+\.)*("#, ".+)").flatMap(names), head.count == 1 {
      self = .from(head[0], below: "model.")
    } else if replacement.hasSuffix(#"\1\2"#), let starts = inner("^(", ")(.+)$").flatMap(names) {
      self = .under(String(replacement.dropLast(4)), starts)
    } else if replacement.hasSuffix(#"\1"#), let starts = inner("^(", ")").flatMap(names) {
      self = .under(String(replacement.dropLast(2)), starts)
    } else {
      return nil
    }
  }
}
