/// Numbers that depend on a key and a position alone, so that it does not matter which thread asks for which, or when:
/// SplitMix64 (Steele, Lea and Flood 2014) as a function of a counter.
struct RandomEntries: Sendable {
  private let key: UInt64

  /// - Parameters:
  ///   - stream: one of several sequences of a seed, such as the position of an adapter.
  ///   - name: of the module.
  init(seed: UInt64, stream: UInt64, name: String) {
    // FNV-1a of the name.
    let hash = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    key = Self.mixed(Self.mixed(Self.mixed(seed) ^ stream) ^ hash)
  }

  /// A number in 0..<1.
  subscript(position: UInt64) -> Double {
    Double(Self.mixed(key &+ (position &+ 1) &* 0x9E37_79B9_7F4A_7C15) >> 11) * 0x1p-53
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var value = value
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
