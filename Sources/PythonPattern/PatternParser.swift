/// Reads the syntax of Python 3.11's `re` for `str` patterns, with its errors and their positions.
///
/// Recursive descent; the depth of groups is bounded, so the stack is too.
struct PatternParser {
  /// `(?i)` and its kin, at the place being read.
  struct Flags: OptionSet {
    let rawValue: UInt8
    static let ignoreCase = Flags(rawValue: 1)
    static let multiline = Flags(rawValue: 2)
    static let dotAll = Flags(rawValue: 4)
    static let verbose = Flags(rawValue: 8)
    static let ascii = Flags(rawValue: 16)
    static let unicode = Flags(rawValue: 32)
  }

  /// A character, or a backslash with the character behind it.
  struct Token: Equatable {
    let scalar: Unicode.Scalar
    var isEscaped = false
    var length: Int { isEscaped ? 2 : 1 }
    var text: String { (isEscaped ? "\\" : "") + String(scalar) }
    func `is`(_ other: Unicode.Scalar) -> Bool { !isEscaped && scalar == other }
  }

  struct Lookaround {
    let body: Node
    let isBehind: Bool
    /// Where its parenthesis is, in scalars.
    let position: Int
  }

  /// Groups within groups; Python itself gives up near 490.
  static let maximumNesting = 100
  /// Each takes a byte per character of the text while matching.
  static let maximumLookarounds = 1000
  private static let maximumRepetitions = Int(UInt32.max) - 1

  private let scalars: [Unicode.Scalar]
  private var index = 0
  private(set) var next: Token?
  private(set) var classes: [CharacterClass] = []
  private var classIndices: [CharacterClass: Int] = [:]
  private(set) var lookarounds: [Lookaround] = []
  var groupCount = 1
  var groupNumbers: [String: Int] = [:]

  init(_ scalars: [Unicode.Scalar]) throws(PatternError) {
    self.scalars = scalars
    try advance()
  }

  /// The whole pattern.
  mutating func parse() throws(PatternError) -> Node {
    var flags: Flags = []
    let node = try alternation(&flags, depth: 0)
    // Only a closing parenthesis ends an alternation before the end.
    if next != nil { throw invalid("unbalanced parenthesis") }
    for lookaround in lookarounds where lookaround.isBehind {
      let width = lookaround.body.width
      guard width.least == width.most else {
        throw .invalid(reason: "look-behind requires fixed-width pattern", position: lookaround.position)
      }
    }
    return node
  }

  // MARK: Tokens

  /// Where the next token begins, in scalars.
  var position: Int { index - (next?.length ?? 0) }

  mutating func advance() throws(PatternError) {
    guard index < scalars.count else {
      next = nil
      return
    }
    guard scalars[index] == "\\" else {
      next = Token(scalar: scalars[index])
      index += 1
      return
    }
    guard index + 1 < scalars.count else {
      throw .invalid(reason: "bad escape (end of pattern)", position: index)
    }
    next = Token(scalar: scalars[index + 1], isEscaped: true)
    index += 2
  }

  mutating func take() throws(PatternError) -> Token? {
    let token = next
    try advance()
    return token
  }

  mutating func take(_ scalar: Unicode.Scalar) throws(PatternError) -> Bool {
    guard let next, next.is(scalar) else { return false }
    try advance()
    return true
  }

  /// Unescaped characters of a kind, at most `limit`.
  mutating func take(
    while isWanted: (Unicode.Scalar) -> Bool, limit: Int = .max
  ) throws(PatternError) -> String {
    var text = ""
    var count = 0
    while count < limit, let token = next, !token.isEscaped, isWanted(token.scalar) {
      text.unicodeScalars.append(token.scalar)
      count += 1
      try advance()
    }
    return text
  }

  /// An error `back` scalars before the next token.
  func invalid(_ reason: String, back: Int = 0) -> PatternError {
    .invalid(reason: reason, position: position - back)
  }

  // MARK: Alternatives, sequences, quantifiers

  /// `a|b|c`; global flags may only stand at the very start, and change `flags` for all that follows.
  mutating func alternation(_ flags: inout Flags, depth: Int) throws(PatternError) -> Node {
    guard depth <= Self.maximumNesting else { throw .tooLarge(.nesting, maximum: Self.maximumNesting) }
    var branches: [Node] = []
    repeat {
      branches.append(try sequence(&flags, depth: depth, mayHoldGlobalFlags: depth == 0 && branches.isEmpty))
    } while try take("|")
    return .oneOf(branches)
  }

  /// An item of a sequence, with what a following quantifier has to know of it.
  struct Item {
    let node: Node
    var kind = Kind.atom
    enum Kind { case atom, assertion, repetition }
  }

  private mutating func sequence(
    _ flags: inout Flags, depth: Int, mayHoldGlobalFlags: Bool
  ) throws(PatternError) -> Node {
    var items: [Item] = []
    while let token = next, !token.is("|"), !token.is(")") {
      try advance()
      if flags.contains(.verbose), try skipSpace(token) { continue }
      if token.isEscaped {
        items.append(try escape(token, flags))
        continue
      }
      switch token.scalar {
      case "[": items.append(Item(node: try characterSet(flags)))
      case ".": items.append(Item(node: .any(newline: flags.contains(.dotAll))))
      case "^":
        items.append(Item(node: .assertion(flags.contains(.multiline) ? .lineStart : .textStart), kind: .assertion))
      case "$":
        let end: Node.Assertion = flags.contains(.multiline) ? .lineEnd : .textEndOrFinalNewline
        items.append(Item(node: .assertion(end), kind: .assertion))
      case "(":
        let mayHoldGlobalFlags = mayHoldGlobalFlags && items.isEmpty
        if let node = try group(&flags, depth: depth, mayHoldGlobalFlags: mayHoldGlobalFlags) {
          items.append(Item(node: node))
        }
      case "*", "+", "?", "{": try quantify(&items, token)
      default: items.append(Item(node: literal(token.scalar.value, flags)))
      }
    }
    return .joined(items.map(\.node))
  }

