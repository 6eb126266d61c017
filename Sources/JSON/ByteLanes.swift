/// Tests on the eight bytes of a little-endian word at once: the top bit of a byte marks a hit.
///
/// (x - 1) & ~x has its top bit where a byte of x is zero (Mycroft 1987). The lowest mark is a true hit and there is none
/// without a hit; marks above the lowest may be carries. `word` itself marks bytes that are not ASCII.
public enum ByteLanes {
  /// The top bit of every byte.
  @inlinable public static var tops: UInt64 { 0x8080_8080_8080_8080 }
  @inlinable static var ones: UInt64 { 0x0101_0101_0101_0101 }

  /// Marks bytes that are `byte`.
  @inlinable public static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
    let other = word ^ (ones &* UInt64(byte))
    return (other &- ones) & ~other & tops
  }

  /// Marks bytes that are below `bound`, which is at most 128.
  @inlinable public static func below(_ word: UInt64, _ bound: UInt8) -> UInt64 {
    (word &- ones &* UInt64(bound)) & ~word & tops
  }

  /// Marks what ends a plain run inside a JSON string: quotation marks, backslashes and control characters.
  @inlinable public static func endOfPlainText(_ word: UInt64) -> UInt64 {
    equal(word, UInt8(ascii: "\"")) | equal(word, UInt8(ascii: "\\")) | below(word, 0x20)
  }
}
