/// A YAML document as a policy needs it: text, lists and mappings with their places; no anchors, aliases or tags.
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
  init(parsing bytes: [UInt8]) throws(YAMLProblem) {
    guard String(validating: bytes, as: UTF8.self) != nil else { throw YAMLProblem(notUTF8: bytes) }
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let events = YAMLEvents(bytes.starts(with: byteOrderMark) ? Array(bytes.dropFirst(3)) : bytes)
    let nothing = YAMLProblem(line: nil, column: nil, message: Self.emptiness)
    guard try events.next().kind == .documentStart else { throw nothing }
    self = try YAMLNode(try events.next(), of: events, depth: 0)
    if case .plain("") = content { throw nothing }
    let last = try events.next()
    guard last.kind == .end else { throw last.problem("this is not YAML: expected a single document") }
  }

  /// Levels of lists and mappings in each other that are read; a policy has four.
  private static let depthLimit = 32

  private init(_ event: YAMLEvents.Event, of events: YAMLEvents, depth: Int) throws(YAMLProblem) {
    guard depth <= Self.depthLimit else { throw event.problem("it is nested too deeply") }
    switch event.kind {
    case .plain(let text): content = .plain(text)
    case .quoted(let text): content = .quoted(text)
    case .listStart:
      var list: [YAMLNode] = []
      while true {
        let next = try events.next()
        if next.kind == .listEnd { break }
        list.append(try YAMLNode(next, of: events, depth: depth + 1))
      }
      content = .list(list)
    case .mappingStart: content = .mapping(try Self.pairs(events, depth: depth))
    case .documentStart, .listEnd, .mappingEnd, .end: throw event.problem("this is not YAML: it ends too early")
    }
    line = event.line
    column = event.column
  }

  private static func pairs(_ events: YAMLEvents, depth: Int) throws(YAMLProblem) -> [(key: YAMLNode, value: YAMLNode)]
  {
    var pairs: [(key: YAMLNode, value: YAMLNode)] = []
    var names: Set<String> = []
    while true {
      let next = try events.next()
      if next.kind == .mappingEnd { return pairs }
      let key = try YAMLNode(next, of: events, depth: depth + 1)
      guard let name = key.text else { throw next.problem("a key must be a word, not a list or mapping") }
      guard names.insert(name).inserted else { throw next.problem(duplicate: name) }
      pairs.append((key, try YAMLNode(try events.next(), of: events, depth: depth + 1)))
    }
  }
}

extension YAMLProblem {
  /// The place of the first bytes that are no UTF-8.
  fileprivate init(notUTF8 bytes: [UInt8]) {
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    let index = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
    let column = String(decoding: lines[index], as: UTF8.self).unicodeScalars.prefix { $0 != "\u{FFFD}" }.count + 1
    self.init(line: index + 1, column: column, message: "the policy must be text in UTF-8")
  }
}
