/// The triangle R of a QR decomposition of a tall matrix that is taken in block by block.
///
/// Memory is size² elements however tall the matrix is. Each block is folded in with Householder reflections that act
/// on R and the block alone (the triangular-pentagonal update of LAPACK's `tpqrt`), so that RᵀR stays the sum of the
/// blocks' Gram matrices with the accuracy of an orthogonal transformation.
package struct TriangularFactor: Sendable {
  /// Columns of the matrix.
  package let size: Int
  /// R, column by column; zero below the diagonal.
  package private(set) var elements: [Double]

  /// The factor of a matrix without rows.
  package init(size: Int) {
    self.size = size
    elements = [Double](repeating: 0, count: size * size)
  }

  /// A factor of these elements, zero below the diagonal; what lies there is not looked at.
  init(size: Int, elements: [Double]) {
    (self.size, self.elements) = (size, elements)
    for column in 0..<size {
      for row in column + 1..<max(size, column + 1) { self.elements[column * size + row] = 0 }
    }
  }

  /// Folds in a block of `rows` rows, `size` columns of `rows` elements, and leaves it undefined.
  ///
  /// - Parameter stride: elements from one column to the next; nil where they follow each other.
  package mutating func absorb(_ block: UnsafeMutableBufferPointer<Double>, rows: Int, stride columnStride: Int? = nil)
  {
    let columnStride = columnStride ?? rows
    precondition(
      rows == 0 || size == 0 || columnStride >= rows && block.count >= (size - 1) * columnStride + rows,
      "the block is smaller than its shape")
    let size = size
    var factors = [Double](repeating: 0, count: size * Kernels.panelWidth)
    // So few rows at once that the columns of a panel stay in the innermost cache.
    for first in stride(from: 0, to: rows, by: Self.stepRows) {
      unsafe elements.withUnsafeMutableBufferPointer { triangle in
        unsafe factors.withUnsafeMutableBufferPointer { factors in
          guard
            let part = unsafe ColumnBlock(
              UnsafeMutableBufferPointer(rebasing: block[first...]), rows: min(Self.stepRows, rows - first),
              columns: size, stride: columnStride)
          else { return }
          unsafe Kernels.fold(part, into: triangle, factors: factors)
        }
      }
    }
  }

  private static let stepRows = 512

  /// self · weights · otherᵀ, size × size, column by column; the weights scale single columns.
  package func product(with other: TriangularFactor, weights: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: size * size)
    unsafe result.withUnsafeMutableBufferPointer { result in
      unsafe elements.withUnsafeBufferPointer { left in
        guard let result = result.baseAddress, let left = left.baseAddress else { return }
        for inner in 0..<size {
          for column in 0...inner {
            let weight = other.elements[inner * size + column] * weights[inner]
            unsafe addMultiple(weight, of: left + inner * size, to: result + column * size, inner + 1)
          }
        }
      }
    }
    return result
  }
}
