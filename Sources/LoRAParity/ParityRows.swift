import LoRAIO
import LoRAKernels
import Safetensors
import TensorCore

/// Rows of a matrix in f32, read a few at a time, so that they are multiplied while they are in a near cache.
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

  /// Writes some rows over the first of `numbers`.
  func read(_ rows: Range<Int>, into numbers: inout [Float]) throws(IOError) {
    let count = rows.count * width
    switch source {
    case .held(let all):
      numbers.replaceSubrange(..<count, with: all[rows.lowerBound * width..<rows.upperBound * width])
    case .stored(let file, let offset):
      let rowBytes = width * Int(dtype.bits / 8)
      let bytes = try file.contents.bytes(
        at: offset + UInt64(rows.lowerBound * rowBytes), count: rows.count * rowBytes)
      // Only the exact numbers of a quantised base.
      if dtype == .f64 {
        for (place, number) in Kernels.widened(bytes, dtype).enumerated() { numbers[place] = Float(number) }
        return
      }
      unsafe numbers.withUnsafeMutableBufferPointer { numbers in
        let target = unsafe UnsafeMutableBufferPointer(rebasing: numbers[..<count])
        unsafe bytes.withUnsafeBytes { unsafe Kernels.widen($0, dtype: dtype, to: target) }
      }
    }
  }

  /// Some rows.
  func rows(_ range: Range<Int>) throws(IOError) -> [Float] {
    var numbers = [Float](repeating: 0, count: range.count * width)
    try read(range, into: &numbers)
    return numbers
  }
}

extension Kernels {
  /// All elements of some bytes in f64.
  static func widened(_ bytes: [UInt8], _ dtype: DType) -> [Double] {
    let count = bytes.count * 8 / Int(dtype.bits)
    return unsafe [Double](unsafeUninitializedCapacity: count) { output, initialized in
      let target = unsafe UnsafeMutableBufferPointer(rebasing: output[..<count])
      unsafe bytes.withUnsafeBytes { unsafe Kernels.widen($0, dtype: dtype, to: target) }
      initialized = count
    }
  }
}
