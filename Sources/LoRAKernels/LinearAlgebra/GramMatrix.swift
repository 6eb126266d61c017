/// The Gram matrix AᵀA of a tall matrix that is taken in block by block, with half the operations of a QR decomposition.
///
/// Its Cholesky factor is R of that decomposition, but loses twice as many digits where columns are nearly dependent:
/// with columns of length 1, every singular value of A is right to about 2⁻⁵³·√n·‖R⁻¹‖², and so are those of products
/// with A (Ostrowski's theorem on congruences). So the factor is given only where that is little.
package struct GramMatrix: Sendable {
  /// Columns of the matrix.
  package let size: Int
  /// AᵀA on the diagonal and above, column by column.
  private var elements: [Double]

  /// The largest loss of a singular value, relative to it, with which a factor is given.
  private static let tolerance = 0x1p-36

  /// Of a matrix without rows.
  package init(size: Int) {
    self.size = size
    elements = [Double](repeating: 0, count: size * size)
  }

  /// Takes in some rows, which must be finite, their squares as well.
  package mutating func absorb(_ rows: ColumnBlock) {
    precondition(rows.columns == size, "rows of another size")
    unsafe elements.withUnsafeMutableBufferPointer { unsafe Kernels.addGram(rows, to: $0) }
  }

  /// R with RᵀR = AᵀA; nil where it would be too inexact.
  ///
  /// A column of zeros stays one.
  package var triangle: TriangularFactor? {
    let lengths = (0..<size).map { elements[$0 * size + $0].squareRoot() }
    guard let factor = Kernels.cholesky(elements, size: size, tolerance: Self.tolerance) else { return nil }
    let inverse = InverseNorm(factor: factor, lengths: lengths).estimate
    guard inverse * inverse * Double(size).squareRoot() * 0x1p-53 <= Self.tolerance else { return nil }
    return TriangularFactor(size: size, elements: factor)
  }
}

/// The 1-norm of the inverse of a triangle whose columns are divided by their lengths, estimated from solutions of few
/// systems (Hager 1984, Higham 1988).
private struct InverseNorm {
  /// R, column by column.
  let factor: [Double]
  /// Those of A's columns; 0 for one that is left out.
  let lengths: [Double]

  private var size: Int { lengths.count }

  var estimate: Double {
    let count = Double(max(size, 1))
    var norm = 0.0
    var right = [Double](repeating: 1 / count, count: size)
    for _ in 0..<5 {
      let solution = solve(right)
      let sum = solution.reduce(0) { $0 + $1.magnitude }
      guard sum > norm else { break }
      norm = sum
      let gradient = solveTransposed(solution.map { $0 < 0 ? -1 : 1 })
      guard let steepest = gradient.indices.max(by: { gradient[$0].magnitude < gradient[$1].magnitude }) else { break }
      right = [Double](repeating: 0, count: size)
      right[steepest] = 1
    }
    // What the steps above may miss.
    let waves = (0..<size).map { row -> Double in
      let height = 1 + Double(row) / max(count - 1, 1)
      return row % 2 == 0 ? height : -height
    }
    return max(norm, 2 * solve(waves).reduce(0) { $0 + $1.magnitude } / (3 * count))
  }

  /// diag(lengths) · R⁻¹ · x.
  private func solve(_ right: [Double]) -> [Double] {
    var rest = right
    var solution = right
    unsafe factor.withUnsafeBufferPointer { factor in
      unsafe rest.withUnsafeMutableBufferPointer { rest in
        guard let factor = factor.baseAddress, let target = rest.baseAddress else { return }
        for column in (0..<size).reversed() {
          let own = unsafe factor + column * size
          let value = lengths[column] > 0 ? unsafe target[column] / own[column] : 0
          solution[column] = value * lengths[column]
          unsafe addMultiple(-value, of: own, to: target, column)
        }
      }
    }
    return solution
  }

  /// R⁻ᵀ · diag(lengths) · x.
  private func solveTransposed(_ right: [Double]) -> [Double] {
    var solution = [Double](repeating: 0, count: size)
    unsafe factor.withUnsafeBufferPointer { factor in
      unsafe solution.withUnsafeMutableBufferPointer { solution in
        guard let factor = factor.baseAddress, let solution = solution.baseAddress else { return }
        for column in 0..<size where lengths[column] > 0 {
          let own = unsafe factor + column * size
          unsafe solution[column] =
            (right[column] * lengths[column] - sumOfProducts(own, solution, column)) / own[column]
        }
      }
    }
    return solution
  }
}
