package import LoRAKernels
package import TensorCore

/// A tensor's bytes, filled matrix by matrix.
package struct StridedBytes {
  package private(set) var bytes: [UInt8]
  private let width: Int

  package init(_ dtype: DType, count: Int) {
    width = Int(dtype.bits / 8)
    bytes = [UInt8](repeating: 0, count: count * width)
  }

  /// Puts element (i, k) of a matrix, column by column with `rows` elements each, at `start + i·stride + k·rankStride`.
  package mutating func place(_ matrix: [UInt8], _ rows: Int, at start: Int, stride: Int, rankStride: Int) {
    guard rows > 0 else { return }
    let move = StridedMove(width: width, count: rows, ranks: matrix.count / (rows * width))
    unsafe bytes.withUnsafeMutableBytes { target in
      unsafe matrix.withUnsafeBytes { source in
        unsafe move(
          source, .init(start: 0, stride: 1, rankStride: rows), to: target,
          .init(start: start, stride: stride, rankStride: rankStride))
      }
    }
  }
}

extension ColumnMatrix {
  /// The numbers that bytes of a type are, column by column, in the shape of another matrix.
  package init(_ bytes: [UInt8], _ dtype: DType, like other: ColumnMatrix) {
    let size = other.rows * other.columns
    let elements = unsafe [Double](unsafeUninitializedCapacity: size) { target, count in
      count = size
      let target = unsafe UnsafeMutableBufferPointer(rebasing: target[..<size])
      unsafe bytes.withUnsafeBytes { unsafe Kernels.widen($0, dtype: dtype, to: target) }
    }
    self.init(rows: other.rows, columns: other.columns, elements: elements)
  }
}
