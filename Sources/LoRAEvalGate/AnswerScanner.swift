import JSON

/// Reads JSON text straight into fingerprints, without building values.
///
/// Two values get the same fingerprint when they are equal after normalisation: numbers by their exact value, strings
/// by canonical equivalence (the same text in NFC), objects in any order of their keys, whatever the white space. A key
/// that an object has twice is an error. The grammar is that of `JSONTokenizer`; numbers need not fit into a double, and
/// only strings whose text counts must be decodable.
struct AnswerScanner: ~Copyable, ~Escapable {
  var tokens: JSONTokenizer
  let key: FingerprintKey
  /// Texts that were normalised before.
  let known: KnownTexts

  @_lifetime(copy text)
  init(_ text: Span<UInt8>, key: FingerprintKey, known: KnownTexts) {
    tokens = JSONTokenizer(text)
    self.key = key
    self.known = known
  }

  // MARK: Values

  /// Reads one value of any kind.
  mutating func fingerprint() throws(JSONError) -> Fingerprint {
    if let value = plainValue() { return value }
    return try anyValue()
  }

  /// Reads one value of any kind, whether it is plain or not.
  @_lifetime(self: copy self)
  mutating func anyValue(depth: Int = 0) throws(JSONError) -> Fingerprint {
    switch try tokens.peek() {
    case UInt8(ascii: "{"):
      var sum = Fingerprint.zero
      var members = try Members(&self, depth: depth)
      while let name = try members.next(&self) {
        sum = sum &+ key.member(name, try anyValue(depth: depth + 1))
      }
      return key.words(sum.low, sum.high, .object)
    case UInt8(ascii: "["):
      var result = Fingerprint.zero
      var elements = try Elements(&self, depth: depth)
      while try elements.next(&self) { result = key.pair(result, try anyValue(depth: depth + 1), .array) }
      return key.words(result.low, result.high, .array)
    case UInt8(ascii: "\""): return try text()
    case UInt8(ascii: "t"): return try literal("true", key.words(1, 0, .bool))
    case UInt8(ascii: "f"): return try literal("false", key.words(0, 0, .bool))
    case UInt8(ascii: "n"): return try literal("null", key.words(0, 0, .null))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw tokens.failure("expected a JSON value")
    }
  }

  /// Reads over one value of any kind and checks its grammar.
  mutating func skip() throws(JSONError) { if plainValue() == nil { try skipAny() } }

  @_lifetime(self: copy self)
  private mutating func skipAny(depth: Int = 0) throws(JSONError) {
    switch try tokens.peek() {
    case UInt8(ascii: "{"):
      try tokens.open(UInt8(ascii: "{"), depth: depth)
      var isFirst = true
      while try tokens.advance(closing: UInt8(ascii: "}"), isFirst: &isFirst) {
        try tokens.expectKey()
        _ = try string()
        try tokens.colon()
        try skipAny(depth: depth + 1)
      }
    case UInt8(ascii: "["):
      var elements = try Elements(&self, depth: depth)
      while try elements.next(&self) { try skipAny(depth: depth + 1) }
    case UInt8(ascii: "\""): _ = try string()
    default: _ = try anyValue(depth: depth)
    }
  }

  /// Reads `null` when it comes next.
  mutating func consumeNull() throws(JSONError) -> Bool {
    guard try tokens.peek() == UInt8(ascii: "n") else { return false }
    _ = try literal("null", .zero)
    return true
  }

  @_lifetime(self: copy self)
  private mutating func literal(_ word: StaticString, _ value: Fingerprint) throws(JSONError) -> Fingerprint {
    guard tokens.consume(word) else { throw tokens.failure("expected a JSON value") }
    return value
  }

  // MARK: Containers

  /// The walk over the members of an object; keys must be different.
  struct Members {
    private var isFirst = true
    private var count = 0
    /// One bit for each key, chosen by six bits of it: a bit that is not set says that the key is new.
    private var seen: UInt64 = 0
    /// The first keys, which are compared one by one when that does not.
    private var keys: InlineArray<16, Fingerprint> = .init(repeating: .zero)
    /// All keys once they are more.
    private var many: Set<Fingerprint> = []

    /// Made where it stays: moving the keys would cost more than reading a short object.
    @inline(__always)
    init(_ scanner: inout AnswerScanner, depth: Int = 0) throws(JSONError) {
      try scanner.tokens.open(UInt8(ascii: "{"), depth: depth)
    }

    /// Reads the next key and its colon, or the closing brace, which gives nil.
    mutating func next(_ scanner: inout AnswerScanner) throws(JSONError) -> Fingerprint? {
      guard try scanner.tokens.advance(closing: UInt8(ascii: "}"), isFirst: &isFirst) else { return nil }
      try scanner.tokens.expectKey()
      let start = scanner.tokens.offset
      let name = try scanner.text()
      guard isNew(name) else {
        scanner.tokens.offset = start
        let string = try scanner.string()
        let shown = escaped(try scanner.tokens.decoded(string), limit: 80)
        throw JSONError(offset: start, reason: "the key \"\(shown)\" appears twice")
      }
      try scanner.tokens.colon()
      return name
    }

    private mutating func isNew(_ name: Fingerprint) -> Bool {
      let bit: UInt64 = 1 << (name.low & 63)
      guard count < keys.count else {
        if many.isEmpty { for index in keys.indices { many.insert(keys[index]) } }
        return many.insert(name).inserted
      }
      if seen & bit != 0 { for index in 0..<count where keys[index] == name { return false } }
      seen |= bit
      keys[count] = name
      count += 1
      return true
    }
  }

  /// The walk over the elements of an array.
  struct Elements {
    private var isFirst = true

    init(_ scanner: inout AnswerScanner, depth: Int = 0) throws(JSONError) {
      try scanner.tokens.open(UInt8(ascii: "["), depth: depth)
    }

    /// Moves to the next element; false at the closing bracket, which is read.
    mutating func next(_ scanner: inout AnswerScanner) throws(JSONError) -> Bool {
      try scanner.tokens.advance(closing: UInt8(ascii: "]"), isFirst: &isFirst)
    }
  }
}
