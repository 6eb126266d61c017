import TensorCore
import Yams

/// A YAML document as a policy needs it: text, lists and mappings with their places; no anchors, aliases or tags.
///
/// The one place that knows the YAML library, and so the one that brings Foundation into the program.
struct YAMLNode {
  /// What is said of a file that sets nothing.
  static let emptiness = "the policy is empty; 'lora-tool policy init' writes one to start from"

  /// What a node holds.
  enum Content {
    /// A scalar without quotes, which may stand for a number, a truth value or nothing.
    case plain(String)
    /// A scalar in quotes or a block of text.
    case quoted(String)
    case list([YAMLNode])
    /// Keys are scalars; none occurs twice.
    case mapping([(key: YAMLNode, value: YAMLNode)])
  }

  let content: Content
  /// Line, from 1.
  let line: Int
  /// Column in characters, from 1.
  let column: Int

  /// The text of a scalar.
  var text: String? {
    switch content {
    case .plain(let text), .quoted(let text): text
    case .list, .mapping: nil
    }
  }
}

/// Why a text is not YAML, or not of the part of YAML that policies are written in.
struct YAMLProblem: Error {
  let line: Int?
  let column: Int?
  let message: String
}

extension YAMLNode {
  /// Parses one document.
  ///
  /// The library expands aliases while it parses, and hashes what they expand to when it looks for equal keys: a few
  /// lines of aliases to aliases would keep it busy for ever. So a first parse reads every alias as a word. If no anchor
  /// shows in it, no alias of the text can mean anything, and the second parse is as harmless as the first.
  init(parsing bytes: [UInt8]) throws(YAMLProblem) {
    guard var text = String(validating: bytes, as: UTF8.self) else { throw YAMLProblem(notUTF8: bytes) }
    if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
    var harmless = String.UnicodeScalarView()
    harmless.append(contentsOf: text.unicodeScalars.lazy.map { $0 == "*" ? "\u{FFFD}" : $0 })
    _ = try Self.parse(String(harmless))
    self = try Self.parse(text)
  }

  private static func parse(_ text: String) throws(YAMLProblem) -> YAMLNode {
    do {
      // Without rules every scalar is text, and keys are compared as text. The encoding is given because the library's
      // default looks for an environment variable and prints.
      let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      // Nodes hold their anchors weakly; the parser keeps them.
      return try withExtendedLifetime(parser) {
        guard let root = try parser.singleRoot() else {
          throw YAMLProblem(line: nil, column: nil, message: Self.emptiness)
        }
        return try YAMLNode(root)
      }
    } catch let problem as YAMLProblem {
      throw problem
    } catch let error as YamlError {
      throw YAMLProblem(error)
    } catch {
      throw YAMLProblem(line: nil, column: nil, message: "the file is not YAML")
    }
  }

  /// The library parses no more than a thousand levels, which bounds the recursion.
  private init(_ node: Node) throws(YAMLProblem) {
    let (line, column) = (node.mark?.line ?? 1, node.mark?.column ?? 1)
    guard node.anchor == nil else { throw YAMLProblem(line: line, column: column, message: YAMLProblem.alias) }
    let tag: Tag
    switch node {
    case .scalar(let scalar):
      tag = scalar.tag
      content = scalar.style == .plain || scalar.style == .any ? .plain(scalar.string) : .quoted(scalar.string)
    case .sequence(let sequence):
      tag = sequence.tag
      var list: [YAMLNode] = []
      for element in sequence { list.append(try YAMLNode(element)) }
      content = .list(list)
    case .mapping(let mapping):
      tag = mapping.tag
      content = .mapping(try Self.pairs(mapping))
    case .alias: throw YAMLProblem(line: line, column: column, message: YAMLProblem.alias)
    }
    // The library gives quoted text and compared keys their tags; every other one stands in the file.
    guard [.implicit, .str, .map, .seq].contains(Tag.Name(rawValue: tag.rawValue)) else {
      throw YAMLProblem(
        line: line, column: column, message: "tags such as \(escaped(tag.rawValue, limit: 80)) are not read")
    }
    self.line = line
    self.column = column
  }

  private static func pairs(_ mapping: Node.Mapping) throws(YAMLProblem) -> [(key: YAMLNode, value: YAMLNode)] {
    var pairs: [(key: YAMLNode, value: YAMLNode)] = []
    for (key, value) in mapping {
      let key = try YAMLNode(key)
      guard key.text != nil else {
        throw YAMLProblem(line: key.line, column: key.column, message: "a key must be a word, not a list or mapping")
      }
      pairs.append((key, try YAMLNode(value)))
    }
    return pairs
  }
}

extension YAMLProblem {
  fileprivate static let alias =
    "anchors (&name) and aliases (*name) are not read; put text that begins with & or * in quotes"

  fileprivate init(_ error: YamlError) {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let message =
        if problem.hasPrefix("found undefined alias") {
          Self.alias
        } else if problem.hasPrefix("Maximum nesting level") {
          "it is nested too deeply"
        } else {
          "this is not YAML: " + (context.map { "\($0.text), " } ?? "") + problem
        }
      self.init(line: mark.line, column: mark.column, message: message)
    case .duplicatedKeysInMapping(let keys, let context):
      let name = escaped(keys.first ?? "", limit: 60)
      self.init(
        line: context.mark.line, column: context.mark.column, message: "the key '\(name)' occurs more than once")
    case .reader(let problem, let offset, _, let text):
      let before = text.prefix(offset ?? 0)
      let line = before.count { $0.isNewline } + 1
      let column = before.reversed().prefix { !$0.isNewline }.count + 1
      self.init(line: line, column: column, message: "this is not YAML: \(problem)")
    default:
      self.init(line: nil, column: nil, message: "the file is not YAML")
    }
  }

  /// The place of the first bytes that are no UTF-8.
  fileprivate init(notUTF8 bytes: [UInt8]) {
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    let index = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
    let column = String(decoding: lines[index], as: UTF8.self).unicodeScalars.prefix { $0 != "\u{FFFD}" }.count + 1
    self.init(line: index + 1, column: column, message: "the policy must be text in UTF-8")
  }
}
