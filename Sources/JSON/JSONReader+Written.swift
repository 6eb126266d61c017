extension JSONReader {
  /// A string as it stands in the text, for callers that keep the text and want no copy of each.
  package typealias WrittenString = JSONTokenizer.StringToken

  /// Reads over a string without decoding it: neither its UTF-8 nor what follows a backslash is checked.
  package mutating func writtenString() throws(JSONError) -> WrittenString {
    guard tokens.nextByte() == UInt8(ascii: "\"") else { throw failure("expected a string") }
    return try tokens.string(.none)
  }

  /// `nextKey` without decoding the key, in the way of `writtenString`.
  package mutating func nextWrittenKey() throws(JSONError) -> WrittenString? {
    guard try advance(closing: UInt8(ascii: "}")) else { return nil }
    let key = try writtenString()
    try tokens.colon()
    return key
  }

  /// The string that `writtenString` read over.
  package func decoded(_ string: WrittenString) throws(JSONError) -> String { try tokens.decoded(string) }

  /// Steps over one value of any kind by its brackets and quotation marks alone, several times as fast as `skipValue`.
  ///
  /// What lies between them is not checked: for parts of large texts that the caller has no use for.
  package mutating func skipWritten() throws(JSONError) {
    switch try peek() {
    case .string: _ = try writtenString()
    case .number: while let byte = tokens.byte(at: offset), Self.isOfNumber(byte) { offset += 1 }
    case .bool: _ = try bool()
    case .null: try null()
    case .object, .array: try tokens.skipContainer()
    }
  }

  /// Whether a byte can stand in a number, be it `-Infinity`.
  private static func isOfNumber(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}
