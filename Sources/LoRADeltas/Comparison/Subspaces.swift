import LoRAKernels

/// Orthonormal bases of what a delta L·Rᵀ writes to (left) and reads from (right).
struct Subspaces {
  /// Left and right singular vectors; as many as the delta has singular values that are not rounding.
  let left: ColumnMatrix
  let right: ColumnMatrix
  /// Its singular values, largest first, up to a common factor.
  let values: [Double]

  /// Share of the largest singular value below which one counts as zero: what rounding to f32 leaves of none.
  private static let negligible = 1e-7

  /// The spaces of some columns of both triangles.
  init(_ left: TriangularFactor, _ right: TriangularFactor, _ columns: Range<Int>) {
    let (outputs, inputs) = (HouseholderQR(left.columns(columns)), HouseholderQR(right.columns(columns)))
    let ones = Array(repeating: 1.0, count: columns.count)
    let core = SingularValueDecomposition(outputs.triangle.product(ones, transposed: inputs.triangle))
    let count = core.values.count { $0 > Self.negligible * (core.values.first ?? 0) }
    values = Array(core.values.prefix(count))
    self.left = outputs.expand(core.left.firstColumns(count))
    self.right = inputs.expand(core.right.firstColumns(count))
  }
}

extension TriangularFactor {
  /// Some of its columns, with zeros below the diagonal.
  fileprivate func columns(_ range: Range<Int>) -> ColumnMatrix {
    ColumnMatrix(
      rows: size, columns: range.count, elements: Array(elements[range.lowerBound * size..<range.upperBound * size]))
  }
}

extension ColumnMatrix {
  fileprivate func firstColumns(_ count: Int) -> ColumnMatrix {
    ColumnMatrix(rows: rows, columns: count, elements: Array(elements.prefix(count * rows)))
  }
}
