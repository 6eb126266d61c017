/// Reads formulas and items of the table; what does not parse is nil, which a test over the whole table excludes.
struct TableReader {
  let bytes: [UInt8]
  var position = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  var isAtEnd: Bool { position >= bytes.count }

  /// The next byte, or nil at the end.
  var next: UInt8? { isAtEnd ? nil : bytes[position] }

  /// Takes a text when it comes next.
  mutating func takes(_ text: String) -> Bool {
    let matches = bytes[position...].starts(with: text.utf8)
    if matches { position += text.utf8.count }
    return matches
  }

  /// Takes letters, digits, underscores, dots and hyphens.
  mutating func word() -> String {
    let start = position
    while let byte = next, Self.isWord(byte) { position += 1 }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."): true
    default: false
    }
  }
}

extension TableReader {
  private static let operators: [(text: String, operation: Formula.Operator, level: Int)] = [
    ("==", .equal, 3), ("<=", .lessOrEqual, 3), ("<", .less, 3), (" has ", .has, 3), ("//", .divideDown, 5),
    ("**", .power, 6), ("+", .add, 4), ("-", .subtract, 4), ("*", .multiply, 5), ("/", .divide, 5),
    ("%", .remainder, 5), ("&", .and, 2), ("|", .or, 1),
  ]

  /// A formula whose operators bind at least as strongly as `level`; 0 admits choices too.
  mutating func formula(_ level: Int = 0) -> Formula? {
    guard var left = unary() else { return nil }
    while let (operation, strength) = takeOperator(level) {
      guard let right = formula(strength + 1) else { return nil }
      left = .binary(operation, left, right)
    }
    guard level == 0, takes("?") else { return left }
    guard let yes = formula(), takes(":"), let no = formula() else { return nil }
    return .choice(left, yes, no)
  }

  private mutating func takeOperator(_ level: Int) -> (Formula.Operator, Int)? {
    for (text, operation, strength) in Self.operators where takes(text) {
      if strength >= max(level, 1) { return (operation, strength) }
      position -= text.utf8.count
      return nil
    }
    return nil
  }

  private mutating func unary() -> Formula? {
    if takes("!") { return unary().map { .not($0) } }
    if takes("(") {
      guard let inner = formula(), takes(")") else { return nil }
      return inner
    }
    if takes("'") { return quoted() }
    if takes("-") { return Int64(word()).map { .number(-$0) } }
    if takes("[") {
      guard let count = formula(2), takes("|"), let element = formula(), takes("]") else { return nil }
      return .list(count, element)
    }
    return named(word())
  }

  private mutating func quoted() -> Formula? {
    let start = position
    while let byte = next, byte != UInt8(ascii: "'") { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    return takes("'") ? .text(text) : nil
  }

  private mutating func named(_ word: String) -> Formula? {
    if let number = Int64(word) { return .number(number) }
    if let first = word.utf8.first, first < UInt8(ascii: "A") { return Double(word).map { .real($0) } }
    switch word {
    case "": return nil
    case "i": return .index(0)
    case "j": return .index(1)
    case "k": return .index(2)
    case "l": return .index(3)
    case "null" where next != UInt8(ascii: "("): return .missing
    case "true": return .number(1)
    case "false": return .number(0)
    default: break
    }
    if takes("[") {
      guard let inner = formula(), takes("]") else { return nil }
      return .element(word, inner)
    }
    return takes("(") ? call(word) : .field(word)
  }

  private mutating func call(_ name: String) -> Formula? {
    guard let inner = formula(), takes(")") else { return nil }
    switch (name, inner) {
    case ("null", .field(let field)): return .isNull(field)
    case ("list", .field(let field)): return .isList(field)
    case ("len", .field(let field)): return .length(field)
    case ("int", _): return .rounded(.down, inner)
    case ("ceil", _): return .rounded(.up, inner)
    case ("round", _): return .rounded(.nearest, inner)
    default: return nil
    }
  }
}
