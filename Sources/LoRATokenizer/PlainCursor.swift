import JSON

/// A place in JSON text that libraries wrote, for shortcuts; every step skips the white space before it.
///
/// It knows strings without escapes and short numbers. Whatever else stands there is no error but the end of the shortcut.
@safe struct PlainCursor {
  private let bytes: UnsafeRawBufferPointer
  private let count: Int
  private(set) var index = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    unsafe self.bytes = bytes
    count = bytes.count
  }

  @inline(__always)
  private func byte(_ index: Int) -> UInt8 { unsafe bytes[index] }

  @inline(__always)
  private func word(_ index: Int) -> UInt64 {
    unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
  }

  @inline(__always)
  private mutating func skipBlanks() {
    while index < count {
      let byte = self.byte(index)
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      index += 1
      if index + 8 <= count {
        index += (word(index) ^ 0x2020_2020_2020_2020).trailingZeroBitCount / 8
      }
    }
  }

  @inline(__always)
  mutating func take(_ byte: UInt8) -> Bool {
    skipBlanks()
    guard index < count, self.byte(index) == byte else { return false }
    index += 1
    return true
  }

  /// The place of a string without escapes.
  @inline(__always)
  mutating func plainString() -> Range<Int>? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    let start = index
    while index < count {
      if index + 8 <= count {
        let marks = ByteLanes.endOfPlainText(word(index))
        if marks == 0 {
          index += 8
          continue
        }
        index += marks.trailingZeroBitCount / 8
      }
      switch byte(index) {
      case UInt8(ascii: "\""):
        index += 1
        return start..<index - 1
      case UInt8(ascii: "\\"), 0..<0x20: return nil
      default: index += 1
      }
    }
    return nil
  }

  /// A number of up to nine digits.
  @inline(__always)
  mutating func number() -> UInt32? {
    skipBlanks()
    let start = index
    var value: UInt32 = 0
    while index < count, case let digit = byte(index) &- UInt8(ascii: "0"), digit < 10 {
      guard index - start < 9 else { return nil }
      value = value &* 10 &+ UInt32(digit)
      index += 1
    }
    guard index > start, index < count, index == start + 1 || byte(start) != UInt8(ascii: "0") else {
      return nil
    }
    // What belongs to a number of another form is left to the general reader.
    let next = byte(index)
    return next == UInt8(ascii: ",") || next == UInt8(ascii: "}") || next <= 0x20 ? value : nil
  }

  /// Steps over a number of any form; false where none stands.
  @inline(__always)
  mutating func skipScore() -> Bool {
    skipBlanks()
    let start = index
    while index < count {
      switch byte(index) {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
        UInt8(ascii: "e"), UInt8(ascii: "E"):
        index += 1
      default: return index > start
      }
    }
    return false
  }
}