  /// What `(?x)` leaves out between items: white space, and `#` to the end of its line.
  private mutating func skipSpace(_ token: Token) throws(PatternError) -> Bool {
    guard !token.isEscaped else { return false }
    switch token.scalar {
    case " ", "\t", "\n", "\r", "\u{B}", "\u{C}": return true
    case "#":
      while let skipped = try take() {
        if skipped.is("\n") { break }
      }
      return true
    default: return false
    }
  }

  /// Puts the quantifier that begins with `token` around the last item.
  private mutating func quantify(_ items: inout [Item], _ token: Token) throws(PatternError) {
    let start = position
    guard let (minimum, maximum) = try bounds(token) else {
      items.append(Item(node: .scalar(token.scalar.value)))
      return
    }
    guard let item = items.last, item.kind != .assertion else {
      throw .invalid(reason: "nothing to repeat", position: start - 1)
    }
    guard item.kind != .repetition else { throw .invalid(reason: "multiple repeat", position: start - 1) }
    let node: Node
    if try take("+") {
      node = try possessive(item.node, minimum, maximum, position: start - 1)
    } else {
      _ = try take("?")
      node = .repeated(item.node, minimum, maximum)
    }
    items[items.count - 1] = Item(node: node, kind: .repetition)
  }

  /// The counts of a quantifier; nil when a brace is just a brace.
  private mutating func bounds(_ token: Token) throws(PatternError) -> (Int, Int?)? {
    switch token.scalar {
    case "?": return (0, 1)
    case "*": return (0, nil)
    case "+": return (1, nil)
    default: break
    }
    let start = position
    if let next, next.is("}") { return nil }
    let isDigit = { (scalar: Unicode.Scalar) in ("0"..."9").contains(scalar) }
    let low = try take(while: isDigit)
    let high = try take(",") ? try take(while: isDigit) : low
    guard try take("}") else {
      index = start
      try advance()
      return nil
    }
    let minimum = low.isEmpty ? 0 : try count(low)
    let maximum = high.isEmpty ? nil : try count(high)
    if let maximum, maximum < minimum {
      throw .invalid(reason: "min repeat greater than max repeat", position: start)
    }
    return (minimum, maximum)
  }

  private func count(_ digits: String) throws(PatternError) -> Int {
    guard let count = Int(digits), count <= Self.maximumRepetitions else {
      throw .tooLarge(.repetition, maximum: Self.maximumRepetitions)
    }
    return count
  }

  /// A quantifier that gives nothing back, over a single character: as many as there are, which a lookahead can say.
  ///
  /// `x{2,5}+` is `x{5}`, or two to four with no `x` behind them.
  private mutating func possessive(
    _ node: Node, _ minimum: Int, _ maximum: Int?, position: Int
  ) throws(PatternError) -> Node {
    if case .empty = node { return .empty }
    guard node.isSingle else { throw .unsupported(.possessiveGroup, position: position) }
    if minimum == maximum { return .repeated(node, minimum, maximum) }
    let end = try lookaround(node, isBehind: false, isNegated: true, position: position)
    guard let maximum else { return .joined([.repeated(node, minimum, nil), end]) }
    return .alternation([
      .repeated(node, maximum, maximum), .joined([.repeated(node, minimum, maximum - 1), end]),
    ])
  }

  // MARK: Building nodes

  /// One character, which under `(?i)` may stand for several.
  func isCased(_ scalar: UInt32, _ flags: Flags) -> Bool {
    flags.contains(.ignoreCase) && CaseFolding.isCased(scalar, asciiOnly: flags.contains(.ascii))
  }

  mutating func literal(_ scalar: UInt32, _ flags: Flags) -> Node {
    isCased(scalar, flags) ? set([scalar...scalar], [], isNegated: false, flags) : .scalar(scalar)
  }

  mutating func set(
    _ ranges: [ClosedRange<UInt32>], _ categories: Set<CharacterClass.Category>, isNegated: Bool, _ flags: Flags
  ) -> Node {
    let set = CharacterClass(
      ranges: ranges, categories: categories, isNegated: isNegated, ignoresCase: flags.contains(.ignoreCase),
      asciiOnly: flags.contains(.ascii))
    if let index = classIndices[set] { return .characterClass(index) }
    classes.append(set)
    classIndices[set] = classes.count - 1
    return .characterClass(classes.count - 1)
  }

  mutating func lookaround(
    _ body: Node, isBehind: Bool, isNegated: Bool, position: Int
  ) throws(PatternError) -> Node {
    guard lookarounds.count < Self.maximumLookarounds else {
      throw .tooLarge(.lookarounds, maximum: Self.maximumLookarounds)
    }
    lookarounds.append(Lookaround(body: body, isBehind: isBehind, position: position))
    return .lookaround(lookarounds.count - 1, negated: isNegated)
  }
}
