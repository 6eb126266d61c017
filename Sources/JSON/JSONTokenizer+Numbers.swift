extension JSONTokenizer {
  /// The parts of a number as it is written.
  package struct NumberToken: Sendable {
    /// Whether a minus sign comes first.
    package let isNegative: Bool
    /// The digits before the decimal point.
    package let whole: Range<Int>
    /// The digits behind the decimal point, none when there is no point.
    package let fraction: Range<Int>
    /// The digits of the exponent, none when there is no exponent.
    package let exponent: Range<Int>
    /// Whether the exponent has a minus sign.
    package let isExponentNegative: Bool

    /// Whether it is written without fraction and exponent.
    package var isInteger: Bool { fraction.isEmpty && exponent.isEmpty }
  }

  /// Reads a number by the grammar; how large it is does not matter.
  package mutating func number() throws(JSONError) -> NumberToken {
    let isNegative = consume(UInt8(ascii: "-"))
    let whole = try digits("expected a digit")
    if whole.count > 1, text[whole.lowerBound] == UInt8(ascii: "0") {
      throw JSONError(offset: whole.lowerBound, reason: "a number with a leading zero")
    }
    var fraction = offset..<offset
    if consume(UInt8(ascii: ".")) { fraction = try digits("expected a digit after the decimal point") }
    var exponent = offset..<offset
    var isExponentNegative = false
    if let mark = byte(at: offset), mark | 0x20 == UInt8(ascii: "e") {
      offset += 1
      isExponentNegative = consume(UInt8(ascii: "-"))
      if !isExponentNegative { _ = consume(UInt8(ascii: "+")) }
      exponent = try digits("expected a digit in the exponent")
    }
    return NumberToken(
      isNegative: isNegative, whole: whole, fraction: fraction, exponent: exponent,
      isExponentNegative: isExponentNegative)
  }

  @_lifetime(self: copy self)
  private mutating func consume(_ sign: UInt8) -> Bool {
    guard byte(at: offset) == sign else { return false }
    offset += 1
    return true
  }

  @_lifetime(self: copy self)
  private mutating func digits(_ expectation: String) throws(JSONError) -> Range<Int> {
    let start = offset
    while offset < text.count, text[offset] &- UInt8(ascii: "0") < 10 { offset += 1 }
    guard offset > start else { throw failure(expectation) }
    return start..<offset
  }

  /// Takes digits from `index` on, before `limit`, into `value`, which 19 of them cannot overflow.
  @inlinable @inline(__always) public func takeDigits(_ index: inout Int, limit: Int, into value: inout UInt64) {
    while index < limit, let byte = byte(at: index), byte &- UInt8(ascii: "0") < 10 {
      value = value &* 10 &+ UInt64(byte &- UInt8(ascii: "0"))
      index += 1
    }
  }
}
