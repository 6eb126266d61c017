extension JSONReader {
  /// A string as it stands in the text, for callers that keep the text and want no copy of each.
  package struct WrittenString: Sendable {
    /// The bytes between the quotation marks, as offsets into the text.
    package let range: Range<Int>
    /// Whether there are escapes among them, so that the bytes are not the string itself.
    package let hasEscapes: Bool
  }

  /// Reads over a string without decoding it: neither its UTF-8 nor what follows a backslash is checked.
  package mutating func writtenString() throws(JSONError) -> WrittenString {
    skipWhitespace()
    guard offset < text.count, text[offset] == UInt8(ascii: "\"") else { throw failure("expected a string") }
    let start = offset + 1
    guard let (end, hasEscapes) = endOfString(from: start) else { throw failure("a string that does not end") }
    guard text[end] == UInt8(ascii: "\"") else {
      offset = end
      throw failure("a control character inside a string")
    }
    offset = end + 1
    return WrittenString(range: start..<end, hasEscapes: hasEscapes)
  }

  /// `nextKey` without decoding the key, in the way of `writtenString`.
  package mutating func nextWrittenKey() throws(JSONError) -> WrittenString? {
    guard try advance(closing: UInt8(ascii: "}"), "expected ',' or '}'") else { return nil }
    let key = try writtenString()
    skipWhitespace()
    guard offset < text.count, text[offset] == UInt8(ascii: ":") else { throw failure("expected ':' after a key") }
    offset += 1
    return key
  }

  /// The string that `writtenString` read over.
  package func decoded(_ string: WrittenString) throws(JSONError) -> String {
    var reader = JSONReader(text.extracting(string.range.lowerBound - 1..<string.range.upperBound + 1))
    do throws(JSONError) { return try reader.string() } catch {
      throw JSONError(offset: string.range.lowerBound - 1 + error.offset, reason: error.reason)
    }
  }

  /// Steps over one value of any kind by its brackets and quotation marks alone, several times as fast as `skipValue`.
  ///
  /// What lies between them is not checked: for parts of large texts that the caller has no use for.
  package mutating func skipWritten() throws(JSONError) {
    switch try peek() {
    case .string: _ = try writtenString()
    case .number: while offset < text.count, Self.isOfNumber(text[offset]) { offset += 1 }
    case .bool: _ = try bool()
    case .null: try null()
    case .object, .array:
      guard let end = endOfContainer else { throw failure("the text ends inside an object or array") }
      offset = end
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

  /// The index of the quotation mark that ends a string, or of a control character in it.
  private func endOfString(from start: Int) -> (end: Int, hasEscapes: Bool)? {
    unsafe text.withUnsafeBytes { bytes in
      var index = start
      var hasEscapes = false
      while index < bytes.count {
        if index + 8 <= bytes.count {
          let word = unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
          let marks = ByteLanes.endOfPlainText(word)
          if marks == 0 {
            index += 8
            continue
          }
          // The lowest mark is a true hit.
          index += marks.trailingZeroBitCount / 8
        }
        let byte = unsafe bytes[index]
        if byte == UInt8(ascii: "\"") || byte < 0x20 { return (index, hasEscapes) }
        if byte == UInt8(ascii: "\\") {
          hasEscapes = true
          index += 1
        }
        index += 1
      }
      return nil
    }
  }

  /// The index behind the bracket that closes the one at the offset; kinds of brackets are not told apart.
  private var endOfContainer: Int? {
    unsafe text.withUnsafeBytes { bytes in
      var index = offset
      var depth = 0
      while index < bytes.count {
        if index + 8 <= bytes.count {
          let word = unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
          // One bit tells square brackets from braces.
          let folded = word | 0x2020_2020_2020_2020
          let marks =
            ByteLanes.equal(folded, UInt8(ascii: "{")) | ByteLanes.equal(folded, UInt8(ascii: "}"))
            | ByteLanes.equal(word, UInt8(ascii: "\""))
          if marks == 0 {
            index += 8
            continue
          }
          index += marks.trailingZeroBitCount / 8
        }
        switch unsafe bytes[index] {
        case UInt8(ascii: "\""):
          guard let (end, _) = endOfString(from: index + 1) else { return nil }
          index = end
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
          depth -= 1
          if depth == 0 { return index + 1 }
        default: break
        }
        index += 1
      }
      return nil
    }
  }
}
