/// The singular values and vectors of a small dense matrix, M = U·diag(σ)·Vᵀ.
///
/// One-sided Jacobi rotations (Hestenes 1958) on the triangle of a QR decomposition with sorted columns (Drmač and
/// Veselić 2008): small values are right to their own digits, and every finite matrix ends. The same bits on every
/// machine.
package struct SingularValueDecomposition: Sendable {
  /// U, a row for each row of M.
  ///
  /// The largest element of every column is positive.
  package private(set) var left: ColumnMatrix
  /// σ, largest first; as many as the smaller of the two sizes.
  package private(set) var values: [Double]
  /// V, a row for each column of M.
  ///
  /// U or V has zeros in the columns of values that are 0; the others are orthonormal.
  package private(set) var right: ColumnMatrix

  /// Decomposes a matrix of finite elements.
  package init(_ matrix: ColumnMatrix) {
    guard matrix.rows >= matrix.columns else {
      let other = SingularValueDecomposition(matrix.transposed)
      (left, values, right) = (other.right, other.values, other.left)
      fixSigns()
      return
    }
    let size = matrix.columns
    // A power of two in front of everything keeps squares away from the ends of the range and changes no digit.
    let exponent = matrix.elements.reduce(0) { max($0, $1.magnitude) }.finiteExponent
    let scaled = matrix.elements.map { Double(sign: .plus, exponent: -exponent, significand: $0) }
    let order = Self.byLength(ColumnMatrix(rows: matrix.rows, columns: size, elements: scaled))
    var sorted = ColumnMatrix(rows: matrix.rows, columns: size)
    for (place, column) in order.enumerated() {
      for row in 0..<matrix.rows { sorted[row, place] = scaled[column * matrix.rows + row] }
    }
    // M·P = Q·R and Rᵀ·W = Z·diag(σ), so M = (Q·W)·diag(σ)·(P·Z)ᵀ.
    let basis = HouseholderQR(sorted)
    var rotations = JacobiRotations(basis.triangle.transposed)
    rotations.run()
    let (sums, columns, product) = (rotations.lengths, rotations.columns, rotations.product)
    let descending = sums.indices.sorted { (sums[$1], $0) < (sums[$0], $1) }
    values = descending.map { Double(sign: .plus, exponent: exponent, significand: sums[$0]) }
    var turned = ColumnMatrix(rows: size, columns: size)
    right = ColumnMatrix(rows: size, columns: size)
    for (place, column) in descending.enumerated() {
      for row in 0..<size {
        turned[row, place] = product[row, column]
        guard sums[column] > 0 else { continue }
        right[order[row], place] = columns[row, column] / sums[column]
      }
    }
    left = basis.expand(turned)
    fixSigns()
  }

  /// The columns of a matrix, longest first.
  private static func byLength(_ matrix: ColumnMatrix) -> [Int] {
    let squares = (0..<matrix.columns).map { column in
      (0..<matrix.rows).reduce(0) { $0 + matrix[$1, column] * matrix[$1, column] }
    }
    return squares.indices.sorted { (squares[$1], $0) < (squares[$0], $1) }
  }

  private mutating func fixSigns() {
    for column in 0..<values.count where left.hasNegativePeak(column) {
      left.negate(column)
      right.negate(column)
    }
  }
}

extension Double {
  /// The exponent of a number, 0 for zero.
  package var finiteExponent: Int { self == 0 || !isFinite ? 0 : Int(exponent) }
}

/// Rotations of pairs of columns until all are orthogonal.
private struct JacobiRotations {
  private let size: Int
  /// Numbers of a column, rounded up to a multiple of eight with zeros.
  private let height: Int
  /// The columns, each above its column of the product of the rotations.
  private var elements: AlignedArray<Double>
  private var squares: [Double]

  /// Sweeps over all pairs; six are usual.
  private static let sweepLimit = 60
  /// Squared length of a column that counts as zero beside elements around 1.
  private static let tiny = 0x1p-900

  /// The columns of a square matrix.
  init(_ matrix: ColumnMatrix) {
    size = matrix.columns
    height = (size + 7) / 8 * 8
    squares = [Double](repeating: 0, count: size)
    elements = AlignedArray(repeating: 0, count: size * 2 * height)
    let (size, height) = (size, height)
    unsafe elements.withMutable { elements in
      for column in 0..<size {
        for row in 0..<size { unsafe elements[column * 2 * height + row] = matrix[row, column] }
        unsafe elements[column * 2 * height + height + column] = 1
      }
    }
  }

  /// Lengths of the columns; 0 for what counts as zero.
  var lengths: [Double] { squares.map { $0 > Self.tiny ? $0.squareRoot() : 0 } }
  /// The columns of the matrix, turned.
  var columns: ColumnMatrix { part(from: 0) }
  /// The product of the rotations.
  var product: ColumnMatrix { part(from: height) }

  private func part(from first: Int) -> ColumnMatrix {
    var result = ColumnMatrix(rows: size, columns: size)
    unsafe elements.withPointer { elements in
      for column in 0..<size {
        for row in 0..<size { result[row, column] = unsafe elements[column * 2 * height + first + row] }
      }
    }
    return result
  }

  mutating func run() {
    for _ in 0..<Self.sweepLimit {
      // Sums that are kept up to date drift, so every sweep begins with fresh ones.
      measure()
      guard sweep() else { break }
    }
    measure()
  }

  private mutating func measure() {
    let (size, height) = (size, height)
    squares = unsafe elements.withPointer { elements in
      (0..<size).map { unsafe sumOfProducts(elements + $0 * 2 * height, elements + $0 * 2 * height, size) }
    }
  }

  /// Whether anything was turned.
  private mutating func sweep() -> Bool {
    let (size, height, count) = (size, height, elements.count)
    return unsafe elements.withMutable { elements in
      unsafe squares.withUnsafeMutableBufferPointer { squares in
        guard
          let columns = unsafe ColumnBlock(
            UnsafeMutableBufferPointer(start: elements, count: count), rows: 2 * height, columns: size,
            stride: 2 * height)
        else { return false }
        return unsafe Kernels.rotate(columns, rows: height, squares: squares)
      }
    }
  }
}
