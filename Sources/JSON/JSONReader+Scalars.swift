extension JSONReader {
  // MARK: Strings

  /// Reads a string and decodes its escapes.
  package mutating func string() throws(JSONError) -> String {
    skipWhitespace()
    guard offset < text.count, text[offset] == UInt8(ascii: "\"") else { throw failure("expected a string") }
    let start = offset + 1
    var index = endOfPlainRun(from: start)
    while index < text.count {
      let byte = text[index]
      if byte == UInt8(ascii: "\"") {
        let result = try decoded(text.extracting(start..<index), at: start)
        offset = index + 1
        return result
      }
      if byte == UInt8(ascii: "\\") { return try escapedString(from: start, firstEscape: index) }
      if byte < 0x20 {
        offset = index
        throw failure("a control character inside a string")
      }
      index = endOfPlainRun(from: index + 1)
    }
    throw failure("a string that does not end")
  }

  /// An index at or before the next byte that needs a look: a quotation mark, a backslash or a control character.
  private func endOfPlainRun(from start: Int) -> Int {
    unsafe text.withUnsafeBytes { bytes in
      var index = start
      while index + 8 <= bytes.count {
        let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        if ByteLanes.endOfPlainText(word) != 0 { break }
        index += 8
      }
      while index < bytes.count {
        let byte = unsafe bytes[index]
        if byte == 0x22 || byte == 0x5C || byte < 0x20 { break }
        index += 1
      }
      return index
    }
  }

  private func decoded(_ bytes: Span<UInt8>, at start: Int) throws(JSONError) -> String {
    do {
      return String(copying: try UTF8Span(validating: bytes))
    } catch {
      throw JSONError(offset: start + error.byteOffsets.lowerBound, reason: "bytes that are not UTF-8")
    }
  }

  /// The slow path of `string`, taken at the first backslash.
  private mutating func escapedString(from start: Int, firstEscape: Int) throws(JSONError) -> String {
    var bytes: [UInt8] = []
    for index in start..<firstEscape { bytes.append(text[index]) }
    offset = firstEscape
    while offset < text.count {
      let byte = text[offset]
      if byte == UInt8(ascii: "\"") {
        let result = try decoded(bytes.span, at: start)
        offset += 1
        return result
      }
      if byte < 0x20 { throw failure("a control character inside a string") }
      offset += 1
      if byte == UInt8(ascii: "\\") {
        bytes.append(contentsOf: String(try escape()).utf8)
      } else {
        bytes.append(byte)
      }
    }
    throw failure("a string that does not end")
  }

  /// Reads what follows a backslash.
  private mutating func escape() throws(JSONError) -> Unicode.Scalar {
    guard offset < text.count else { throw failure("a string that does not end") }
    let byte = text[offset]
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default:
      offset -= 1
      throw failure("an unknown escape in a string")
    }
    let at = offset - 2
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, offset + 1 < text.count, text[offset] == UInt8(ascii: "\\"),
      text[offset + 1] == UInt8(ascii: "u")
    else { throw JSONError(offset: at, reason: "an unpaired surrogate escape") }
    offset += 2
    let second = try hexadecimal()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw JSONError(offset: at, reason: "an unpaired surrogate escape") }
    return scalar
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard offset < text.count, let digit = Unicode.Scalar(text[offset]).hexadecimalValue else {
        throw failure("expected four hexadecimal digits after \\u")
      }
      value = value << 4 | digit
      offset += 1
    }
    return value
  }

  // MARK: Numbers

  /// Reads a non-negative integer written without sign, fraction or exponent, up to 2^64 - 1.
  package mutating func unsignedInteger() throws(JSONError) -> UInt64 {
    skipWhitespace()
    let start = offset
    var value: UInt64 = 0
    // Nineteen digits cannot overflow.
    let free = min(text.count, start + 19)
    while offset < free, case let digit = text[offset] &- UInt8(ascii: "0"), digit < 10 {
      value = value &* 10 &+ UInt64(digit)
      offset += 1
    }
    while offset < text.count, case let digit = text[offset] &- UInt8(ascii: "0"), digit < 10 {
      let (scaled, high) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = scaled.addingReportingOverflow(UInt64(digit))
      if high || carry {
        offset = start
        throw failure("an integer above 2^64 - 1")
      }
      value = sum
      offset += 1
    }
    let digits = offset - start
    if digits == 0 { throw failure("expected an unsigned integer") }
    if digits > 1, text[start] == UInt8(ascii: "0") {
      offset = start
      throw failure("an integer with a leading zero")
    }
    if let next = byte(at: offset), next == UInt8(ascii: ".") || next | 0x20 == UInt8(ascii: "e") {
      offset = start
      throw failure("expected an integer without fraction or exponent")
    }
    return value
  }

  /// A number as it was written.
  package enum Number: Sendable, Equatable {
    /// Written without fraction or exponent and within 64 signed bits.
    case integer(Int64)
    /// Anything else, rounded to the nearest double.
    case real(Double)
  }

  /// Reads any number; one beyond the range of a double is an error, as in serde_json.
  package mutating func number() throws(JSONError) -> Number {
    skipWhitespace()
    if dialect == .python {
      if consume("NaN") { return .real(.nan) }
      if consume("Infinity") { return .real(.infinity) }
      if consume("-Infinity") { return .real(-.infinity) }
    }
    let start = offset
    if byte(at: offset) == UInt8(ascii: "-") { offset += 1 }
    let firstDigit = offset
    let integerDigits = skipDigits()
    guard integerDigits > 0 else { throw failure("expected a digit") }
    if integerDigits > 1, text[firstDigit] == UInt8(ascii: "0") {
      offset = firstDigit
      throw failure("a number with a leading zero")
    }
    var isInteger = true
    if byte(at: offset) == UInt8(ascii: ".") {
      isInteger = false
      offset += 1
      guard skipDigits() > 0 else { throw failure("expected a digit after the decimal point") }
    }
    if let mark = byte(at: offset), mark | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      offset += 1
      if let sign = byte(at: offset), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { offset += 1 }
      guard skipDigits() > 0 else { throw failure("expected a digit in the exponent") }
    }
    let written = try decoded(text.extracting(start..<offset), at: start)
    if isInteger, let value = Int64(written) { return .integer(value) }
    guard let value = Double(written), value.isFinite else {
      throw JSONError(offset: start, reason: "a number out of range")
    }
    return .real(value)
  }

  private func byte(at index: Int) -> UInt8? { index < text.count ? text[index] : nil }

  private mutating func skipDigits() -> Int {
    let start = offset
    while offset < text.count, text[offset] &- UInt8(ascii: "0") < 10 { offset += 1 }
    return offset - start
  }
}

extension Unicode.Scalar {
  fileprivate var hexadecimalValue: UInt32? {
    switch value {
    case 0x30...0x39: return value - 0x30
    case 0x41...0x46: return value - 0x37
    case 0x61...0x66: return value - 0x57
    default: return nil
    }
  }
}
