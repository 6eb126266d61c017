import Glibc

/// A reproducible stream of random numbers: xoshiro256** (Blackman and Vigna, 2018), seeded through SplitMix64.
struct Randomness: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  /// What a stream is used for; streams of one seed are independent of each other.
  enum Purpose: UInt64 {
    case arrivals = 1
    case popularity
    case costs
    case service
  }

  init(seed: UInt64, _ purpose: Purpose) {
    var mix = seed ^ (purpose.rawValue &* 0xD6E8_FEB8_6659_FD93)
    func next() -> UInt64 {
      mix &+= 0x9E37_79B9_7F4A_7C15
      var z = mix
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    state = (next(), next(), next(), next())
  }

  mutating func next() -> UInt64 {
    let product = state.1 &* 5
    let result = (product << 7 | product >> 57) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = state.3 << 45 | state.3 >> 19
    return result
  }

  /// A number in 0 ..< 1 with 53 random bits.
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A time between two events of a Poisson process of this rate.
  mutating func interval(rate: Double) -> Double { -log(1 - unit()) / rate }
}

/// Draws indices with given weights in constant time: Vose's alias method.
struct WeightedChoice: Sendable {
  private var threshold: [Double]
  private var alias: [Int32]

  /// Weights are finite, not negative, and not all zero.
  init(_ weights: [Double]) {
    let mean = weights.reduce(0, +) / Double(weights.count)
    var scaled = weights.map { $0 / mean }
    threshold = [Double](repeating: 1, count: weights.count)
    alias = weights.indices.map { Int32($0) }
    var small = scaled.indices.filter { scaled[$0] < 1 }
    var large = scaled.indices.filter { scaled[$0] >= 1 }
    while let less = small.popLast(), let more = large.last {
      threshold[less] = scaled[less]
      alias[less] = Int32(more)
      scaled[more] -= 1 - scaled[less]
      if scaled[more] < 1 { small.append(large.removeLast()) }
    }
  }

  func draw(_ random: inout Randomness) -> Int32 {
    let position = random.unit() * Double(threshold.count)
    let index = min(Int(position), threshold.count - 1)
    return position - Double(index) < threshold[index] ? Int32(index) : alias[index]
  }
}
