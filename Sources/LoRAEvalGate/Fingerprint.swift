import CAnswers

/// 128 bits that stand for a value of any size: equal values have equal fingerprints, and different values of one run
/// have different ones except with a probability of about 2⁻⁶⁴ for each pair.
struct Fingerprint: Hashable, Sendable {
  var low: UInt64
  var high: UInt64

  static let zero = Fingerprint(low: 0, high: 0)

  init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  @inline(__always)
  init(_ words: lora_fingerprint) { self.init(low: words.low, high: words.high) }

  @inline(__always)
  var words: lora_fingerprint { lora_fingerprint(low: low, high: high) }

  /// Half of the bits are enough to find it.
  func hash(into hasher: inout Hasher) { hasher.combine(low) }

  /// The sum, the same in any order of summands; for members of an object and calls without order.
  static func &+ (left: Fingerprint, right: Fingerprint) -> Fingerprint {
    Fingerprint(lora_sum(left.words, right.words))
  }
}

/// The secret of one run with which fingerprints are made.
///
/// It is drawn anew for each run, so that no file can be written whose answers collide. Fingerprints never leave the process;
/// results do not depend on the key.
struct FingerprintKey: Sendable {
  // Not C's own structure: the compiler (6.2) takes none in a value that cannot be copied.
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

  @inline(__always)
  var words: lora_fingerprint_key { lora_fingerprint_key(a: a, b: b, c: c, d: d) }

  /// What kind of value a fingerprint is of; an integer 1 and a string "1" differ by it.
  enum Kind {
    case null
    case bool
    case number
    /// A text of ASCII characters.
    case ascii
    /// Any other text, normalised.
    case text
    /// Bytes between quotation marks.
    case written
    /// Bytes between escaped quotation marks.
    case quoted
    case array
    case object
    case call
    case calls
    case prompt

    @inline(__always)
    var number: UInt64 {
      let value =
        switch self {
        case .null: LORA_OF_NULL
        case .bool: LORA_OF_BOOL
        case .number: LORA_OF_NUMBER
        case .ascii: LORA_OF_ASCII
        case .text: LORA_OF_TEXT
        case .written: LORA_OF_WRITTEN
        case .quoted: LORA_OF_QUOTED
        case .array: LORA_OF_ARRAY
        case .object: LORA_OF_OBJECT
        case .call: LORA_OF_CALL
        case .calls: LORA_OF_CALLS
        case .prompt: LORA_OF_PROMPT
        }
      return UInt64(value)
    }
  }

  /// Fingerprint of some bytes.
  func bytes(_ bytes: Span<UInt8>, _ kind: Kind) -> Fingerprint { self.bytes(bytes, 0..<bytes.count, kind) }

  /// Fingerprint of a part of some bytes.
  func bytes(_ bytes: Span<UInt8>, _ range: Range<Int>, _ kind: Kind) -> Fingerprint {
    precondition(range.upperBound <= bytes.count)
    var key = words
    return unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return self.words(0, 0, kind) }
      let (start, readable) = unsafe (base + range.lowerBound, buffer.count - range.lowerBound)
      return Fingerprint(unsafe lora_of_bytes(&key, start, range.count, readable, kind.number))
    }
  }

  /// Fingerprint of two words.
  @inline(__always)
  func words(_ first: UInt64, _ second: UInt64, _ kind: Kind) -> Fingerprint {
    var key = words
    return Fingerprint(unsafe lora_of_words(&key, first, second, kind.number))
  }

  /// Fingerprint of a member of an object.
  @inline(__always)
  func member(_ name: Fingerprint, _ value: Fingerprint) -> Fingerprint {
    var key = words
    return Fingerprint(unsafe lora_of_member(&key, name.words, value.words))
  }

  /// Fingerprint of an ordered pair.
  @inline(__always)
  func pair(_ left: Fingerprint, _ right: Fingerprint, _ kind: Kind) -> Fingerprint {
    var key = words
    return Fingerprint(unsafe lora_of_pair(&key, left.words, right.words, kind.number))
  }
}
