/// A hash of bytes under factors that are drawn anew for each run of the program.
struct TextHash: Sendable {
  private let seed: UInt64
  private let factor: UInt64

  init() {
    var random = SystemRandomNumberGenerator()
    seed = random.next()
    // An odd factor loses no bit of what it multiplies.
    factor = random.next() | 1
  }

  /// The hash of some bytes.
  @inline(__always)
  func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var state = fold(seed ^ UInt64(truncatingIfNeeded: bytes.count))
    var index = 0
    while index + 8 <= bytes.count {
      state = unsafe fold(state ^ bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index += 8
    }
    var rest: UInt64 = 0
    while index < bytes.count {
      rest = unsafe rest << 8 | UInt64(bytes[index])
      index += 1
    }
    return fold(fold(state ^ rest))
  }

  @inline(__always)
  private func fold(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: factor)
    return product.high ^ product.low
  }
}
