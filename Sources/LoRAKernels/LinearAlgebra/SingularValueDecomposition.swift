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
    let sums = rotations.lengths
    let descending = sums.indices.sorted { (sums[$1], $0) < (sums[$0], $1) }
    values = descending.map { Double(sign: .plus, exponent: exponent, significand: sums[$0]) }
    var turned = ColumnMatrix(rows: size, columns: size)
    right = ColumnMatrix(rows: size, columns: size)
    for (place, column) in descending.enumerated() {
      for row in 0..<size {
        turned[row, place] = rotations.product[row, column]
        guard sums[column] > 0 else { continue }
        right[order[row], place] = rotations.columns[row, column] / sums[column]
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
  /// The columns of the matrix, turned.
  private(set) var columns: ColumnMatrix
  /// The product of the rotations.
  private(set) var product: ColumnMatrix
  private var squares: [Double] = []

  /// Sweeps over all pairs; six are usual.
  private static let sweepLimit = 60
  /// Cosine of the angle of two columns that counts as a right one.
  private static let tolerance = 0x1p-50
  /// Squared length of a column that counts as zero beside elements around 1.
  private static let tiny = 0x1p-900

  /// The columns of a square matrix.
  init(_ matrix: ColumnMatrix) {
    columns = matrix
    product = ColumnMatrix(rows: matrix.columns, columns: matrix.columns)
    for index in 0..<matrix.columns { product[index, index] = 1 }
  }

  /// Lengths of the columns; 0 for what counts as zero.
  var lengths: [Double] { squares.map { $0 > Self.tiny ? $0.squareRoot() : 0 } }

  mutating func run() {
    for _ in 0..<Self.sweepLimit {
      // Sums that are kept up to date drift, so every sweep begins with fresh ones.
      measure()
      guard sweep() else { break }
    }
    measure()
  }

  private mutating func measure() {
    let (rows, count) = (columns.rows, columns.columns)
    squares = unsafe columns.elements.withUnsafeBufferPointer { elements in
      guard let start = elements.baseAddress else { return [] }
      return (0..<count).map { unsafe sumOfProducts(start + $0 * rows, start + $0 * rows, rows) }
    }
  }

  /// Whether anything was turned.
  private mutating func sweep() -> Bool {
    let (rows, count) = (columns.rows, columns.columns)
    var hasTurned = false
    unsafe columns.elements.withUnsafeMutableBufferPointer { columns in
      unsafe product.elements.withUnsafeMutableBufferPointer { product in
        guard let columns = columns.baseAddress, let product = product.baseAddress else { return }
        for first in 0..<count {
          for second in first + 1..<max(count, first + 1) {
            let (x, y) = (squares[first], squares[second])
            guard x > Self.tiny, y > Self.tiny else { continue }
            let overlap = unsafe sumOfProducts(columns + first * rows, columns + second * rows, rows)
            guard overlap.magnitude > Self.tolerance * (x.squareRoot() * y.squareRoot()) else { continue }
            let ratio = (y - x) / (2 * overlap)
            let tangent = (ratio < 0 ? -1 : 1) / (ratio.magnitude + (1 + ratio * ratio).squareRoot())
            let cosine = 1 / (1 + tangent * tangent).squareRoot()
            let sine = cosine * tangent
            guard sine != 0 else { continue }
            hasTurned = true
            unsafe rotate(columns + first * rows, columns + second * rows, rows, cosine: cosine, sine: sine)
            unsafe rotate(product + first * count, product + second * count, count, cosine: cosine, sine: sine)
            squares[first] = max(x - tangent * overlap, 0)
            squares[second] = y + tangent * overlap
          }
        }
      }
    }
    return hasTurned
  }
}
