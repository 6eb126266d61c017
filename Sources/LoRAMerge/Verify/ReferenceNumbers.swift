import LoRAKernels
import TensorCore

/// Floating-point codes read and written in plain arithmetic, apart from the kernels that they are there to check.
enum ReferenceNumbers {
  /// How a type of at most 32 bits spells numbers: sign, exponent, mantissa.
  private struct Format {
    let exponentBits: Int
    let mantissaBits: Int
    let bias: Int
    /// What the codes beyond the numbers mean.
    let specials: Specials

    enum Specials {
      /// The highest exponent is infinity (mantissa 0) or NaN.
      case ieee
      /// Only all ones below the sign is NaN.
      case allOnes
      /// Only the code of negative zero is NaN.
      case negativeZero
      case none
    }
  }

  private static func format(of dtype: DType) -> Format? {
    switch dtype {
    case .f32: Format(exponentBits: 8, mantissaBits: 23, bias: 127, specials: .ieee)
    case .bf16: Format(exponentBits: 8, mantissaBits: 7, bias: 127, specials: .ieee)
    case .f16: Format(exponentBits: 5, mantissaBits: 10, bias: 15, specials: .ieee)
    case .f8e5m2: Format(exponentBits: 5, mantissaBits: 2, bias: 15, specials: .ieee)
    case .f8e4m3: Format(exponentBits: 4, mantissaBits: 3, bias: 7, specials: .allOnes)
    case .f8e5m2fnuz: Format(exponentBits: 5, mantissaBits: 2, bias: 16, specials: .negativeZero)
    case .f8e4m3fnuz: Format(exponentBits: 4, mantissaBits: 3, bias: 8, specials: .negativeZero)
    case .f6e2m3: Format(exponentBits: 2, mantissaBits: 3, bias: 1, specials: .none)
    case .f6e3m2: Format(exponentBits: 3, mantissaBits: 2, bias: 3, specials: .none)
    case .f4: Format(exponentBits: 2, mantissaBits: 1, bias: 1, specials: .none)
    default: nil
    }
  }

  /// The code of element `index`: bits counted from the lowest of the first byte.
  static func code(_ bytes: [UInt8], _ index: Int, _ dtype: DType) -> UInt64 {
    let bits = Int(dtype.bits)
    var code: UInt64 = 0
    for bit in stride(from: 0, to: bits, by: bits < 8 ? 1 : 8) {
      let position = index * bits + bit
      let byte = UInt64(bytes[position / 8])
      code |= (bits < 8 ? byte >> UInt64(position % 8) & 1 : byte) << UInt64(bit)
    }
    return code
  }

  /// The numbers of all whole elements of some bytes.
  static func values(_ bytes: [UInt8], _ dtype: DType) -> [Double] {
    let count = bytes.count * 8 / Int(dtype.bits)
    var isRead = false
    let numbers = unsafe [Double](unsafeUninitializedCapacity: count) { numbers, initialized in
      let target = unsafe UnsafeMutableBufferPointer(rebasing: numbers[..<count])
      isRead = unsafe bytes.withUnsafeBytes { unsafe Kernels.readReference($0, dtype, to: target) }
      initialized = isRead ? count : 0
    }
    return isRead ? numbers : (0..<count).map { value(code(bytes, $0, dtype), dtype) }
  }

  /// The number that a code stands for, exactly.
  static func value(_ code: UInt64, _ dtype: DType) -> Double {
    if dtype == .f64 { return Double(bitPattern: code) }
    if dtype == .f8e8m0 { return code == 0xFF ? .nan : power(Int(code) - 127) }
    guard let format = format(of: dtype) else { return .nan }
    let magnitude = code & ((1 << UInt64(dtype.bits - 1)) - 1)
    let isNegative = code != magnitude
    let mantissa = magnitude & ((1 << UInt64(format.mantissaBits)) - 1)
    let exponent = Int(magnitude >> UInt64(format.mantissaBits))
    switch format.specials {
    case .ieee where exponent == (1 << format.exponentBits) - 1:
      return mantissa != 0 ? .nan : isNegative ? -.infinity : .infinity
    case .allOnes where magnitude == (1 << UInt64(dtype.bits - 1)) - 1: return .nan
    case .negativeZero where isNegative && magnitude == 0: return .nan
    default: break
    }
    let significand = Double(exponent == 0 ? mantissa : mantissa | 1 << UInt64(format.mantissaBits))
    let absolute = significand * power(max(exponent, 1) - format.bias - format.mantissaBits)
    return isNegative ? -absolute : absolute
  }

  /// The code of the nearest number of an IEEE type of at most 32 bits, ties to even, beyond the largest infinity; a
  /// NaN has the code of a quiet one.
  static func code(rounding value: Double, to dtype: DType) -> UInt64 {
    guard let format = format(of: dtype) else { return 0 }
    let sign: UInt64 = value.sign == .minus ? 1 << UInt64(dtype.bits - 1) : 0
    let infinity = UInt64((1 << format.exponentBits) - 1) << UInt64(format.mantissaBits)
    if value.isNaN { return infinity | 1 << UInt64(format.mantissaBits - 1) }
    guard value.isFinite, value != 0 else { return sign | (value.isFinite ? 0 : infinity) }
    // The spacing of the numbers around the value, where a number below the normal ones has that of the smallest.
    let exponent = max(Int(value.exponent), 1 - format.bias)
    let steps = (value.magnitude * power(format.mantissaBits - exponent)).rounded(.toNearestOrEven)
    // Numbers in order have consecutive codes; rounding up to the next power of two carries into the exponent.
    let code = UInt64(exponent - 1 + format.bias) << UInt64(format.mantissaBits) + UInt64(steps)
    return sign | min(code, infinity)
  }

  /// How many numbers two codes of an IEEE type are apart; nil when one is NaN and the other is not.
  static func distance(_ one: UInt64, _ other: UInt64, _ dtype: DType) -> UInt64? {
    if one == other { return 0 }
    let (left, right) = (value(one, dtype), value(other, dtype))
    if left.isNaN || right.isNaN { return left.isNaN && right.isNaN ? 0 : nil }
    let sign: UInt64 = 1 << UInt64(dtype.bits - 1)
    func place(_ code: UInt64) -> Int64 { code & sign == 0 ? Int64(code) : -Int64(code & ~sign) }
    return (place(one) - place(other)).magnitude
  }

  /// 2 to the power of `exponent`, which may be below the smallest normal number.
  private static func power(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: 1) }
}
