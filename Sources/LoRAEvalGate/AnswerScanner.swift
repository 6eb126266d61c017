import JSON

/// Reads JSON text straight into fingerprints, without building values.
///
/// Two values get the same fingerprint when they are equal after normalisation: numbers by their exact value, strings
/// by canonical equivalence (the same text in NFC), objects in any order of their keys, whatever the white space. A key
/// that an object has twice is an error. Nesting is limited as in `JSONReader`.
struct AnswerScanner: ~Copyable, ~Escapable {
  let text: Span<UInt8>
  let key: FingerprintKey
  var offset = 0

  @_lifetime(copy text)
  init(_ text: Span<UInt8>, key: FingerprintKey) {
    self.text = text
    self.key = key
  }

  // MARK: Values

  /// Reads one value of any kind.
  mutating func fingerprint(depth: Int = 0) throws(JSONError) -> Fingerprint {
    switch try peek() {
    case UInt8(ascii: "{"):
      try checkDepth(depth)
      var sum = Fingerprint.zero
      var members = try Members(&self)
      while let name = try members.next(&self) {
        sum = sum &+ key.pair(name, try fingerprint(depth: depth + 1), .member)
      }
      return key.words(sum.low, sum.high, .object)
    case UInt8(ascii: "["):
      try checkDepth(depth)
      var result = Fingerprint.zero
      var elements = try Elements(&self)
      while try elements.next(&self) { result = key.pair(result, try fingerprint(depth: depth + 1), .array) }
      return key.words(result.low, result.high, .array)
    case UInt8(ascii: "\""): return try fingerprint(of: try string())
    case UInt8(ascii: "t"): return try literal("true", key.words(1, 0, .bool))
    case UInt8(ascii: "f"): return try literal("false", key.words(0, 0, .bool))
    case UInt8(ascii: "n"): return try literal("null", key.words(0, 0, .null))
    default: return try number()
    }
  }

  /// Reads over one value of any kind and checks its grammar.
  mutating func skip(depth: Int = 0) throws(JSONError) {
    switch try peek() {
    case UInt8(ascii: "{"):
      try checkDepth(depth)
      offset += 1
      var isFirst = true
      while try advance(closing: UInt8(ascii: "}"), isFirst: &isFirst) {
        guard try peek() == UInt8(ascii: "\"") else { throw failure("expected a string as key") }
        _ = try string()
        try colon()
        try skip(depth: depth + 1)
      }
    case UInt8(ascii: "["):
      try checkDepth(depth)
      var elements = try Elements(&self)
      while try elements.next(&self) { try skip(depth: depth + 1) }
    case UInt8(ascii: "\""): _ = try string()
    default: _ = try fingerprint(depth: depth)
    }
  }

  /// Reads `null` when it comes next.
  mutating func consumeNull() throws(JSONError) -> Bool {
    guard try peek() == UInt8(ascii: "n") else { return false }
    _ = try literal("null", .zero)
    return true
  }

  /// Checks that nothing but white space is left.
  mutating func finish() throws(JSONError) {
    skipSpace()
    if offset < text.count { throw failure("unexpected text after the JSON value") }
  }

  // MARK: Containers

  /// The walk over the members of an object; keys must be different.
  struct Members {
    private var isFirst = true
    private var count = 0
    /// The first keys, which are compared one by one.
    private var keys: InlineArray<16, Fingerprint> = .init(repeating: .zero)
    /// All keys once they are more.
    private var many: Set<Fingerprint> = []

    /// Made where it stays: moving the keys would cost more than reading a short object.
    @inline(__always)
    init(_ scanner: inout AnswerScanner) throws(JSONError) {
      guard try scanner.peek() == UInt8(ascii: "{") else { throw scanner.failure("expected an object") }
      scanner.offset += 1
    }

    /// Reads the next key and its colon, or the closing brace, which gives nil.
    mutating func next(_ scanner: inout AnswerScanner) throws(JSONError) -> Fingerprint? {
      guard try scanner.advance(closing: UInt8(ascii: "}"), isFirst: &isFirst) else { return nil }
      guard try scanner.peek() == UInt8(ascii: "\"") else { throw scanner.failure("expected a string as key") }
      let start = scanner.offset
      let string = try scanner.string()
      let name = try scanner.fingerprint(of: string)
      guard isNew(name) else {
        let shown = escaped(try scanner.decoded(string), limit: 80)
        throw JSONError(offset: start, reason: "the key \"\(shown)\" appears twice")
      }
      try scanner.colon()
      return name
    }

    private mutating func isNew(_ name: Fingerprint) -> Bool {
      guard count < keys.count else {
        if many.isEmpty { for index in keys.indices { many.insert(keys[index]) } }
        return many.insert(name).inserted
      }
      for index in 0..<count where keys[index] == name { return false }
      keys[count] = name
      count += 1
      return true
    }
  }

  /// The walk over the elements of an array.
  struct Elements {
    private var isFirst = true

    init(_ scanner: inout AnswerScanner) throws(JSONError) {
      guard try scanner.peek() == UInt8(ascii: "[") else { throw scanner.failure("expected an array") }
      scanner.offset += 1
    }

    /// Moves to the next element; false at the closing bracket, which is read.
    mutating func next(_ scanner: inout AnswerScanner) throws(JSONError) -> Bool {
      try scanner.advance(closing: UInt8(ascii: "]"), isFirst: &isFirst)
    }
  }

  @inline(__always)
  private mutating func advance(closing: UInt8, isFirst: inout Bool) throws(JSONError) -> Bool {
    let byte = try peek()
    if byte == closing {
      offset += 1
      return false
    }
    if isFirst {
      isFirst = false
      return true
    }
    guard byte == UInt8(ascii: ",") else {
      throw failure(closing == UInt8(ascii: "}") ? "expected ',' or '}'" : "expected ',' or ']'")
    }
    offset += 1
    guard try peek() != closing else { throw failure("a comma with nothing after it") }
    return true
  }

  @inline(__always)
  private mutating func colon() throws(JSONError) {
    guard try peek() == UInt8(ascii: ":") else { throw failure("expected ':' after a key") }
    offset += 1
  }

  private func checkDepth(_ depth: Int) throws(JSONError) {
    if depth >= JSONReader.depthLimit { throw failure("nested deeper than \(JSONReader.depthLimit) levels") }
  }

  // MARK: Bytes

  /// The first byte of the next token, which stays unread.
  @inline(__always)
  mutating func peek() throws(JSONError) -> UInt8 {
    skipSpace()
    guard offset < text.count else { throw failure("the text ends in the middle of a value") }
    return text[offset]
  }

  func failure(_ reason: String) -> JSONError { JSONError(offset: offset, reason: reason) }

  @inline(__always)
  private mutating func skipSpace() {
    while offset < text.count, text[offset] <= 0x20 {
      let byte = text[offset]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      offset += 1
    }
  }

  private mutating func literal(_ word: StaticString, _ value: Fingerprint) throws(JSONError) -> Fingerprint {
    let count = word.utf8CodeUnitCount
    guard offset + count <= text.count else { throw failure("expected a JSON value") }
    let matches = word.withUTF8Buffer { letters in
      (0..<count).allSatisfy { unsafe text[offset + $0] == letters[$0] }
    }
    guard matches else { throw failure("expected a JSON value") }
    offset += count
    return value
  }
}
