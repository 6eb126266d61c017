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
    // So few rows at once that the columns of a panel stay in the innermost cache.
    for first in stride(from: 0, to: rows, by: Self.stepRows) {
      _ = unsafe elements.withUnsafeMutableBufferPointer { triangle in
        unsafe Fold(
          triangle: triangle, block: UnsafeMutableBufferPointer(rebasing: block[first...]), size: size,
          rows: min(Self.stepRows, rows - first), stride: columnStride
        ).run()
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

/// A block of rows being folded into a triangle, panel by panel of a few columns.
@safe struct Fold {
  let triangle: UnsafeMutableBufferPointer<Double>
  let block: UnsafeMutableBufferPointer<Double>
  /// Columns of both.
  let size: Int
  /// Rows of the block, and from one of its columns to the next.
  let rows: Int
  let stride: Int

  /// Folds the block in, whose columns become the vectors of the reflections.
  ///
  /// - Returns: the triangle T of every panel, column by column.
  func run() -> [[Double]] {
    var panels: [[Double]] = []
    for first in Swift.stride(from: 0, to: size, by: Kernels.reflectorLimit) {
      let end = min(first + Kernels.reflectorLimit, size)
      let width = end - first
      // The panel's reflections together are I − Y·T·Yᵀ (Schreiber and Van Loan 1989); T, column by column.
      var factors = [Double](repeating: 0, count: width * width)
      for (place, column) in (first..<end).enumerated() {
        let factor = unsafe reflector(&triangle[column * size + column], self.column(column))
        let overlaps = (first..<column).map { overlap($0, column) }
        for row in 0..<place {
          let sum = (row..<place).reduce(0) { $0 + factors[$1 * width + row] * overlaps[$1] }
          factors[place * width + row] = -factor * sum
        }
        factors[place * width + place] = factor
        reflect(column..<column + 1, [factor], onto: column + 1..<end)
      }
      reflect(first..<end, factors, onto: end..<size)
      panels.append(factors)
    }
    return panels
  }

  private func column(_ column: Int) -> UnsafeMutableBufferPointer<Double> {
    unsafe UnsafeMutableBufferPointer(rebasing: block[(column * stride)...].prefix(rows))
  }

  private func overlap(_ first: Int, _ second: Int) -> Double {
    guard let start = unsafe block.baseAddress else { return 0 }
    return unsafe sumOfProducts(start + first * stride, start + second * stride, rows)
  }

  /// Applies the reflections of some columns to others.
  private func reflect(_ own: Range<Int>, _ factors: [Double], onto others: Range<Int>) {
    guard !others.isEmpty,
      let vectors = unsafe ColumnBlock(
        UnsafeMutableBufferPointer(rebasing: block[(own.lowerBound * stride)...]), rows: rows, columns: own.count,
        stride: stride),
      let tops = unsafe ColumnBlock(
        UnsafeMutableBufferPointer(rebasing: triangle[(others.lowerBound * size + own.lowerBound)...]),
        rows: own.count, columns: others.count, stride: size),
      let columns = unsafe ColumnBlock(
        UnsafeMutableBufferPointer(rebasing: block[(others.lowerBound * stride)...]), rows: rows,
        columns: others.count, stride: stride)
    else { return }
    Kernels.reflect(vectors, factors: factors, tops: tops, columns: columns)
  }
}

/// Makes a Householder reflection H = I − factor·y·yᵀ, y = (1, v), that maps (head, tail) to (head, 0).
///
/// - Parameters:
///   - head: becomes what is left of the column.
///   - tail: becomes v. One whose square is nearly lost, far below the ends of f32, counts as zero.
/// - Returns: the factor; 0 when there is nothing to reflect.
package func reflector(_ head: inout Double, _ tail: UnsafeMutableBufferPointer<Double>) -> Double {
  guard let start = tail.baseAddress, case let below = unsafe sumOfProducts(start, start, tail.count), below > 0x1p-900
  else { return 0 }
  let norm = (head * head + below).squareRoot()
  let reflected = head > 0 ? -norm : norm
  let divided = 1 / (head - reflected)
  for index in tail.indices { unsafe tail[index] *= divided }
  defer { head = reflected }
  return (reflected - head) / reflected
}
