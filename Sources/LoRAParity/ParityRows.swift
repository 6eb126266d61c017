import LoRAIO
import LoRAKernels
import Safetensors
import TensorCore

/// Rows of a matrix, read a few at a time, so that they are multiplied while they are in a near cache.
struct ParityRows {
  private enum Source {
    /// Row after row in a file, from an offset.
    case stored(SafetensorsFile, offset: UInt64)
    case held([Float])
  }

  private let source: Source
  /// Numbers of a row.
  let width: Int
  /// The type of which the numbers are.
  let dtype: DType

  /// Rows that lie in a file from an offset.
  init(_ file: SafetensorsFile, at offset: UInt64, width: Int, _ dtype: DType) {
    (source, self.width, self.dtype) = (.stored(file, offset: offset), width, dtype)
  }

  /// Rows in memory, numbers of a type.
  init(_ numbers: [Float], width: Int, _ dtype: DType) {
    (source, self.width, self.dtype) = (.held(numbers), width, dtype)
  }

  /// The rows from the one with this number on.
  func dropping(first: Int) -> ParityRows {
    switch source {
    case .held(let numbers): ParityRows(Array(numbers[(first * width)...]), width: width, dtype)
    case .stored(let file, let offset):
      ParityRows(file, at: offset + UInt64(first * width * Int(dtype.bits / 8)), width: width, dtype)
    }
  }

  /// Some rows as bytes, and the type in which they are there: their own, or F32.
  func with<Result>(
    _ rows: Range<Int>, _ body: (UnsafeRawBufferPointer, DType) -> Result
  ) throws(IOError) -> Result {
    let (first, count) = (rows.lowerBound * width, rows.count * width)
    switch source {
    case .held(let numbers):
      return unsafe numbers.withUnsafeBytes { numbers in
        unsafe body(UnsafeRawBufferPointer(rebasing: numbers[4 * first..<4 * (first + count)]), .f32)
      }
    case .stored(let file, let offset):
      let size = Int(dtype.bits / 8)
      let bytes = try file.contents.bytes(at: offset + UInt64(first * size), count: count * size)
      guard dtype == .f64 else { return unsafe bytes.withUnsafeBytes { unsafe body($0, dtype) } }
      // Only the exact numbers of a quantised base.
      let numbers = unsafe bytes.withUnsafeBytes { (unsafe Kernels.widened($0, dtype) as [Double]).map { Float($0) } }
      return unsafe numbers.withUnsafeBytes { unsafe body($0, .f32) }
    }
  }

  /// Some rows.
  func rows(_ range: Range<Int>) throws(IOError) -> [Float] {
    unsafe try with(range) { unsafe Kernels.widened($0, $1) }
  }
}

extension Kernels {
  /// All elements of some bytes in f64.
  static func widened(_ bytes: UnsafeRawBufferPointer, _ dtype: DType) -> [Double] {
    let count = bytes.count * 8 / Int(dtype.bits)
    return unsafe [Double](unsafeUninitializedCapacity: count) { output, initialized in
      unsafe Kernels.widen(bytes, dtype: dtype, to: UnsafeMutableBufferPointer(rebasing: output[..<count]))
      initialized = count
    }
  }

  /// All elements of some bytes in f32, of any type but F64.
  static func widened(_ bytes: UnsafeRawBufferPointer, _ dtype: DType) -> [Float] {
    let count = bytes.count * 8 / Int(dtype.bits)
    return unsafe [Float](unsafeUninitializedCapacity: count) { output, initialized in
      unsafe Kernels.widen(bytes, dtype: dtype, to: UnsafeMutableBufferPointer(rebasing: output[..<count]))
      initialized = count
    }
  }

  /// The same of bytes in an array.
  static func widened(_ bytes: [UInt8], _ dtype: DType) -> [Double] {
    unsafe bytes.withUnsafeBytes { unsafe widened($0, dtype) }
  }
}
