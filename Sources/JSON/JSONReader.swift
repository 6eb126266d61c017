/// Why a JSON text was refused, and where.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Byte offset of the offending byte from the start of the text.
  public let offset: Int
  /// What is wrong, as a clause without a final stop, such as `expected ',' or '}'`.
  public let reason: String

  /// An error at a byte offset.
  public init(offset: Int, reason: String) {
    self.offset = offset
    self.reason = reason
  }

  /// Reason and offset in one clause.
  public var description: String { "\(reason) at byte \(offset)" }
}

/// A pull parser for JSON text (RFC 8259) that does not recurse and keeps no copy of the text.
///
/// The caller walks the text: `beginObject`, then `nextKey` until it returns nil, reading or skipping one value after
/// each key; arrays likewise with `beginArray` and `nextElement`; `finish` at the end. Strings are decoded to exact
/// UTF-8 (ill-formed bytes and unpaired surrogates are errors), integers are exact, nesting is capped as in the
/// reference parser of safetensors.
public struct JSONReader: ~Copyable, ~Escapable {
  /// Which tokens beyond the RFC are accepted.
  public enum Dialect: Sendable {
    /// The RFC alone.
    case strict
    /// Python's `json` module, which also reads and writes `NaN`, `Infinity` and `-Infinity`.
    case python
  }

  /// What kind of value comes next.
  public enum Kind: Sendable {
    case object
    case array
    case string
    case number
    case bool
    case null
  }

  /// Deepest nesting of arrays and objects that serde_json reads.
  public static var depthLimit: Int { JSONTokenizer.depthLimit }

  var tokens: JSONTokenizer
  let dialect: Dialect

  /// Number of open containers.
  private var depth = 0
  /// Whether the innermost open container still waits for its first element.
  private var atStart = false
  /// One bit per open container, innermost lowest: set for an object.
  private var kindsLow: UInt64 = 0
  private var kindsHigh: UInt64 = 0

  /// A reader at the start of `text`.
  @_lifetime(copy text)
  public init(_ text: Span<UInt8>, dialect: Dialect = .strict) {
    tokens = JSONTokenizer(text)
    self.dialect = dialect
  }

  // MARK: Structure

  /// The kind of the next value, without reading it.
  public mutating func peek() throws(JSONError) -> Kind {
    switch try tokens.peek() {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    case UInt8(ascii: "N"), UInt8(ascii: "I"): if dialect == .python { return .number }
    default: break
    }
    throw failure("expected a JSON value")
  }

  /// Reads `{`.
  public mutating func beginObject() throws(JSONError) { try open(UInt8(ascii: "{")) }

  /// Reads `[`.
  public mutating func beginArray() throws(JSONError) { try open(UInt8(ascii: "[")) }

  /// Reads the next key and its colon, or the closing brace, which gives nil.
  public mutating func nextKey() throws(JSONError) -> String? {
    guard try advance(closing: UInt8(ascii: "}")) else { return nil }
    try tokens.expectKey()
    let key = try string()
    try tokens.colon()
    return key
  }

  /// Moves to the next element of an array; false at its closing bracket, which is read.
  public mutating func nextElement() throws(JSONError) -> Bool { try advance(closing: UInt8(ascii: "]")) }

  /// Checks that nothing but white space follows the value read last.
  public mutating func finish() throws(JSONError) { try tokens.finish() }

  /// Reads over one value of any kind and checks its grammar.
  public mutating func skipValue() throws(JSONError) {
    let floor = depth
    repeat {
      if depth > floor {
        // Inside a container that this call opened: step to its next element, or out of it.
        let isObject = containerIsObject
        if isObject {
          guard try nextKey() != nil else { continue }
        } else {
          guard try nextElement() else { continue }
        }
      }
      switch try peek() {
      case .object: try beginObject()
      case .array: try beginArray()
      case .string: _ = try string()
      case .number: _ = try number()
      case .bool: _ = try bool()
      case .null: try null()
      }
    } while depth > floor
  }

  private var containerIsObject: Bool { kindsLow & 1 == 1 }

  @_lifetime(self: copy self)
  private mutating func open(_ bracket: UInt8) throws(JSONError) {
    try tokens.open(bracket, depth: depth)
    kindsHigh = kindsHigh << 1 | kindsLow >> 63
    kindsLow = kindsLow << 1 | (bracket == UInt8(ascii: "{") ? 1 : 0)
    depth += 1
    atStart = true
  }

  /// Steps over the separator before the next element, or over the closing bracket (false).
  @_lifetime(self: copy self)
  mutating func advance(closing: UInt8) throws(JSONError) -> Bool {
    if try tokens.advance(closing: closing, isFirst: &atStart) { return true }
    depth -= 1
    kindsLow = kindsLow >> 1 | kindsHigh << 63
    kindsHigh >>= 1
    atStart = false
    return false
  }

  // MARK: Scalars

  /// Reads `true` or `false`.
  public mutating func bool() throws(JSONError) -> Bool {
    tokens.skipWhitespace()
    if consume("true") { return true }
    if consume("false") { return false }
    throw failure("expected true or false")
  }

  /// Reads `null`.
  public mutating func null() throws(JSONError) {
    tokens.skipWhitespace()
    guard consume("null") else { throw failure("expected null") }
  }

  /// Reads exactly these bytes, or nothing (false).
  ///
  /// For shortcuts past the grammar: a caller that has consumed brackets must not mix this with `beginObject` and the
  /// like before the containers are closed again.
  @_lifetime(self: copy self)
  public mutating func consume(_ bytes: StaticString) -> Bool { tokens.consume(bytes) }

  /// Lends the unread text to `body`, which returns how many bytes of it were read.
  ///
  /// For shortcuts past the grammar, which must take whole values with their separators.
  @_lifetime(self: copy self)
  public mutating func take(_ body: (UnsafeRawBufferPointer) -> Int) {
    let count = unsafe tokens.text.withUnsafeBytes { bytes in
      unsafe body(UnsafeRawBufferPointer(rebasing: bytes[min(offset, bytes.count)...]))
    }
    offset += max(0, min(count, tokens.text.count - offset))
  }

  /// Reads the bytes up to the next quotation mark, and the mark, when at most `limit` plain characters precede it.
  @_lifetime(copy self)
  public mutating func consumePlainText(limit: Int) -> Span<UInt8>? {
    let text = tokens.text
    let end = min(text.count, offset + limit + 1)
    for index in offset..<max(offset, end) {
      let byte = text[index]
      if byte == UInt8(ascii: "\"") {
        let plain = text.extracting(offset..<index)
        offset = index + 1
        return plain
      }
      if byte == UInt8(ascii: "\\") || byte < 0x20 || byte > 0x7E { return nil }
    }
    return nil
  }

  // MARK: Text

  /// Byte offset of the next unread byte.
  public internal(set) var offset: Int {
    get { tokens.offset }
    @_lifetime(self: copy self) set { tokens.offset = newValue }
  }

  /// The current place within the current container, to come back to with `restore`.
  public var position: Int { offset }

  /// Goes back to a position from which only scalars have been read since.
  @_lifetime(self: copy self)
  public mutating func restore(_ position: Int) { offset = position }

  /// An error at the current offset.
  public func failure(_ reason: String) -> JSONError { tokens.failure(reason) }
}
