/// The hash XXH64 with seed 0, whose low 32 bits are the checksum of zstd frames and seek tables.
///
/// Source: doc/xxhash_spec.md in the xxHash repository.
enum XXH64 {
  private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

  static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var position = 0
    func word() -> UInt64 {
      defer { position += 8 }
      return UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }
    var sum: UInt64
    if bytes.count >= 32 {
      var lanes: (UInt64, UInt64, UInt64, UInt64) = (prime1 &+ prime2, prime2, 0, 0 &- prime1)
      while bytes.count - position >= 32 {
        lanes.0 = round(lanes.0, word())
        lanes.1 = round(lanes.1, word())
        lanes.2 = round(lanes.2, word())
        lanes.3 = round(lanes.3, word())
      }
      sum = rotated(lanes.0, 1) &+ rotated(lanes.1, 7) &+ rotated(lanes.2, 12) &+ rotated(lanes.3, 18)
      for lane in [lanes.0, lanes.1, lanes.2, lanes.3] {
        sum = (sum ^ round(0, lane)) &* prime1 &+ prime4
      }
    } else {
      sum = prime5
    }
    sum &+= UInt64(bytes.count)
    while bytes.count - position >= 8 {
      sum = rotated(sum ^ round(0, word()), 27) &* prime1 &+ prime4
    }
    if bytes.count - position >= 4 {
      let half = UInt32(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
      position += 4
      sum = rotated(sum ^ UInt64(half) &* prime1, 23) &* prime2 &+ prime3
    }
    while position < bytes.count {
      sum = rotated(sum ^ UInt64(unsafe bytes[position]) &* prime5, 11) &* prime1
      position += 1
    }
    sum = (sum ^ sum >> 33) &* prime2
    sum = (sum ^ sum >> 29) &* prime3
    return sum ^ sum >> 32
  }

  private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
    rotated(lane &+ word &* prime2, 31) &* prime1
  }

  private static func rotated(_ value: UInt64, _ count: UInt64) -> UInt64 { value << count | value >> (64 - count) }
}
