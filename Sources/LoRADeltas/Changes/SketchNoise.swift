package import LoRAKernels

/// Random matrices whose elements depend on the seed, a name and their own place alone (a counter-based generator), so
/// that a sketch is the same whatever else is computed, on how many threads and in which order.
package struct SketchNoise: Sendable {
  private let key: UInt64

  package init(seed: UInt64, name: String) {
    // FNV-1a of the name.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    key = Self.mixed(Self.mixed(seed) ^ hash)
  }

  /// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
  private static func mixed(_ value: UInt64) -> UInt64 {
    var mixed = value &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  /// A matrix of independent elements of mean zero and one variance, nearly normal: sums of four uniform numbers, which
  /// are whole and therefore the same on every machine.
  package func matrix(rows: Int, columns: Int) -> ColumnMatrix {
    ColumnMatrix(
      rows: rows, columns: columns,
      elements: (0..<rows * columns).map { index in
        let bits = Self.mixed(key &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
        let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + bits >> 48
        return Double(Int(sum) - 131_070) * 0x1p-16
      })
  }
}
