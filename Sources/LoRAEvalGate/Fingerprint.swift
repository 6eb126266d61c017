/// 128 bits that stand for a value of any size: equal values have equal fingerprints, and different values of one run
/// have different ones except with a probability of about 2⁻⁶⁴ for each pair.
struct Fingerprint: Hashable, Sendable {
  var low: UInt64
  var high: UInt64

  static let zero = Fingerprint(low: 0, high: 0)

  /// Half of the bits are enough to find it.
  func hash(into hasher: inout Hasher) { hasher.combine(low) }

  /// The sum, the same in any order of summands; for members of an object and calls without order.
  static func &+ (left: Fingerprint, right: Fingerprint) -> Fingerprint {
    let (low, carry) = left.low.addingReportingOverflow(right.low)
    return Fingerprint(low: low, high: left.high &+ right.high &+ (carry ? 1 : 0))
  }
}

/// The secret of one run with which fingerprints are made.
///
/// It is drawn anew for each run, so that no file can be written whose answers collide. Fingerprints never leave the process;
/// results do not depend on the key.
struct FingerprintKey: Sendable {
  private let a: UInt64
  private let b: UInt64
  private let c: UInt64
  private let d: UInt64

  init() {
    var generator = SystemRandomNumberGenerator()
    a = generator.next()
    b = generator.next()
    c = generator.next()
    d = generator.next()
  }

  /// What kind of value a fingerprint is of; an integer 1 and a string "1" differ by it.
  enum Kind: UInt64 {
    case null = 1
    case bool
    case number
    case ascii
    case text
    case array
    case object
    case member
    case call
    case calls
    case prompt
  }

  /// Fingerprint of some bytes.
  ///
  /// Two lanes of folded 64×64-bit products over 16 bytes a step, as in wyhash and its relatives.
  func bytes(_ bytes: Span<UInt8>, _ kind: Kind) -> Fingerprint {
    unsafe bytes.withUnsafeBytes { buffer in
      var low = a ^ kind.rawValue
      var high = b ^ UInt64(buffer.count)
      var index = 0
      while index + 16 <= buffer.count {
        let first = unsafe buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        let second = unsafe buffer.loadUnaligned(fromByteOffset: index + 8, as: UInt64.self)
        absorb(first, second, &low, &high)
        index += 16
      }
      let rest = buffer.count - index
      if rest > 0 {
        let (first, second) = unsafe Self.tail(buffer, rest)
        absorb(first, second, &low, &high)
      }
      return finish(low, high)
    }
  }

  /// The last 1 to 15 bytes as two words.
  ///
  /// Loads may overlap: together with the length, which is in the fingerprint, they still say what the bytes are.
  @inline(__always)
  private static func tail(_ buffer: UnsafeRawBufferPointer, _ rest: Int) -> (UInt64, UInt64) {
    let count = buffer.count
    if rest >= 8 {
      return unsafe (
        buffer.loadUnaligned(fromByteOffset: count - rest, as: UInt64.self),
        buffer.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
      )
    }
    if rest >= 4 {
      return unsafe (
        UInt64(buffer.loadUnaligned(fromByteOffset: count - rest, as: UInt32.self)),
        UInt64(buffer.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
      )
    }
    let middle = unsafe UInt64(buffer[count - rest + rest / 2])
    return unsafe (UInt64(buffer[count - rest]) | middle << 8, UInt64(buffer[count - 1]))
  }

  /// Fingerprint of two words.
  @inline(__always)
  func words(_ first: UInt64, _ second: UInt64, _ kind: Kind) -> Fingerprint {
    var low = a ^ kind.rawValue
    var high = b
    absorb(first, second, &low, &high)
    return finish(low, high)
  }

  /// Fingerprint of an ordered pair.
  @inline(__always)
  func pair(_ left: Fingerprint, _ right: Fingerprint, _ kind: Kind) -> Fingerprint {
    var low = a ^ kind.rawValue
    var high = b
    absorb(left.low, left.high, &low, &high)
    absorb(right.low, right.high, &low, &high)
    return finish(low, high)
  }

  @inline(__always)
  private func absorb(_ first: UInt64, _ second: UInt64, _ low: inout UInt64, _ high: inout UInt64) {
    low = Self.fold(low ^ first, c ^ second)
    high = Self.fold(high ^ second, d ^ first) ^ low
  }

  @inline(__always)
  private func finish(_ low: UInt64, _ high: UInt64) -> Fingerprint {
    Fingerprint(low: Self.fold(low ^ c, high ^ b), high: Self.fold(high ^ d, low ^ a))
  }

  @inline(__always)
  private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }
}
