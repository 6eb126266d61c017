/// The inner loops: elements of one scale, `levels[code] · scale + offset`.
///
/// The product is exact: no level has more than 8 significant bits and no scale more than 24. So is the sum with a zero
/// point's offset, which is a multiple of the scale.
enum CodeLoops {
  /// How the codes of less than 8 bits lie in a byte.
  enum Order: Sendable {
    /// The first one in the lowest bits.
    case lowFirst
    /// The first one in the highest bits (bitsandbytes).
    case highFirst
  }

  /// Codes of 8 bits.
  @inline(__always)
  static func bytes(
    _ codes: UnsafePointer<UInt8>, _ count: Int, _ levels: UnsafePointer<Double>, _ scale: Double, _ offset: Double,
    _ output: UnsafeMutablePointer<Double>
  ) {
    for index in 0..<count { unsafe output[index] = levels[Int(codes[index])] * scale + offset }
  }

  /// The numbers of both codes of 4 bits in a byte, in their order, for every byte.
  static func pairs(_ levels: [Double], _ order: Order) -> [SIMD2<Double>] {
    (0..<256).map { byte in
      let (low, high) = (levels[byte & 15], levels[byte >> 4])
      return order == .lowFirst ? SIMD2(low, high) : SIMD2(high, low)
    }
  }

  /// Codes of 4 bits, from code number `first` of `codes` on; `pairs` are the numbers of every byte.
  @inline(__always)
  static func nibbles(
    _ codes: UnsafePointer<UInt8>, from first: Int, _ count: Int, _ pairs: UnsafePointer<SIMD2<Double>>,
    _ scale: Double, _ offset: Double, _ output: UnsafeMutablePointer<Double>
  ) {
    var index = 0
    if first & 1 == 1, count > 0 {
      unsafe output[0] = pairs[Int(codes[first / 2])][1] * scale + offset
      index = 1
    }
    let (source, bytes) = unsafe (codes + (first + index) / 2, (count - index) / 2)
    let target = unsafe UnsafeMutableRawPointer(output + index)
    let (scales, offsets) = (SIMD2(repeating: scale), SIMD2(repeating: offset))
    for byte in 0..<bytes {
      let both = unsafe pairs[Int(source[byte])] * scales + offsets
      unsafe target.storeBytes(of: both, toByteOffset: byte &* 16, as: SIMD2<Double>.self)
    }
    index += bytes * 2
    if index < count { unsafe output[index] = pairs[Int(source[bytes])][0] * scale + offset }
  }

  /// The code of `bits` bits, at most 8, at code number `index` of a stream whose lowest bits come first.
  @inline(__always)
  static func code(_ stream: UnsafePointer<UInt8>, _ index: Int, bits: Int) -> Int {
    let bit = index * bits
    var two = unsafe Int(stream[bit / 8])
    if bit % 8 + bits > 8 { two |= unsafe Int(stream[bit / 8 + 1]) << 8 }
    return two >> (bit % 8) & (1 << bits - 1)
  }
}
