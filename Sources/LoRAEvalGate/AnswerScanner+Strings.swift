import JSON

extension AnswerScanner {
  /// Where a string lies in the text, between its quotation marks.
  struct StringPlace {
    var range: Range<Int>
    var hasEscapes: Bool
    var isASCII: Bool
  }

  /// Reads a string and checks its escapes, except that surrogates may be unpaired.
  mutating func string() throws(JSONError) -> StringPlace {
    let start = offset + 1
    var index = start
    var hasEscapes = false
    var seen: UInt64 = 0
    while true {
      index = endOfPlainRun(from: index, seen: &seen)
      guard index < text.count else { throw failure("a string that does not end") }
      let byte = text[index]
      if byte == UInt8(ascii: "\"") { break }
      guard byte == UInt8(ascii: "\\") else {
        offset = index
        throw failure("a control character inside a string")
      }
      guard index + 1 < text.count else { throw failure("a string that does not end") }
      hasEscapes = true
      switch text[index + 1] {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
        UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
        index += 2
      case UInt8(ascii: "u"):
        guard unit(at: index) != nil else {
          offset = index
          throw failure("expected four hexadecimal digits after \\u")
        }
        index += 6
      default:
        offset = index
        throw failure("an unknown escape in a string")
      }
    }
    offset = index + 1
    return StringPlace(range: start..<index, hasEscapes: hasEscapes, isASCII: seen & 0x8080_8080_8080_8080 == 0)
  }

  /// Reads a string into `out` with its escapes resolved, in one pass; returns the number of bytes.
  ///
  /// `out` grows as needed and keeps its size, so that one serves for many strings.
  mutating func string(into out: inout [UInt8]) throws(JSONError) -> Int {
    let room = text.count - offset + 8
    if out.count < room { out = [UInt8](repeating: 0, count: max(room, 2 * out.count)) }
    let (count, end) = try resolve(at: offset, into: &out)
    offset = end
    return count
  }

  /// The fingerprint of a string's text.
  func fingerprint(of place: StringPlace) throws(JSONError) -> Fingerprint {
    if !place.hasEscapes && place.isASCII { return key.bytes(text.extracting(place.range), .ascii) }
    let bytes = try unescaped(place)
    if bytes.allSatisfy({ $0 < 0x80 }) { return key.bytes(bytes.span, .ascii) }
    return Self.fingerprint(of: try decoded(bytes, at: place), key)
  }

  /// The fingerprint of a text beyond ASCII, the same for all canonically equivalent texts.
  private static func fingerprint(of text: String, _ key: FingerprintKey) -> Fingerprint {
    var text = text
    // The three characters whose canonical form is a single ASCII character.
    if text.unicodeScalars.contains(where: { $0 == "\u{212A}" || $0 == "\u{37E}" || $0 == "\u{1FEF}" }) {
      var mapped = String.UnicodeScalarView()
      for scalar in text.unicodeScalars {
        switch scalar {
        case "\u{212A}": mapped.append("K")
        case "\u{37E}": mapped.append(";")
        case "\u{1FEF}": mapped.append("`")
        default: mapped.append(scalar)
        }
      }
      text = String(mapped)
      if text.utf8.allSatisfy({ $0 < 0x80 }) { return key.bytes(Array(text.utf8).span, .ascii) }
    }
    // The standard library hashes the normalised text, as it compares it.
    var hasher = Hasher()
    text.hash(into: &hasher)
    return key.words(UInt64(bitPattern: Int64(hasher.finalize())), 0, .text)
  }

  /// The text of a string.
  func decoded(_ place: StringPlace) throws(JSONError) -> String {
    try decoded(try unescaped(place), at: place)
  }

  private func decoded(_ bytes: [UInt8], at place: StringPlace) throws(JSONError) -> String {
    do {
      return String(copying: try UTF8Span(validating: bytes.span))
    } catch {
      throw JSONError(offset: place.range.lowerBound, reason: "a string that is not UTF-8")
    }
  }

