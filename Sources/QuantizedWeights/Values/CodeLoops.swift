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

  /// Codes of 4 bits, from code number `first` of `codes` on.
  @inline(__always)
  static func nibbles(
    _ codes: UnsafePointer<UInt8>, from first: Int, _ count: Int, _ order: Order, _ levels: UnsafePointer<Double>,
    _ scale: Double, _ offset: Double, _ output: UnsafeMutablePointer<Double>
  ) {
    let (even, odd): (UInt8, UInt8) = order == .lowFirst ? (0, 4) : (4, 0)
    var index = 0
    if first & 1 == 1, count > 0 {
      unsafe output[0] = levels[Int(codes[first / 2] >> odd & 15)] * scale + offset
      index = 1
    }
    var byte = (first + index) / 2
    while index + 1 < count {
      let pair = unsafe codes[byte]
      unsafe output[index] = levels[Int(pair >> even & 15)] * scale + offset
      unsafe output[index + 1] = levels[Int(pair >> odd & 15)] * scale + offset
      index += 2
      byte += 1
    }
    if index < count { unsafe output[index] = levels[Int(codes[byte] >> even & 15)] * scale + offset }
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
