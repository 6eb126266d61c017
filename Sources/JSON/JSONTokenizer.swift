public import CByteMarks
import Glibc

/// The lexical level of JSON text (RFC 8259) under every consumer of it: white space, brackets and separators,
/// literals, strings, numbers.
///
/// It makes no values: it says where a token lies and what is in it, and the consumer, such as `JSONReader`, makes of
/// it what it needs. Where consumers differ in what they accept, the operation has a parameter that says so.
///
/// What happens for every token is inlined into the consumer. That is why it is public: the compiler does not inline
/// declarations of `package` access in other modules.
public struct JSONTokenizer: ~Copyable, ~Escapable {
  /// Deepest nesting of arrays and objects that serde_json reads.
  public static let depthLimit = 127

  /// The whole text.
  public let text: Span<UInt8>
  /// Byte offset of the next unread byte.
  public var offset = 0

  /// A tokenizer at the start of `text`.
  @_lifetime(copy text)
  @inlinable public init(_ text: Span<UInt8>) { self.text = text }

  // MARK: Between tokens

  /// The first byte of the next token, which stays unread; nil at the end of the text.
  @inlinable @inline(__always) public mutating func nextByte() -> UInt8? {
    skipWhitespace()
    return offset < text.count ? text[offset] : nil
  }

  /// The first byte of the next value, which stays unread.
  @inlinable @inline(__always) public mutating func peek() throws(JSONError) -> UInt8 {
    guard let byte = nextByte() else { throw failure("the text ends where a value was expected") }
    return byte
  }

  /// Moves to the first byte that is no white space.
  @inlinable @inline(__always) public mutating func skipWhitespace() {
    while offset < text.count, case let byte = text[offset], byte <= 0x20 {
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      offset += 1
      if offset < text.count, text[offset] == 0x20 { offset += blanks }
    }
  }

  /// The blanks among the next eight bytes up to the first other byte: the indentation of pretty-printed text.
  @inlinable @inline(__always) var blanks: Int {
    guard text.count - offset >= 8 else { return 0 }
    return (word(at: offset) ^ 0x2020_2020_2020_2020).trailingZeroBitCount / 8
  }

  /// Checks that nothing but white space is left.
  package mutating func finish() throws(JSONError) {
    if nextByte() != nil { throw failure("unexpected text after the JSON value") }
  }

  // MARK: Structure

  /// Reads the bracket that begins a container inside `depth` others.
  @_lifetime(self: copy self)
  @inlinable @inline(__always) public mutating func open(_ bracket: UInt8, depth: Int) throws(JSONError) {
    guard nextByte() == bracket else {
      throw failure(bracket == UInt8(ascii: "{") ? "expected an object" : "expected an array")
    }
    guard depth < Self.depthLimit else { throw failure("nested deeper than \(Self.depthLimit) levels") }
    offset += 1
  }

  /// Steps over the separator before the next element, or over the closing bracket (false).
  @_lifetime(self: copy self)
  @inlinable @inline(__always) public mutating func advance(closing: UInt8, isFirst: inout Bool) throws(JSONError)
    -> Bool
  {
    guard let byte = nextByte() else { throw failure("the text ends inside an object or array") }
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
    guard let next = nextByte(), next != closing else { throw failure("a comma with nothing after it") }
    return true
  }

  /// Checks that a key comes next, which stays unread.
  @inlinable @inline(__always) public mutating func expectKey() throws(JSONError) {
    guard nextByte() == UInt8(ascii: "\"") else { throw failure("expected a string as key") }
  }

  /// Reads the colon after a key.
  @inlinable @inline(__always) public mutating func colon() throws(JSONError) {
    guard nextByte() == UInt8(ascii: ":") else { throw failure("expected ':' after a key") }
    offset += 1
  }

  /// Reads exactly these bytes, or nothing (false).
  @_lifetime(self: copy self)
  package mutating func consume(_ bytes: StaticString) -> Bool {
    let length = bytes.utf8CodeUnitCount
    guard length <= text.count - offset else { return false }
    let isEqual = unsafe text.withUnsafeBytes { text in
      guard let base = text.baseAddress else { return length == 0 }
      return unsafe memcmp(base + offset, bytes.utf8Start, length) == 0
    }
    if isEqual { offset += length }
    return isEqual
  }

  // MARK: Bytes

  /// An error at the current offset.
  @inlinable public func failure(_ reason: String) -> JSONError { JSONError(offset: offset, reason: reason) }

  /// The byte at `index`, or nil behind the end.
  @inlinable @inline(__always) public func byte(at index: Int) -> UInt8? { index < text.count ? text[index] : nil }

  /// The sixteen bytes from `index` on, which must be there.
  @inlinable @inline(__always) func lanes(at index: Int) -> lora_bytes16 {
    unsafe text.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: lora_bytes16.self)
  }

  /// The eight bytes from `index` on, which must be there, the first of them lowest.
  @inlinable @inline(__always) public func word(at index: Int) -> UInt64 {
    UInt64(littleEndian: unsafe text.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
  }
}
