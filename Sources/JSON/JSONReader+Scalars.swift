extension JSONReader {
  // MARK: Strings

  /// Reads a string and decodes its escapes.
  package mutating func string() throws(JSONError) -> String {
    guard tokens.nextByte() == UInt8(ascii: "\"") else { throw failure("expected a string") }
    return try tokens.decoded(try tokens.string(.characters))
  }

  // MARK: Numbers

  /// Reads a non-negative integer written without sign, fraction or exponent, up to 2^64 - 1.
  package mutating func unsignedInteger() throws(JSONError) -> UInt64 {
    tokens.skipWhitespace()
    let start = offset
    let text = tokens.text
    var index = start
    var value: UInt64 = 0
    tokens.takeDigits(&index, limit: start + 19, into: &value)
    while index < text.count, case let digit = text[index] &- UInt8(ascii: "0"), digit < 10 {
      let (scaled, high) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = scaled.addingReportingOverflow(UInt64(digit))
      if high || carry { throw failure("an integer above 2^64 - 1") }
      value = sum
      index += 1
    }
    let digits = index - start
    if digits == 0 { throw failure("expected an unsigned integer") }
    if digits > 1, text[start] == UInt8(ascii: "0") { throw failure("an integer with a leading zero") }
    if let next = tokens.byte(at: index), next == UInt8(ascii: ".") || next | 0x20 == UInt8(ascii: "e") {
      throw failure("expected an integer without fraction or exponent")
    }
    offset = index
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
    tokens.skipWhitespace()
    if dialect == .python {
      if consume("NaN") { return .real(.nan) }
      if consume("Infinity") { return .real(.infinity) }
      if consume("-Infinity") { return .real(-.infinity) }
    }
    let start = offset
    let number = try tokens.number()
    let written = try JSONTokenizer.decoded(tokens.text.extracting(start..<offset), at: start)
    if number.isInteger, let value = Int64(written) { return .integer(value) }
    guard let value = Double(written), value.isFinite else {
      throw JSONError(offset: start, reason: "a number out of range")
    }
    return .real(value)
  }
}
