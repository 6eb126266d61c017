import JSON

extension AnswerScanner {
  /// Reads a number; the fingerprint is that of its exact decimal value, so that `1000`, `1e3` and `1000.0` are one
  /// number, as are `0` and `-0`, while 2⁵³ and 2⁵³ + 1 are two.
  mutating func number() throws(JSONError) -> Fingerprint {
    if let short = shortNumber() { return short }
    let start = tokens.offset
    let number = try tokens.number()
    return fingerprint(number, exponent: try exponent(number, at: start))
  }

  /// A number of at most 18 digits without an exponent, as nearly all are; nil, with nothing read, for any other.
  @inline(__always)
  private mutating func shortNumber() -> Fingerprint? {
    let start = tokens.offset
    let isNegative = tokens.byte(at: start) == UInt8(ascii: "-")
    let first = isNegative ? start + 1 : start
    var index = first
    var significand: UInt64 = 0
    tokens.takeDigits(&index, limit: first + 20, into: &significand)
    let whole = index - first
    guard whole == 1 || whole > 1 && tokens.text[first] != UInt8(ascii: "0") else { return nil }
    var decimals = 0
    if tokens.byte(at: index) == UInt8(ascii: ".") {
      index += 1
      tokens.takeDigits(&index, limit: first + 20, into: &significand)
      decimals = index - first - whole - 1
      guard decimals > 0 else { return nil }
    }
    guard whole + decimals <= 18 else { return nil }
    if let next = tokens.byte(at: index), next | 0x20 == UInt8(ascii: "e") { return nil }
    tokens.offset = index
    if significand == 0 { return key.words(0, 0, .number) }
    var power = -Int64(decimals)
    while significand % 10 == 0 {
      significand /= 10
      power += 1
    }
    return key.words(significand, UInt64(bitPattern: power) << 1 | (isNegative ? 1 : 0), .number)
  }

  /// The digits are brought to the form without zeros at either end.
  private func fingerprint(_ number: JSONTokenizer.NumberToken, exponent: Int64) -> Fingerprint {
    let text = tokens.text
    let (whole, fraction) = (number.whole, number.fraction)
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
    let sign: UInt64 = number.isNegative ? 1 : 0
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

  /// The exponent of a number, which has a limit so that it can be calculated with.
  private func exponent(_ number: JSONTokenizer.NumberToken, at start: Int) throws(JSONError) -> Int64 {
    var value: Int64 = 0
    for index in number.exponent {
      value = value * 10 + Int64(tokens.text[index] - UInt8(ascii: "0"))
      guard value < 1_000_000_000_000_000 else {
        throw JSONError(offset: start, reason: "an exponent beyond a thousand million million")
      }
    }
    return number.isExponentNegative ? -value : value
  }
}
