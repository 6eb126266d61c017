import LoRATestSupport

/// Changes that know nothing of what the bytes mean.
enum ByteMutation {
  /// Longest input that mutations lead to.
  static let limit = 1 << 16

  static func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    for _ in 0...random.below(4) { once(&bytes, &random) }
    if bytes.count > limit { bytes.removeLast(bytes.count - limit) }
  }

  private static func once(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    guard !bytes.isEmpty else {
      bytes = [UInt8(truncatingIfNeeded: random.next())]
      return
    }
    let at = random.below(bytes.count)
    switch random.below(8) {
    case 0: bytes[at] ^= 1 << UInt8(random.below(8))
    case 1: bytes[at] = UInt8(truncatingIfNeeded: random.next())
    case 2: bytes[at] = random.pick([0, 1, 0x7F, 0x80, 0xFF, 0x22, 0x5C, 0x7B, 0x0A]) ?? 0
    case 3: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: at)
    case 4: bytes.removeSubrange(at..<min(bytes.count, at + 1 + random.below(16)))
    case 5: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 1 + random.below(64))], at: random.below(at + 1))
    case 6: number(&bytes, at, &random)
    default: bytes.removeSubrange(at...)
    }
  }

  /// Writes a little-endian number at the edge of its type.
  private static func number(_ bytes: inout [UInt8], _ at: Int, _ random: inout SeededGenerator) {
    let width = random.pick([2, 4, 8]) ?? 4
    let edge: UInt64 = random.pick([0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, .max >> 1, .max, 1 << 63]) ?? 0
    for index in 0..<min(width, bytes.count - at) {
      bytes[at + index] = UInt8(truncatingIfNeeded: edge >> (8 * UInt64(index)))
    }
  }
}
