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
    while index + 8 < bytes.count {
      state = unsafe fold(state ^ word(bytes, index))
      index += 8
    }
    return unsafe fold(fold(state ^ end(bytes)))
  }

  /// The last eight bytes, or all of fewer: loads that overlap take the place of a loop whose length varies.
  @inline(__always)
  private func end(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    let count = bytes.count
    if count >= 8 { return unsafe word(bytes, count - 8) }
    if count >= 4 { return unsafe half(bytes, 0) << 32 | half(bytes, count - 4) }
    guard count > 0 else { return 0 }
    return unsafe UInt64(bytes[0]) << 16 | UInt64(bytes[count / 2]) << 8 | UInt64(bytes[count - 1])
  }

  @inline(__always)
  private func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }

  @inline(__always)
  private func half(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    unsafe UInt64(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  @inline(__always)
  private func fold(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: factor)
    return product.high ^ product.low
  }
}
