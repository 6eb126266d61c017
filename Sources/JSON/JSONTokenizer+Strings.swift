public import CByteMarks

extension JSONTokenizer {
  /// Where a string lies in the text, and what the bytes are like.
  public struct StringToken: Sendable {
    /// The bytes between the quotation marks, as offsets into the text.
    public let range: Range<Int>
    /// Whether there are escapes among them, so that the bytes are not the string itself.
    public let hasEscapes: Bool
    /// Whether all of them are ASCII; escapes may still stand for other characters.
    public let isASCII: Bool

    @inlinable init(range: Range<Int>, hasEscapes: Bool, isASCII: Bool) {
      self.range = range
      self.hasEscapes = hasEscapes
      self.isASCII = isASCII
    }
  }

  /// What is checked of the escapes in a string that is read over; where it ends is known without that.
  public enum EscapeCheck {
    /// Nothing: for large texts of which the consumer decodes a small part.
    case none
    /// That they are escapes. Surrogates may be unpaired, as writers of JSON that cut texts anywhere let them be: they
    /// must not make a text unusable when they are in a string that is not decoded.
    case form
    /// That they stand for characters: for strings that are decoded.
    case characters
  }

  /// Reads over a string; whether its bytes are UTF-8 is found when it is decoded.
  @_lifetime(self: copy self)
  @inlinable @inline(__always) public mutating func string(_ check: EscapeCheck) throws(JSONError) -> StringToken {
    let start = offset + 1
    var index = start
    var hasEscapes = false
    var seen: UInt64 = 0
    while true {
      index = endOfPlainRun(from: index, seen: &seen)
      guard index < text.count else { throw failure("a string that does not end") }
      let byte = text[index]
      if byte == UInt8(ascii: "\"") { break }
      guard byte == UInt8(ascii: "\\") else { throw Self.controlCharacter(at: index) }
      hasEscapes = true
      index += check == .none ? 2 : try escape(at: index, of: offset, pairs: check == .characters).length
    }
    offset = index + 1
    return StringToken(range: start..<index, hasEscapes: hasEscapes, isASCII: seen == 0)
  }

  /// The index of the next quotation mark, backslash or control character, or of the end; `seen` is not zero afterwards
  /// if a byte on the way is not ASCII.
  ///
  /// Most strings end within the first two vectors, so that their length is no reason for a branch.
  @inlinable @inline(__always) public func endOfPlainRun(from start: Int, seen: inout UInt64) -> Int {
    var index = start
    while index + 32 <= text.count {
      let (first, second) = (lanes(at: index), lanes(at: index + 16))
      let hits = lora_string_marks(first) | lora_string_marks(second) << 16
      let tops = lora_top_marks(first) | lora_top_marks(second) << 16
      if hits != 0 {
        seen |= UInt64(tops & (hits &- 1) & ~hits)
        return index + hits.trailingZeroBitCount
      }
      seen |= UInt64(tops)
      index += 32
    }
    while index + 8 <= text.count {
      let word = word(at: index)
      let hit = ByteLanes.endOfPlainText(word)
      if hit != 0 {
        // The lowest mark is a true hit.
        let length = hit.trailingZeroBitCount / 8
        seen |= word & ~(~UInt64(0) << UInt64(8 * length)) & ByteLanes.tops
        return index + length
      }
      seen |= word & ByteLanes.tops
      index += 8
    }
    while index < text.count {
      let byte = text[index]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
      seen |= UInt64(byte & 0x80)
      index += 1
    }
    return index
  }

  /// Whether a byte in a part of the text is a control character.
  package func hasControl(in range: Range<Int>) -> Bool {
    var index = range.lowerBound
    while index + 16 <= range.upperBound {
      if lora_control_marks(lanes(at: index)) != 0 { return true }
      index += 16
    }
    while index < range.upperBound {
      if text[index] < 0x20 { return true }
      index += 1
    }
    return false
  }

  @inlinable static func controlCharacter(at index: Int) -> JSONError {
    JSONError(offset: index, reason: "a control character inside a string")
  }

  // MARK: Escapes

