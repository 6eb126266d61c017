import TensorCore

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
    var failure: JSONError?
    // Resolving never makes a string longer.
    let result = unsafe [UInt8](unsafeUninitializedCapacity: place.range.count) { out, count in
      do throws(JSONError) {
        count = unsafe try unescape(place.range, into: UnsafeMutableRawBufferPointer(out))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return result
  }

  /// Resolves the escapes of a part of the text into `out`, which has as many bytes; returns how many there are.
  private func unescape(_ range: Range<Int>, into out: UnsafeMutableRawBufferPointer) throws(JSONError) -> Int {
    var index = range.lowerBound
    var count = 0
    while index < range.upperBound {
      if index + 8 <= range.upperBound {
        let word = unsafe text.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: index, as: UInt64.self) }
        let hit = ByteLanes.equal(word, UInt8(ascii: "\\"))
        // The bytes behind a backslash are written, too, and then overwritten.
        unsafe out.storeBytes(of: word, toByteOffset: count, as: UInt64.self)
        let plain = hit == 0 ? 8 : hit.trailingZeroBitCount / 8
        index += plain
        count += plain
        if hit == 0 { continue }
      } else if text[index] != UInt8(ascii: "\\") {
        unsafe out[count] = text[index]
        index += 1
        count += 1
        continue
      }
      switch text[index + 1] {
      case UInt8(ascii: "u"):
        let (scalar, length) = try scalar(at: index)
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
          unsafe out[count] = byte
          count += 1
        }
        index += length
        continue
      case UInt8(ascii: "b"): unsafe out[count] = 0x08
      case UInt8(ascii: "f"): unsafe out[count] = 0x0C
      case UInt8(ascii: "n"): unsafe out[count] = 0x0A
      case UInt8(ascii: "r"): unsafe out[count] = 0x0D
      case UInt8(ascii: "t"): unsafe out[count] = 0x09
      default: unsafe out[count] = text[index + 1]
      }
      index += 2
      count += 1
    }
    return count
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
  private func endOfPlainRun(from start: Int, seen: inout UInt64) -> Int {
    unsafe text.withUnsafeBytes { bytes in
      var index = start
      while index + 8 <= bytes.count {
        let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        let hit = ByteLanes.endOfPlainText(word)
        if hit != 0 {
          let length = hit.trailingZeroBitCount / 8
          seen |= word & ~(~UInt64(0) << UInt64(8 * length))
          return index + length
        }
        seen |= word
        index += 8
      }
      while index < bytes.count {
        let byte = unsafe bytes[index]
        if byte == 0x22 || byte == 0x5C || byte < 0x20 { break }
        seen |= UInt64(byte)
        index += 1
      }
      return index
    }
  }
}
