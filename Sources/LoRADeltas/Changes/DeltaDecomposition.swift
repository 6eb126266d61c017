package import LoRAKernels

/// The largest singular values of a difference and their vectors, by a randomised range finder (Halko, Martinsson and
/// Tropp 2011, algorithm 4.4) that only ever multiplies the difference with a few vectors; of a small difference all of
/// them, exactly.
package struct DeltaDecomposition {
  /// The range, `[rows, k]`, orthonormal.
  private let basis: ColumnMatrix
  /// Δᵀ·basis, decomposed.
  private let projected: HouseholderQR
  /// basisᵀ·Δ without the orthogonal factor on its right, `[k, k]`.
  private let core: SingularValueDecomposition
  /// What is known of the values.
  package let spectrum: ExtractRule.Spectrum
  /// The rank by the rule.
  package let rank: Int

  /// Power iterations, each two passes over the files: at least four, and more while they help.
  private static let iterations = 4...12
  /// Part of the error's square by which the last iteration may have lowered it.
  private static let tolerance = 1e-4

  /// - Parameters:
  ///   - scan: sums over the difference, which is not zero.
  ///   - noise: where the random vectors come from.
  package init(_ reader: DeltaReader, _ scan: DeltaScan, _ rule: ExtractRule, _ noise: SketchNoise) throws(SurgeryError)
  {
    let limit = reader.matrix.limit
    var width = rule.width(limit: limit)
    while true {
      // All vectors cost less than ten passes with half as many.
      let isWhole = 2 * width >= limit
      let found = try Self.sketch(reader, isWhole ? nil : width, scan, rule, noise)
      let values = singularValues(found.projected.triangle)
      let spectrum = Self.spectrum(values, width: isWhole ? nil : width, scan)
      if let rank = found.isEnough ? rule.rank(of: spectrum) : nil {
        (basis, projected, self.spectrum, self.rank) = (found.basis, found.projected, spectrum, rank)
        core = SingularValueDecomposition(found.projected.triangle.transposed)
        return
      }
      width *= 2
    }
  }

  private static func spectrum(_ values: [Double], width: Int?, _ scan: DeltaScan) -> ExtractRule.Spectrum {
    let trusted = width.map { min(values.count, $0 - ExtractRule.oversampling) } ?? values.count
    return ExtractRule.Spectrum(values: values, trusted: trusted, total: scan.delta, floor: scan.noiseFloor)
  }

  private struct Sketch {
    var basis: ColumnMatrix
    var projected: HouseholderQR
    /// Whether it is known not to be too narrow for the rule.
    var isEnough = true
  }

  /// A range of so many columns, or all of it.
  private static func sketch(
    _ reader: DeltaReader, _ width: Int?, _ scan: DeltaScan, _ rule: ExtractRule, _ noise: SketchNoise
  ) throws(SurgeryError) -> Sketch {
    let (rows, columns) = (reader.matrix.rows, reader.matrix.columns)
    guard let width else {
      let basis =
        rows <= columns
        ? ColumnMatrix(identity: rows) : HouseholderQR(try reader.times(ColumnMatrix(identity: columns))).basis
      return Sketch(basis: basis, projected: HouseholderQR(try reader.transposedTimes(basis)))
    }
    var basis = HouseholderQR(try reader.times(noise.matrix(rows: columns, columns: width))).basis
    var (iteration, before) = (0, -Double.infinity)
    while true {
      let projected = HouseholderQR(try reader.transposedTimes(basis))
      let spectrum = spectrum(singularValues(projected.triangle), width: width, scan)
      // What a narrow sketch has found already, a wider one has too: no use in finishing it.
      guard let rank = rule.rank(of: spectrum) else {
        return Sketch(basis: basis, projected: projected, isEnough: false)
      }
      let captured = spectrum.values.prefix(rank).reduce(0) { $0 + $1 * $1 }
      let rest = max(scan.delta - captured, 0x1p-46 * scan.delta)
      let isDone = iteration >= iterations.lowerBound && captured - before <= tolerance * rest
      if isDone || iteration >= iterations.upperBound { return Sketch(basis: basis, projected: projected) }
      (iteration, before) = (iteration + 1, captured)
      basis = HouseholderQR(try reader.times(projected.basis)).basis
    }
  }

  /// Factors of a rank, B·Aᵀ, both with the root of each value; the largest element of every column of B is positive.
  package func factors(rank: Int) -> (b: ColumnMatrix, a: ColumnMatrix) {
    let size = projected.size
    let count = min(rank, core.values.count)
    var (up, down) = (ColumnMatrix(rows: rank, columns: basis.columns), ColumnMatrix(rows: size, columns: rank))
    for column in 0..<count {
      let root = core.values[column].squareRoot()
      for row in 0..<basis.columns { up[column, row] = core.left[row, column] * root }
      for row in 0..<size { down[row, column] = core.right[row, column] * root }
    }
    var b = basis.product(Array(repeating: 1, count: basis.columns), transposed: up)
    var a = projected.expand(down)
    for column in 0..<count where b.hasNegativePeak(column) {
      b.negate(column)
      a.negate(column)
    }
    return (b, a)
  }
}

extension HouseholderQR {
  /// The orthogonal factor, `[rows, size]`.
  fileprivate var basis: ColumnMatrix { expand(ColumnMatrix(identity: size)) }
}

extension ColumnMatrix {
  fileprivate init(identity size: Int) {
    self.init(rows: size, columns: size)
    for index in 0..<size { self[index, index] = 1 }
  }
}

/// The singular values of a matrix with at least as many columns as rows, or the other way round, largest first.
private func singularValues(_ matrix: ColumnMatrix) -> [Double] {
  let size = max(matrix.rows, matrix.columns)
  var square = ColumnMatrix(rows: size, columns: size)
  for column in 0..<matrix.columns {
    for row in 0..<matrix.rows { square[row, column] = matrix[row, column] }
  }
  return Array(singularValues(square.elements, size: size).prefix(min(matrix.rows, matrix.columns)))
}
