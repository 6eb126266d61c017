/// Backslashes and square brackets.
extension PatternParser {
  /// A backslash outside of brackets.
  mutating func escape(_ token: Token, _ flags: Flags) throws(PatternError) -> Item {
    let asciiOnly = flags.contains(.ascii)
    switch token.scalar {
    case "A": return Item(node: .assertion(.textStart), kind: .assertion)
    case "Z": return Item(node: .assertion(.textEnd), kind: .assertion)
    case "b": return Item(node: .assertion(.wordBoundary(asciiOnly: asciiOnly)), kind: .assertion)
    case "B": return Item(node: .assertion(.noWordBoundary(asciiOnly: asciiOnly)), kind: .assertion)
    default: break
    }
    if let category = Self.category(token.scalar) {
      return Item(node: set([], [category], isNegated: false, flags))
    }
    if ("1"..."9").contains(token.scalar) {
      return Item(node: literal(try octalOrBackreference(token), flags))
    }
    return Item(node: literal(try character(token), flags))
  }

  /// `[…]`, from behind the bracket.
  mutating func characterSet(_ flags: Flags) throws(PatternError) -> Node {
    let start = position - 1
    var ranges: [ClosedRange<UInt32>] = []
    var categories: Set<CharacterClass.Category> = []
    let isNegated = try take("^")
    var isFirst = true
    func unterminated() -> PatternError { .invalid(reason: "unterminated character set", position: start) }
    func add(_ member: Member) {
      switch member {
      case .scalar(let scalar): ranges.append(scalar...scalar)
      case .category(let category): categories.insert(category)
      }
    }
    while true {
      guard let token = try take() else { throw unterminated() }
      if token.is("]"), !isFirst { break }
      isFirst = false
      let low = try member(token)
      guard try take("-") else {
        add(low)
        continue
      }
      guard let end = try take() else { throw unterminated() }
      if end.is("]") {
        add(low)
        add(.scalar(0x2D))
        break
      }
      let high = try member(end)
      guard case .scalar(let first) = low, case .scalar(let last) = high, first <= last else {
        throw invalid("bad character range \(token.text)-\(end.text)", back: token.length + 1 + end.length)
      }
      ranges.append(first...last)
    }
    if !isNegated, categories.isEmpty, ranges.count == 1, ranges[0].count == 1 {
      return literal(ranges[0].lowerBound, flags)
    }
    return set(ranges, categories, isNegated: isNegated, flags)
  }

  private enum Member {
    case scalar(UInt32)
    case category(CharacterClass.Category)
  }

  private mutating func member(_ token: Token) throws(PatternError) -> Member {
    guard token.isEscaped else { return .scalar(token.scalar.value) }
    if let category = Self.category(token.scalar) { return .category(category) }
    if token.scalar == "b" { return .scalar(8) }
    return .scalar(try character(token))
  }

  private static func category(_ scalar: Unicode.Scalar) -> CharacterClass.Category? {
    switch scalar {
    case "d": .digit
    case "D": .notDigit
    case "s": .space
    case "S": .notSpace
    case "w": .word
    case "W": .notWord
    default: nil
    }
  }

  /// A backslash that stands for one character.
  private mutating func character(_ token: Token) throws(PatternError) -> UInt32 {
    switch token.scalar {
    case "a": return 7
    case "f": return 12
    case "n": return 10
    case "r": return 13
    case "t": return 9
    case "v": return 11
    case "x": return try hexadecimal(token, digits: 2)
    case "u": return try hexadecimal(token, digits: 4)
    case "U": return try hexadecimal(token, digits: 8)
    case "N": throw .unsupported(.characterName, position: position - 2)
    case "0"..."7":
      let digits = String(token.scalar) + (try take(while: Self.isOctal, limit: 2))
      return try octal(digits)
    case "8", "9", "a"..."z", "A"..."Z": throw invalid("bad escape \(token.text)", back: 2)
    default: return token.scalar.value
    }
  }

  private mutating func hexadecimal(_ token: Token, digits: Int) throws(PatternError) -> UInt32 {
    let isHexadecimal = { (scalar: Unicode.Scalar) in scalar.isASCII && scalar.properties.isASCIIHexDigit }
    let text = try take(while: isHexadecimal, limit: digits)
    let length = 2 + text.unicodeScalars.count
    guard text.unicodeScalars.count == digits, let value = UInt32(text, radix: 16) else {
      throw invalid("incomplete escape \(token.text)\(text)", back: length)
    }
    guard value <= 0x10FFFF else { throw invalid("bad escape \(token.text)\(text)", back: length) }
    return value
  }

  private static func isOctal(_ scalar: Unicode.Scalar) -> Bool { ("0"..."7").contains(scalar) }

  private func octal(_ digits: String) throws(PatternError) -> UInt32 {
    guard let value = UInt32(digits, radix: 8), value <= 0o377 else {
      throw invalid(
        "octal escape value \\\(digits) outside of range 0-0o377", back: 1 + digits.unicodeScalars.count)
    }
    return value
  }

  /// Outside of brackets, a backslash and digits are an octal escape when there are three octal ones.
  private mutating func octalOrBackreference(_ token: Token) throws(PatternError) -> UInt32 {
    let isDigit = { (scalar: Unicode.Scalar) in ("0"..."9").contains(scalar) }
    var digits = String(token.scalar) + (try take(while: isDigit, limit: 1))
    if digits.unicodeScalars.count == 2, digits.unicodeScalars.allSatisfy(Self.isOctal) {
      let third = try take(while: Self.isOctal, limit: 1)
      if !third.isEmpty {
        digits += third
        return try octal(digits)
      }
    }
    let length = digits.unicodeScalars.count
    guard let group = Int(digits), group < groupCount else {
      throw invalid("invalid group reference \(digits)", back: length)
    }
    throw .unsupported(.backreference, position: position - length - 1)
  }
}
