/// Numbers that follow from a seed (SplitMix64), so that every run of a test sees the same ones.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// The numbers of a seed.
  public init(seed: UInt64) { state = seed }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return bits ^ bits >> 31
  }

  /// A number from 0 to `count` - 1; 0 when there is none.
  public mutating func below(_ count: Int) -> Int { count > 0 ? Int(next() % UInt64(count)) : 0 }

  /// True once in `count` times.
  public mutating func once(in count: Int) -> Bool { below(count) == 0 }

  /// One of the elements, or nil when there is none.
  public mutating func pick<Elements: RandomAccessCollection>(_ elements: Elements) -> Elements.Element? {
    elements.isEmpty ? nil : elements[elements.index(elements.startIndex, offsetBy: below(elements.count))]
  }

  /// A number of 53 bits, at least -1 and less than 1.
  public mutating func signed() -> Double { Double(Int64(bitPattern: next()) >> 11) * 0x1p-52 }

  /// Numbers of 24 bits, each at least -1 and less than 1.
  public mutating func floats(_ count: Int) -> [Float] {
    (0..<count).map { _ in Float(Int64(bitPattern: next()) >> 40) * 0x1p-23 }
  }

  /// Roughly normal, mean 0.
  public mutating func normal(_ deviation: Double) -> Double {
    var sum = 0.0
    for _ in 0..<6 { sum += Double.random(in: -1...1, using: &self) }
    return sum * deviation / 2.0.squareRoot()
  }
}