  /// What the escape at `index` of the string at `start` stands for, and its length in bytes.
  ///
  /// - Parameter pairs: whether an unpaired surrogate is an error; else its value is a surrogate.
  @inlinable @inline(__always) func escape(at index: Int, of start: Int, pairs: Bool) throws(JSONError) -> (
    value: UInt32, length: Int
  ) {
    guard index + 1 < text.count else { throw JSONError(offset: start, reason: "a string that does not end") }
    let letter = text[index + 1]
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return (UInt32(letter), 2)
    case UInt8(ascii: "b"): return (0x08, 2)
    case UInt8(ascii: "f"): return (0x0C, 2)
    case UInt8(ascii: "n"): return (0x0A, 2)
    case UInt8(ascii: "r"): return (0x0D, 2)
    case UInt8(ascii: "t"): return (0x09, 2)
    case UInt8(ascii: "u"): return try unicode(at: index, pairs: pairs)
    default: throw JSONError(offset: index + 1, reason: "an unknown escape in a string")
    }
  }

  /// The character of a `\u` escape, which can be a pair of them.
  @usableFromInline func unicode(at index: Int, pairs: Bool) throws(JSONError) -> (value: UInt32, length: Int) {
    let first = try unit(at: index + 2)
    guard (0xD800..<0xE000).contains(first) else { return (first, 6) }
    if first < 0xDC00, byte(at: index + 6) == UInt8(ascii: "\\"), byte(at: index + 7) == UInt8(ascii: "u") {
      let second = try unit(at: index + 8)
      if (0xDC00..<0xE000).contains(second) { return (0x10000 + (first - 0xD800) << 10 + (second - 0xDC00), 12) }
    }
    guard !pairs else { throw JSONError(offset: index, reason: "an unpaired surrogate escape") }
    return (first, 6)
  }

  /// The four hexadecimal digits at `start`.
  private func unit(at start: Int) throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for index in start..<start + 4 {
      guard let digit = byte(at: index).flatMap({ Self.hexadecimal($0) }) else {
        throw JSONError(offset: index, reason: "expected four hexadecimal digits after \\u")
      }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }

  // MARK: Decoding

  /// The string that was read over.
  package func decoded(_ token: StringToken) throws(JSONError) -> String {
    let start = token.range.lowerBound
    if !token.hasEscapes { return try Self.decoded(text.extracting(token.range), at: start) }
    let bytes = try unescaped(token)
    return try Self.decoded(bytes.span, at: start)
  }

  /// The string of bytes that must be UTF-8 and begin at `start`.
  package static func decoded(_ bytes: Span<UInt8>, at start: Int) throws(JSONError) -> String {
    do {
      return String(copying: try UTF8Span(validating: bytes))
    } catch {
      throw JSONError(offset: start + error.byteOffsets.lowerBound, reason: "bytes that are not UTF-8")
    }
  }

  /// The bytes of a string with its escapes resolved.
  package func unescaped(_ token: StringToken) throws(JSONError) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: token.range.count + 8)
    let (count, _) = try resolve(at: token.range.lowerBound - 1, into: &out)
    out.removeLast(out.count - count)
    return out
  }

  /// Reads a string into `out` with its escapes resolved, in one pass; returns the number of bytes.
  ///
  /// `out` grows as needed and keeps its size, so that one serves for many strings.
  @_lifetime(self: copy self)
  package mutating func string(into out: inout [UInt8]) throws(JSONError) -> Int {
    let room = text.count - offset + 8
    if out.count < room { out = [UInt8](repeating: 0, count: max(room, 2 * out.count)) }
    let (count, end) = try resolve(at: offset, into: &out)
    offset = end
    return count
  }

  /// Resolves the escapes of the string whose quotation mark is at `start`; returns how many bytes that gives, and
  /// where the string ends.
  ///
  /// Resolving never makes a string longer, but whole words are stored, up to seven bytes too many: `out` needs eight
  /// bytes more than the string has.
  private func resolve(at start: Int, into out: inout [UInt8]) throws(JSONError) -> (count: Int, end: Int) {
    var span = out.mutableSpan
    var target = unsafe span.mutableBytes
    var index = start + 1
    var count = 0
    while true {
      if index + 8 <= text.count {
        let word = word(at: index)
        let hit = ByteLanes.endOfPlainText(word)
        target.storeBytes(of: word.littleEndian, toByteOffset: count, as: UInt64.self)
        let plain = hit == 0 ? 8 : hit.trailingZeroBitCount / 8
        index += plain
        count += plain
        if hit == 0 { continue }
      }
      guard index < text.count else { throw JSONError(offset: start, reason: "a string that does not end") }
      let byte = text[index]
      if byte == UInt8(ascii: "\\") {
        let escape = try escape(at: index, of: start, pairs: true)
        let (utf8, length) = Self.utf8(escape.value)
        target.storeBytes(of: utf8, toByteOffset: count, as: UInt32.self)
        index += escape.length
        count += length
      } else if byte == UInt8(ascii: "\"") {
        return (count, index + 1)
      } else {
        guard byte >= 0x20 else { throw Self.controlCharacter(at: index) }
        target.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        index += 1
        count += 1
      }
    }
  }

  /// The UTF-8 of a character, with the first byte lowest, and how many bytes that is.
  @inline(__always) private static func utf8(_ value: UInt32) -> (bytes: UInt32, count: Int) {
    if value < 0x80 { return (value, 1) }
    var bytes: UInt32 = 0
    var count = 0
    for byte in Unicode.Scalar(value).flatMap({ UTF8.encode($0) }) ?? UTF8.encodedReplacementCharacter {
      bytes |= UInt32(byte) << UInt32(8 * count)
      count += 1
    }
    return (bytes, count)
  }

  // MARK: Skipping

  /// Reads over the container that begins here by its brackets and quotation marks alone: kinds of brackets are not
  /// told apart, and what lies between them is not checked.
  package mutating func skipContainer() throws(JSONError) {
    let start = offset
    var index = offset
    var depth = 0
    while index < text.count {
      if index + 8 <= text.count {
        let word = word(at: index)
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
      switch text[index] {
      case UInt8(ascii: "\""):
        offset = index
        _ = try string(.none)
        index = offset
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth == 0 {
          offset = index + 1
          return
        }
      default: break
      }
      index += 1
    }
    throw JSONError(offset: start, reason: "the text ends inside an object or array")
  }
}