  /// The bytes of a string with its escapes resolved.
  func unescaped(_ place: StringPlace) throws(JSONError) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: place.range.count + 8)
    let (count, _) = try resolve(at: place.range.lowerBound - 1, into: &out)
    out.removeLast(out.count - count)
    return out
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
        target.storeBytes(of: word, toByteOffset: count, as: UInt64.self)
        let plain = hit == 0 ? 8 : hit.trailingZeroBitCount / 8
        index += plain
        count += plain
        if hit == 0 { continue }
      }
      guard index < text.count else { throw JSONError(offset: start, reason: "a string that does not end") }
      let byte = text[index]
      if byte == UInt8(ascii: "\\") {
        let escape = try escape(at: index, of: start)
        target.storeBytes(of: escape.utf8, toByteOffset: count, as: UInt32.self)
        index += escape.length
        count += escape.count
      } else if byte == UInt8(ascii: "\"") {
        return (count, index + 1)
      } else {
        guard byte >= 0x20 else {
          throw JSONError(offset: index, reason: "a control character inside a string")
        }
        target.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        index += 1
        count += 1
      }
    }
  }

  /// The UTF-8 of an escape with the first byte lowest, how many bytes that is, and how many the escape is long.
  @inline(__always)
  private func escape(at index: Int, of start: Int) throws(JSONError) -> (utf8: UInt32, count: Int, length: Int) {
    guard index + 1 < text.count else { throw JSONError(offset: start, reason: "a string that does not end") }
    let letter = text[index + 1]
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return (UInt32(letter), 1, 2)
    case UInt8(ascii: "b"): return (0x08, 1, 2)
    case UInt8(ascii: "f"): return (0x0C, 1, 2)
    case UInt8(ascii: "n"): return (0x0A, 1, 2)
    case UInt8(ascii: "r"): return (0x0D, 1, 2)
    case UInt8(ascii: "t"): return (0x09, 1, 2)
    case UInt8(ascii: "u"):
      let (scalar, length) = try scalar(at: index)
      var utf8: UInt32 = 0
      var count = 0
      for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
        utf8 |= UInt32(byte) << UInt32(8 * count)
        count += 1
      }
      return (utf8, count, length)
    default: throw JSONError(offset: index, reason: "an unknown escape in a string")
    }
  }

  /// The character of a `\u` escape, which can be a pair of them, and the escape's length in bytes.
  private func scalar(at index: Int) throws(JSONError) -> (scalar: Unicode.Scalar, length: Int) {
    guard let first = unit(at: index) else {
      throw JSONError(offset: index, reason: "expected four hexadecimal digits after \\u")
    }
    if let scalar = Unicode.Scalar(first) { return (scalar, 6) }
    guard first < 0xDC00, let second = unit(at: index + 6), (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw JSONError(offset: index, reason: "an unpaired surrogate escape") }
    return (scalar, 12)
  }

  /// The code unit of a `\u` escape at `index`, or nil when there is none.
  private func unit(at index: Int) -> UInt32? {
    guard index + 6 <= text.count, text[index] == UInt8(ascii: "\\"), text[index + 1] == UInt8(ascii: "u") else {
      return nil
    }
    var value: UInt32 = 0
    for place in index + 2..<index + 6 {
      let byte = text[place]
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x41...0x46: digit = byte - 0x37
      case 0x61...0x66: digit = byte - 0x57
      default: return nil
      }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  /// The index of the next quotation mark, backslash or control character, or of the end; all bytes on the way are
  /// collected in `seen`, so that its top bits tell whether one is not ASCII.
  @inline(__always)
  private func endOfPlainRun(from start: Int, seen: inout UInt64) -> Int {
    var index = start
    while index + 8 <= text.count {
      let word = word(at: index)
      let hit = ByteLanes.endOfPlainText(word)
      if hit != 0 {
        let length = hit.trailingZeroBitCount / 8
        seen |= word & ~(~UInt64(0) << UInt64(8 * length))
        return index + length
      }
      seen |= word
      index += 8
    }
    while index < text.count {
      let byte = text[index]
      if byte == 0x22 || byte == 0x5C || byte < 0x20 { break }
      seen |= UInt64(byte)
      index += 1
    }
    return index
  }

  /// The eight bytes from `index` on, which must be there.
  @inline(__always)
  private func word(at index: Int) -> UInt64 {
    unsafe text.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
  }
}
