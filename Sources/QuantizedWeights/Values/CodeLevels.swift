import LoRAKernels
import TensorCore

/// The number that every code of a small type stands for.
enum CodeLevels {
  /// The numbers of an 8-bit floating-point type by their codes.
  static func of(_ dtype: DType) -> [Double] { numbers(Array(0...255), dtype) }

  /// E2M1: two numbers in a byte, 0 to 6 and their negatives (OCP Microscaling Formats, section 5.3.3).
  static let e2m1: [Double] = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6]

  /// Unsigned integers of so many bits, less an offset.
  static func integers(bits: Int, less offset: Int = 0) -> [Double] { (0..<1 << bits).map { Double($0 - offset) } }

  /// Two's complement in 8 bits.
  static let int8: [Double] = (0...255).map { Double(Int8(truncatingIfNeeded: $0)) }

  /// 2 to the power of an exponent of 8 bits with a bias of 127; 255 is NaN (the same, section 5.4.1).
  static let e8m0: [Double] = (0...255).map {
    $0 == 255 ? .nan : Double(sign: .plus, exponent: $0 - 127, significand: 1)
  }

  /// The numbers that bytes hold; U8 and I8 count as integers.
  static func numbers(_ bytes: [UInt8], _ dtype: DType) -> [Double] {
    switch dtype {
    case .u8: return bytes.map { Double($0) }
    case .i8: return bytes.map { int8[Int($0)] }
    default:
      let count = bytes.count * 8 / Int(dtype.bits)
      return unsafe [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
        let target = unsafe UnsafeMutableBufferPointer(rebasing: buffer[..<count])
        unsafe bytes.withUnsafeBytes { unsafe Kernels.widen($0, dtype: dtype, to: target) }
        initialized = count
      }
    }
  }
}
