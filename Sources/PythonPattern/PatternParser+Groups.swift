/// What follows an opening parenthesis.
extension PatternParser {
  /// Nil when the parenthesis is a comment or sets global flags, and so is no item.
  mutating func group(
    _ flags: inout Flags, depth: Int, mayHoldGlobalFlags: Bool
  ) throws(PatternError) -> Node? {
    let start = position - 1
    guard try take("?") else {
      groupCount += 1
      return try contents(flags, depth: depth, from: start)
    }
    guard let kind = try take() else { throw invalid("unexpected end of pattern") }
    guard !kind.isEscaped else { throw invalid("unknown extension ?\(kind.text)", back: 3) }
    switch kind.scalar {
    case ":": return try contents(flags, depth: depth, from: start)
    case "P": return try namedGroup(flags, depth: depth, from: start)
    case "#":
      repeat {
        guard next != nil else { throw .invalid(reason: "missing ), unterminated comment", position: start) }
      } while try take()?.is(")") == false
      return nil
    case "=", "!":
      let body = try contents(flags, depth: depth, from: start)
      return try lookaround(body, isBehind: false, isNegated: kind.scalar == "!", position: start)
    case "<":
      guard let sign = try take() else { throw invalid("unexpected end of pattern") }
      guard sign.is("=") || sign.is("!") else {
        throw invalid("unknown extension ?<\(sign.text)", back: sign.length + 2)
      }
      let body = try contents(flags, depth: depth, from: start)
      return try lookaround(body, isBehind: true, isNegated: sign.scalar == "!", position: start)
    case "(": throw .unsupported(.conditional, position: start)
    case ">": throw .unsupported(.atomicGroup, position: start)
    case "-", "i", "L", "m", "s", "x", "a", "t", "u":
      guard let (added, removed) = try flagChange(kind.scalar) else { return nil }
      guard let removed else {
        guard mayHoldGlobalFlags else {
          throw .invalid(reason: "global flags not at the start of the expression", position: start)
        }
        flags.formUnion(added)
        if flags.isSuperset(of: [.ascii, .unicode]) {
          throw .invalid(reason: "ASCII and UNICODE flags are incompatible", position: start)
        }
        return nil
      }
      var inner = flags
      if !added.isDisjoint(with: [.ascii, .unicode]) { inner.subtract([.ascii, .unicode]) }
      inner.formUnion(added)
      inner.subtract(removed)
      return try contents(inner, depth: depth, from: start)
    default: throw invalid("unknown extension ?\(kind.text)", back: 2)
    }
  }

  /// An alternation up to its closing parenthesis.
  private mutating func contents(_ flags: Flags, depth: Int, from start: Int) throws(PatternError) -> Node {
    var flags = flags
    let node = try alternation(&flags, depth: depth + 1)
    guard try take(")") else { throw .invalid(reason: "missing ), unterminated subpattern", position: start) }
    return node
  }

  /// `(?P<name>…)` or `(?P=name)`, from behind the P.
  private mutating func namedGroup(_ flags: Flags, depth: Int, from start: Int) throws(PatternError) -> Node {
    if try take("=") {
      let name = try groupName(until: ")")
      guard groupNumbers[name] != nil else {
        throw invalid("unknown group name '\(name)'", back: name.unicodeScalars.count + 1)
      }
      throw .unsupported(.backreference, position: start)
    }
    guard try take("<") else {
      guard let token = try take() else { throw invalid("unexpected end of pattern") }
      throw invalid("unknown extension ?P\(token.text)", back: token.length + 2)
    }
    let name = try groupName(until: ">")
    if let earlier = groupNumbers[name] {
      throw invalid(
        "redefinition of group name '\(name)' as group \(groupCount); was group \(earlier)",
        back: name.unicodeScalars.count + 1)
    }
    groupNumbers[name] = groupCount
    groupCount += 1
    return try contents(flags, depth: depth, from: start)
  }

  /// An identifier, and the character that ends it.
  private mutating func groupName(until end: Unicode.Scalar) throws(PatternError) -> String {
    var name = ""
    while true {
      guard let token = try take() else {
        if name.isEmpty { throw invalid("missing group name") }
        throw invalid("missing \(end), unterminated name", back: name.unicodeScalars.count)
      }
      if token.is(end) { break }
      name += token.text
    }
    if name.isEmpty { throw invalid("missing group name", back: 1) }
    let scalars = name.unicodeScalars
    let isIdentifier =
      scalars.dropFirst().allSatisfy(\.properties.isXIDContinue)
      && scalars.first.map { $0 == "_" || $0.properties.isXIDStart } == true
    guard isIdentifier else {
      let shown = name.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
      throw invalid("bad character in group name '\(shown)'", back: scalars.count + 1)
    }
    return name
  }

  /// The letters between `(?` and `)` or `:`; `removed` is nil for global flags.
  private mutating func flagChange(
    _ first: Unicode.Scalar
  ) throws(PatternError) -> (added: Flags, removed: Flags?)? {
    var (added, removed): (Flags, Flags) = ([], [])
    var letter = Token(scalar: first)
    if first != "-" {
      repeat {
        let flag = try flag(letter)
        added.insert(flag)
        if added.isSuperset(of: [.ascii, .unicode]) {
          throw invalid("bad inline flags: flags 'a', 'u' and 'L' are incompatible")
        }
        guard let following = try take() else { throw invalid("missing -, : or )") }
        letter = following
      } while try isFlag(letter, orOneOf: ")-:", missing: "missing -, : or )")
    }
    if letter.is(")") { return (added, nil) }
    if letter.is("-") {
      guard let following = try take() else { throw invalid("missing flag") }
      letter = following
      guard try isFlag(letter, orOneOf: "", missing: "missing flag") else { return nil }
      repeat {
        let flag = try flag(letter)
        if !flag.isDisjoint(with: [.ascii, .unicode]) {
          throw invalid("bad inline flags: cannot turn off flags 'a', 'u' and 'L'")
        }
        removed.insert(flag)
        guard let following = try take() else { throw invalid("missing :") }
        letter = following
      } while try isFlag(letter, orOneOf: ":", missing: "missing :")
    }
    guard added.isDisjoint(with: removed) else {
      throw invalid("bad inline flags: flag turned on and off", back: 1)
    }
    return (added, removed)
  }

  private func flag(_ token: Token) throws(PatternError) -> Flags {
    switch token.scalar {
    case "i": return .ignoreCase
    case "m": return .multiline
    case "s": return .dotAll
    case "x": return .verbose
    case "a": return .ascii
    case "u": return .unicode
    case "L": throw invalid("bad inline flags: cannot use 'L' flag with a str pattern")
    default: throw .unsupported(.templateFlag, position: position - 1)
    }
  }

  /// True for a flag letter, false for one of the `ends`; anything else is an error.
  private func isFlag(
    _ token: Token, orOneOf ends: String, missing: String
  ) throws(PatternError) -> Bool {
    if !token.isEscaped {
      if ends.unicodeScalars.contains(token.scalar) { return false }
      if "iLmsxatu".unicodeScalars.contains(token.scalar) { return true }
    }
    let isLetter = !token.isEscaped && token.scalar.properties.isAlphabetic
    throw invalid(isLetter ? "unknown flag" : missing, back: token.length)
  }
}
