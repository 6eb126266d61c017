import TensorCore
import Testing

/// A small binary float from first principles: decoded and rounded by definition, one element at a time.
struct FloatFormat: Sendable, CustomTestStringConvertible {
  /// Which codes are special.
  enum Special {
    case ieee  // largest exponent: infinity and NaN
    case nanOnly  // all ones is NaN
    case negativeZeroIsNaN
    case none
    case scale  // E8M0
  }

  let dtype: DType
  let exponentBits: Int
  let mantissaBits: Int
  let bias: Int
  let special: Special

  var testDescription: String { dtype.name }
  var codes: UInt64 { 1 << dtype.bits }

  static let f16 = FloatFormat(dtype: .f16, exponentBits: 5, mantissaBits: 10, bias: 15, special: .ieee)
  static let bf16 = FloatFormat(dtype: .bf16, exponentBits: 8, mantissaBits: 7, bias: 127, special: .ieee)
  static let f32 = FloatFormat(dtype: .f32, exponentBits: 8, mantissaBits: 23, bias: 127, special: .ieee)
  static let small: [FloatFormat] = [
    FloatFormat(dtype: .f8e4m3, exponentBits: 4, mantissaBits: 3, bias: 7, special: .nanOnly),
    FloatFormat(dtype: .f8e5m2, exponentBits: 5, mantissaBits: 2, bias: 15, special: .ieee),
    FloatFormat(dtype: .f8e4m3fnuz, exponentBits: 4, mantissaBits: 3, bias: 8, special: .negativeZeroIsNaN),
    FloatFormat(dtype: .f8e5m2fnuz, exponentBits: 5, mantissaBits: 2, bias: 16, special: .negativeZeroIsNaN),
    FloatFormat(dtype: .f8e8m0, exponentBits: 8, mantissaBits: 0, bias: 127, special: .scale),
    FloatFormat(dtype: .f6e2m3, exponentBits: 2, mantissaBits: 3, bias: 1, special: .none),
    FloatFormat(dtype: .f6e3m2, exponentBits: 3, mantissaBits: 2, bias: 3, special: .none),
    FloatFormat(dtype: .f4, exponentBits: 2, mantissaBits: 1, bias: 1, special: .none),
  ]

  /// The value of a code.
  func decode(_ code: UInt64) -> Double {
    if special == .scale { return code == 255 ? .nan : power(Int(code) - 127) }
    let mantissa = Int(code & ((1 << mantissaBits) - 1))
    let exponent = Int((code >> mantissaBits) & ((1 << exponentBits) - 1))
    let negative = (code >> (mantissaBits + exponentBits)) & 1 == 1
    let top = (1 << exponentBits) - 1
    switch special {
    case .ieee where exponent == top:
      return mantissa != 0 ? .nan : negative ? -.infinity : .infinity
    case .nanOnly where exponent == top && mantissa == (1 << mantissaBits) - 1: return .nan
    case .negativeZeroIsNaN where negative && exponent == 0 && mantissa == 0: return .nan
    default: break
    }
    let size =
      exponent == 0
      ? Double(mantissa) * power(1 - bias - mantissaBits)
      : Double((1 << mantissaBits) + mantissa) * power(exponent - bias - mantissaBits)
    return negative ? -size : size
  }

  /// The code nearest to a value, ties to even.
  ///
  /// For IEEE-like types only. NaN gives the positive quiet NaN without payload.
  func encode(_ value: Double) -> UInt64 {
    let top = UInt64((1 << exponentBits) - 1) << mantissaBits
    if value.isNaN { return top | (1 << (mantissaBits - 1)) }
    let sign: UInt64 = value.sign == .minus ? 1 << (mantissaBits + exponentBits) : 0
    let size = value.magnitude
    if size.isInfinite { return sign | top }
    if size == 0 { return sign }
    let least = 1 - bias
    let exponent = max(Int(size.exponent), least)
    // Scaling by a power of two is exact for everything that does not underflow, and that rounds to zero anyway.
    let units = (size * power(mantissaBits - exponent / 2) * power(exponent / 2 - exponent))
      .rounded(.toNearestOrEven)
    // Units of 2^(exponent - mantissaBits); a carry into the next exponent is the same addition of codes.
    let code = UInt64(units) + UInt64(exponent - least) << mantissaBits
    return sign | min(code, top)
  }

  private func power(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: 1) }
}

/// The bytes of values in a type, rounded by `FloatFormat`, at an odd address inside the array's storage if asked.
struct TensorBytes {
  var storage: [UInt8]
  let shift: Int
  var count: Int { storage.count - shift }

  init(_ values: [Double], _ dtype: DType, shift: Int = 0) {
    self.shift = shift
    storage = [UInt8](repeating: 0xA5, count: shift)
    for value in values {
      switch dtype {
      case .f64: append(value.bitPattern, 8)
      case .f32: append(UInt64(Float(value).bitPattern), 4)
      case .f16: append(FloatFormat.f16.encode(value), 2)
      default: append(FloatFormat.bf16.encode(value), 2)
      }
    }
  }

  init(zeros count: Int, shift: Int = 0) {
    self.shift = shift
    storage = [UInt8](repeating: 0xA5, count: shift + count)
  }

  private mutating func append(_ code: UInt64, _ size: Int) {
    for byte in 0..<size { storage.append(UInt8(truncatingIfNeeded: code >> (8 * UInt64(byte)))) }
  }

  func read<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    unsafe storage.withUnsafeBytes { unsafe body(UnsafeRawBufferPointer(rebasing: $0[shift...])) }
  }

  mutating func write<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
    let shift = shift
    return unsafe storage.withUnsafeMutableBytes { unsafe body(UnsafeMutableRawBufferPointer(rebasing: $0[shift...])) }
  }

  /// The code of element `index`, of `size` bytes.
  func code(_ index: Int, size: Int) -> UInt64 {
    var code: UInt64 = 0
    for byte in 0..<size { code |= UInt64(storage[shift + index * size + byte]) << (8 * UInt64(byte)) }
    return code
  }

  /// The value of element `index`.
  func value(_ index: Int, _ dtype: DType) -> Double {
    let code = code(index, size: Int(dtype.bits / 8))
    switch dtype {
    case .f64: return Double(bitPattern: code)
    case .f32: return Double(Float(bitPattern: UInt32(code)))
    case .f16: return FloatFormat.f16.decode(code)
    default: return FloatFormat.bf16.decode(code)
    }
  }
}
