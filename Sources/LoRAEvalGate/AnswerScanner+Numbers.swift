import JSON

extension AnswerScanner {
  /// Reads a number; the fingerprint is that of its exact decimal value, so that `1000`, `1e3` and `1000.0` are one
  /// number, as are `0` and `-0`, while 2⁵³ and 2⁵³ + 1 are two.
  mutating func number() throws(JSONError) -> Fingerprint {
    if let short = shortNumber() { return short }
    let start = offset
    let isNegative = byte(at: offset) == UInt8(ascii: "-")
    if isNegative { offset += 1 }
    let whole = try digits("expected a JSON value", at: start)
    if whole.count > 1, text[whole.lowerBound] == UInt8(ascii: "0") {
      throw JSONError(offset: start, reason: "a number with a leading zero")
    }
    var fraction = offset..<offset
    if byte(at: offset) == UInt8(ascii: ".") {
      offset += 1
      fraction = try digits("expected a digit after the decimal point", at: offset)
    }
    var exponent: Int64 = 0
    if let mark = byte(at: offset), mark | 0x20 == UInt8(ascii: "e") {
      offset += 1
      exponent = try writtenExponent()
    }
    return try fingerprint(whole, fraction, exponent, isNegative, at: start)
  }

  /// A number of at most 18 digits without an exponent, as nearly all are; nil, with nothing read, for any other.
  @inline(__always)
  private mutating func shortNumber() -> Fingerprint? {
    let start = offset
    var index = start
    let isNegative = byte(at: index) == UInt8(ascii: "-")
    if isNegative { index += 1 }
    let first = index
    var significand: UInt64 = 0
    readDigits(&index, limit: first + 20, &significand)
    let whole = index - first
    guard whole == 1 || whole > 1 && text[first] != UInt8(ascii: "0") else { return nil }
    var decimals = 0
    if byte(at: index) == UInt8(ascii: ".") {
      index += 1
      readDigits(&index, limit: first + 20, &significand)
      decimals = index - first - whole - 1
      guard decimals > 0 else { return nil }
    }
    guard whole + decimals <= 18 else { return nil }
    if let next = byte(at: index), next | 0x20 == UInt8(ascii: "e") { return nil }
    offset = index
    if significand == 0 { return key.words(0, 0, .number) }
    var power = -Int64(decimals)
    while significand % 10 == 0 {
      significand /= 10
      power += 1
    }
    return key.words(significand, UInt64(bitPattern: power) << 1 | (isNegative ? 1 : 0), .number)
  }

  @inline(__always)
  private func readDigits(_ index: inout Int, limit: Int, _ significand: inout UInt64) {
    while index < limit, let byte = byte(at: index), byte &- UInt8(ascii: "0") < 10 {
      significand = significand &* 10 &+ UInt64(byte &- UInt8(ascii: "0"))
      index += 1
    }
  }

  /// The digits are brought to the form without zeros at either end.
  private func fingerprint(
    _ whole: Range<Int>, _ fraction: Range<Int>, _ exponent: Int64, _ isNegative: Bool, at start: Int
  ) throws(JSONError) -> Fingerprint {
    var significand: UInt64 = 0
    var count = 0
    // Digits up to and with the last one that is not zero, counted from the first that is not.
    var significant = 0
    for part in [whole, fraction] {
      for index in part {
        let digit = UInt64(text[index] - UInt8(ascii: "0"))
        if count == 0 && digit == 0 { continue }
        count += 1
        if digit != 0 { significant = count }
        if count <= 19 { significand = significand &* 10 &+ digit }
      }
    }
    if significant == 0 { return key.words(0, 0, .number) }
    let power = exponent - Int64(fraction.count) + Int64(count - significant)
    let sign: UInt64 = isNegative ? 1 : 0
    let scale = UInt64(bitPattern: power) << 1 | sign
    if significant <= 19 {
      for _ in significant..<max(significant, min(count, 19)) { significand /= 10 }
      return key.words(significand, scale, .number)
    }
    var bytes: [UInt8] = []
    for part in [whole, fraction] {
      for index in part where !bytes.isEmpty || text[index] != UInt8(ascii: "0") { bytes.append(text[index]) }
    }
    bytes.removeLast(count - significant)
    return key.pair(key.bytes(bytes.span, .number), Fingerprint(low: scale, high: 0), .number)
  }

  private mutating func writtenExponent() throws(JSONError) -> Int64 {
    let start = offset
    let sign = byte(at: offset)
    if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { offset += 1 }
    var value: Int64 = 0
    for index in try digits("expected a digit in the exponent", at: start) {
      value = value * 10 + Int64(text[index] - UInt8(ascii: "0"))
      guard value < 1_000_000_000_000_000 else {
        throw JSONError(offset: start, reason: "an exponent beyond a thousand million million")
      }
    }
    return sign == UInt8(ascii: "-") ? -value : value
  }

  private mutating func digits(_ expectation: String, at start: Int) throws(JSONError) -> Range<Int> {
    let first = offset
    while let byte = byte(at: offset), byte &- UInt8(ascii: "0") < 10 { offset += 1 }
    guard offset > first else { throw JSONError(offset: start, reason: expectation) }
    return first..<offset
  }

  private func byte(at index: Int) -> UInt8? { index < text.count ? text[index] : nil }
}
