package import LoRAKernels

/// A delta s·B·A as Q_B·core·Q_Aᵀ, with the singular values of the core, which are those of the delta.
///
/// B·A is never formed: two tall QR decompositions and one decomposition of a matrix of the rank's size give all there
/// is to know (Eckart and Young 1936 for what is best). Columns that are far from 1 are scaled by powers of two first,
/// so factors of any finite size have an answer.
package struct LowRank: Sendable {
  /// The orthogonal factor of B, `[out, out]`, as reflections.
  package let left: HouseholderQR
  /// The orthogonal factor of Aᵀ, `[in, in]`.
  package let right: HouseholderQR
  /// The core, without the power of two that `exponent` is.
  package let core: SingularValueDecomposition
  /// Singular values of the delta, largest first: as many as the smallest of rank, inputs and outputs.
  ///
  /// One beyond the range of f64 is infinite.
  package let values: [Double]
  /// The core as a matrix, without the power of two.
  private let matrix: ColumnMatrix
  private let exponent: Int

  /// Decomposes scale · B · A.
  ///
  /// - Parameters:
  ///   - b: `[out, rank]`, finite.
  ///   - a: Aᵀ, `[in, rank]`, finite.
  package init(scale: Double, b: consuming ColumnMatrix, a: consuming ColumnMatrix) {
    let (up, down) = (b.moveColumnsTowardsOne(), a.moveColumnsTowardsOne())
    let exponents = zip(up, down).map { $0 + $1 }
    self.init(scale: scale, left: HouseholderQR(b), right: HouseholderQR(a), exponents: exponents)
  }

  /// The delta of factors that are decomposed already, and whose elements are in the range of f32.
  package init(scale: Double, left: HouseholderQR, right: HouseholderQR) {
    self.init(scale: scale, left: left, right: right, exponents: Array(repeating: 0, count: left.columns))
  }

  /// - Parameter exponents: powers of two that the columns of both factors lack.
  private init(scale: Double, left: HouseholderQR, right: HouseholderQR, exponents: [Int]) {
    let shared = (exponents.max() ?? 0) + scale.finiteExponent
    // What is 2^2000 below the largest column has no part in any digit.
    let weights = exponents.map {
      Double(sign: .plus, exponent: max($0 + scale.finiteExponent - shared, -2_000), significand: scale.unitSignificand)
    }
    (self.left, self.right) = (left, right)
    matrix = left.triangle.product(weights, transposed: right.triangle)
    core = SingularValueDecomposition(matrix)
    exponent = shared
    values = core.values.map { Double(sign: .plus, exponent: shared, significand: $0) }
  }

  /// The part of Σσ² that the first `rank` values hold; 1 for a delta of zero.
  package func energy(rank: Int) -> Double {
    let total = Self.squares(core.values[...], over: core.values.first ?? 0)
    guard total > 0 else { return 1 }
    return min(Self.squares(core.values.prefix(rank), over: core.values.first ?? 0) / total, 1)
  }

  /// The Frobenius norm of the delta.
  package var norm: Double {
    let largest = core.values.first ?? 0
    let root = Self.squares(core.values[...], over: largest).squareRoot()
    return Double(sign: .plus, exponent: exponent, significand: largest * root)
  }

  private static func squares(_ values: ArraySlice<Double>, over largest: Double) -> Double {
    guard largest > 0 else { return 0 }
    return values.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }
  }

  /// The best factors of a rank: `scale` · B · Aᵀ is the delta cut to it, and both take the root of each value.
  ///
  /// The largest element of every column of B is positive. Beyond the number of values the columns are zero.
  package func factors(rank: Int, scale: Double = 1) -> (b: ColumnMatrix, a: ColumnMatrix) {
    let count = min(rank, values.count)
    let (divisor, sign) = (scale == 0 ? 1 : scale.magnitude, scale < 0 ? -1.0 : 1)
    var (up, down) = (
      ColumnMatrix(rows: left.size, columns: rank), ColumnMatrix(rows: right.size, columns: rank)
    )
    for column in 0..<count {
      let root = (values[column] / divisor).squareRoot()
      for row in 0..<left.size { up[row, column] = core.left[row, column] * root }
      for row in 0..<right.size { down[row, column] = core.right[row, column] * root * sign }
    }
    var (b, a) = (left.expand(up), right.expand(down))
    for column in 0..<count where b.hasNegativePeak(column) {
      b.negate(column)
      a.negate(column)
    }
    return (b, a)
  }

  /// How far `scale` · B · Aᵀ is from the delta, measured in full: what lies outside of its own rows and columns
  /// counts too, as rounded factors have it.
  package func distance(b: ColumnMatrix, a: ColumnMatrix, scale: Double = 1) -> DeltaNorms {
    let (up, down) = (Self.parts(of: b, in: left), Self.parts(of: a, in: right))
    let weights = [Double](repeating: -scale, count: b.columns)
    var rest = up.product(weights, transposed: down)
    for column in 0..<matrix.columns {
      for row in 0..<matrix.rows {
        rest[row, column] += Double(sign: .plus, exponent: exponent, significand: matrix[row, column])
      }
    }
    return DeltaNorms(of: rest)
  }

  /// Coordinates of a factor: those in the basis of the delta, and below them the triangle of what is outside.
  private static func parts(of factor: ColumnMatrix, in basis: HouseholderQR) -> ColumnMatrix {
    let (inside, outside) = basis.coordinates(of: factor)
    var result = ColumnMatrix(rows: basis.size + factor.columns, columns: factor.columns)
    for column in 0..<factor.columns {
      for row in 0..<basis.size { result[row, column] = inside[row, column] }
      for row in 0...column { result[basis.size + row, column] = outside.elements[column * factor.columns + row] }
    }
    return result
  }
}

/// The two norms of a matrix that count for deltas.
package struct DeltaNorms: Sendable, Equatable {
  /// The root of the sum of squares.
  package var frobenius: Double
  /// The largest singular value.
  package var spectral: Double

  package init(frobenius: Double, spectral: Double) { (self.frobenius, self.spectral) = (frobenius, spectral) }

  /// The norms of a small matrix.
  package init(of matrix: ColumnMatrix) {
    let size = max(matrix.rows, matrix.columns)
    var square = ColumnMatrix(rows: size, columns: size)
    for column in 0..<matrix.columns {
      for row in 0..<matrix.rows { square[row, column] = matrix[row, column] }
    }
    let values = singularValues(square.elements, size: size)
    let largest = values.first ?? 0
    spectral = largest
    frobenius =
      largest > 0 ? largest * values.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot() : 0
  }
}

extension Double {
  /// The number without its power of two.
  fileprivate var unitSignificand: Double {
    Double(sign: sign, exponent: -finiteExponent, significand: magnitude)
  }
}

extension ColumnMatrix {
  /// Scales columns whose squares could leave the range of f64 by powers of two.
  ///
  /// - Returns: the exponent that was taken out of each column.
  fileprivate mutating func moveColumnsTowardsOne() -> [Int] {
    let safe = 0x1p-400...0x1p400
    return squares.enumerated().map { column, square in
      guard !safe.contains(square) else { return 0 }
      let range = column * rows..<(column + 1) * rows
      let exponent = elements[range].reduce(0) { Swift.max($0, $1.magnitude) }.finiteExponent
      for index in range {
        elements[index] = Double(sign: .plus, exponent: -exponent, significand: elements[index])
      }
      return exponent
    }
  }
}
