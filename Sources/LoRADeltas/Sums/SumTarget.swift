package import LoRAKernels

/// The matrix that the new factors of a module, or of one of its experts, should have as their product.
package enum SumTarget {
  /// The exact sum, as its factors side by side.
  case stacked(b: ColumnMatrix, a: ColumnMatrix, norm: Double)
  /// The sum as a delta of low rank, to be cut; its norm is 0 where the deltas cancel each other but for rounding.
  case lowRank(LowRank, norm: Double)
  /// A matrix of full rank.
  case dense(DenseMatrix)

  /// - Parameters:
  ///   - name: of the module.
  ///   - firstEntry: the place of the first entry in the module: stacks of experts count on.
  package init(_ deltas: [SummedDelta], _ options: CombineOptions, name: String, firstEntry: UInt64) {
    if options.method.prunes {
      let sum = ElementwiseSum(deltas: deltas, options: options, name: name, firstEntry: firstEntry)
      self = .dense(sum.matrix())
      return
    }
    let (up, down) = (deltas[0].up.rows, deltas[0].down.rows)
    var (b, a): ([Double], [Double]) = ([], [])
    var size = 0.0
    for delta in deltas {
      let factor = delta.scale * delta.weight
      b += delta.up.elements.map { $0 * factor }
      a += delta.down.elements
      size += factor.magnitude * RootSumOfSquares(delta.up.elements).root * RootSumOfSquares(delta.down.elements).root
    }
    let rank = deltas.reduce(0) { $0 + $1.up.columns }
    let stacked = (
      b: ColumnMatrix(rows: up, columns: rank, elements: b), a: ColumnMatrix(rows: down, columns: rank, elements: a)
    )
    let sum = LowRank(scale: 1, b: stacked.b, a: stacked.a)
    let norm = sum.norm <= 0x1p-46 * size ? 0 : sum.norm
    self =
      options.method == .cat
      ? .stacked(b: stacked.b, a: stacked.a, norm: norm) : .lowRank(sum, norm: norm)
  }

  package var norm: Double {
    switch self {
    case .stacked(_, _, let norm), .lowRank(_, let norm): norm
    case .dense(let matrix): matrix.norm
    }
  }

  /// The best factors of a rank, and the part of the squared norm that they keep before they are rounded.
  package func factors(rank: Int) -> (b: ColumnMatrix, a: ColumnMatrix, energy: Double) {
    switch self {
    case .stacked(let b, let a, _): return (b, a, 1)
    case .lowRank(let sum, let norm):
      guard norm > 0 else {
        return (
          ColumnMatrix(rows: sum.left.rows, columns: rank), ColumnMatrix(rows: sum.right.rows, columns: rank), 1
        )
      }
      let (b, a) = sum.factors(rank: rank)
      return (b, a, sum.energy(rank: rank))
    case .dense(let matrix):
      let leading = matrix.leading(rank)
      let (b, a) = leading.factors(rank: rank)
      let kept = RootSumOfSquares(leading.values.prefix(rank)).root
      let norm = matrix.norm
      return (b, a, norm > 0 ? min(1, (kept / norm) * (kept / norm)) : 1)
    }
  }

  /// How far the product of some factors is from the matrix.
  package func distance(b: ColumnMatrix, a: ColumnMatrix) -> Double {
    switch self {
    case .stacked(let ownB, let ownA, _):
      // [B, −B'] · [A; A'] decomposed in one go: the difference is small beside both.
      let up = ColumnMatrix(rows: b.rows, columns: 2 * b.columns, elements: ownB.elements + b.elements.map { -$0 })
      let down = ColumnMatrix(rows: a.rows, columns: 2 * a.columns, elements: ownA.elements + a.elements)
      let (left, right) = (HouseholderQR(up).triangle, HouseholderQR(down).triangle)
      let ones = Array(repeating: 1.0, count: up.columns)
      return RootSumOfSquares(left.product(ones, transposed: right).elements).root
    case .lowRank(let sum, let norm): return norm > 0 ? sum.distance(b: b, a: a).frobenius : 0
    case .dense(let matrix): return matrix.distance(b: b, a: a)
    }
  }
}
