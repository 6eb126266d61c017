/// A QR decomposition of a dense matrix, A = Q·R, whose orthogonal factor is kept as Householder reflections.
///
/// The rows are folded into the triangle block by block, so that a block stays in a core's cache (a flat tree of
/// Demmel, Grigori, Hoemmen and Langou 2012). Q is square and orthogonal to rounding whatever the matrix is, zeros and
/// equal columns included. Elements must be finite, and their squares must not overflow. The same bits at every level.
package struct HouseholderQR: Sendable {
  package let rows: Int
  package let columns: Int
  /// Rows of R: the smaller of the two sizes.
  package let size: Int
  /// R, `size` × `columns`; zero below the diagonal.
  package private(set) var triangle: ColumnMatrix

  /// The vectors of the reflections, as many rows as the matrix.
  private var vectors: ColumnMatrix
  /// The blocks of rows with the triangle T of each panel.
  private var blocks: [Block] = []

  /// Rows that were folded in together.
  private struct Block: Sendable {
    var rows: Range<Int>
    /// T of every panel, column by column: the panel's reflections together are I − Y·T·Yᵀ.
    var panels: [[Double]]
  }

  private static let blockRows = 512
  private static let width = Kernels.reflectorLimit

  /// Decomposes a matrix, whose memory is used for the reflections.
  package init(_ matrix: consuming ColumnMatrix) {
    (rows, columns) = (matrix.rows, matrix.columns)
    size = min(rows, columns)
    triangle = ColumnMatrix(rows: size, columns: columns)
    vectors = consume matrix
    let first = min(rows, max(Self.blockRows, size))
    blocks = [Block(rows: 0..<first, panels: decomposeTop(first))]
    for start in stride(from: first, to: rows, by: Self.blockRows) {
      let range = start..<min(start + Self.blockRows, rows)
      blocks.append(Block(rows: range, panels: fold(range)))
    }
  }

  /// The first block: its reflections begin at the diagonal.
  private mutating func decomposeTop(_ height: Int) -> [[Double]] {
    var panels: [[Double]] = []
    let (rows, columns) = (rows, columns)
    for first in stride(from: 0, to: size, by: Self.width) {
      let end = min(first + Self.width, size)
      var factors = [Double](repeating: 0, count: (end - first) * (end - first))
      for column in first..<end { reflect(column, panel: first..<end, height: height, &factors) }
      // R moves out; the vectors get their ones and zeros, so that a panel is one dense block.
      for column in first..<end {
        for row in 0...column {
          triangle[row, column] = vectors[row, column]
          vectors[row, column] = row == column ? 1 : 0
        }
      }
      unsafe vectors.elements.withUnsafeMutableBufferPointer { elements in
        unsafe Self.apply(
          factors, elements, vectorsAt: first * rows + first, rows: height - first, stride: rows,
          onto: UnsafeMutableBufferPointer(rebasing: elements[(min(end, columns) * rows)...]), from: first,
          columns: columns - end)
      }
      panels.append(factors)
    }
    for column in size..<columns {
      for row in 0..<size { triangle[row, column] = vectors[row, column] }
    }
    return panels
  }

  /// Makes the reflection of one column, applies it to the rest of its panel and adds it to the panel's T.
  private mutating func reflect(_ column: Int, panel: Range<Int>, height: Int, _ factors: inout [Double]) {
    let (rows, width, place) = (rows, panel.count, column - panel.lowerBound)
    let below = height - column - 1
    unsafe vectors.elements.withUnsafeMutableBufferPointer { elements in
      let start = column * rows + column
      let tail = unsafe UnsafeMutableBufferPointer(rebasing: elements[(start + 1)...].prefix(below))
      let factor = unsafe reflector(&elements[start], tail)
      // An earlier vector of the panel has the element that stands beside this one's leading 1.
      let overlaps = (panel.lowerBound..<column).map { earlier in
        let other = earlier * rows + column
        guard let base = elements.baseAddress else { return 0.0 }
        return unsafe base[other] + sumOfProducts(base + other + 1, base + start + 1, below)
      }
      for row in 0..<place {
        let sum = (row..<place).reduce(0) { $0 + factors[$1 * width + row] * overlaps[$1] }
        factors[place * width + row] = -factor * sum
      }
      factors[place * width + place] = factor
      let rest = panel.upperBound - column - 1
      guard rest > 0, factor != 0,
        let vector = unsafe ColumnBlock(tail, rows: below, columns: 1, stride: rows),
        let tops = unsafe ColumnBlock(
          UnsafeMutableBufferPointer(rebasing: elements[(start + rows)...]), rows: 1, columns: rest, stride: rows),
        let targets = unsafe ColumnBlock(
          UnsafeMutableBufferPointer(rebasing: elements[min(start + rows + 1, elements.count)...]), rows: below,
          columns: rest, stride: rows)
      else { return }
      Kernels.reflect(vector, factors: [factor], tops: tops, columns: targets)
    }
  }

  /// Folds later rows into the triangle.
  private mutating func fold(_ range: Range<Int>) -> [[Double]] {
    let (rows, size) = (rows, size)
    return unsafe triangle.elements.withUnsafeMutableBufferPointer { triangle in
      unsafe vectors.elements.withUnsafeMutableBufferPointer { elements in
        unsafe Fold(
          triangle: triangle, block: UnsafeMutableBufferPointer(rebasing: elements[range.lowerBound...]), size: size,
          rows: range.count, stride: rows
        ).run()
      }
    }
  }

  // MARK: Q

  /// C becomes Qᵀ·C.
  package func applyTransposed(to matrix: inout ColumnMatrix) {
    for block in blocks {
      for (panel, factors) in block.panels.enumerated() { apply(factors, panel, of: block, to: &matrix) }
    }
  }

  /// C becomes Q·C.
  package func apply(to matrix: inout ColumnMatrix) {
    for block in blocks.reversed() {
      for (panel, factors) in block.panels.enumerated().reversed() {
        apply(Self.transposed(factors), panel, of: block, to: &matrix)
      }
    }
  }

  /// Q·[C; 0] for a matrix of `size` rows: its columns in the basis of A's.
  package func expand(_ matrix: ColumnMatrix) -> ColumnMatrix {
    precondition(matrix.rows == size, "the matrix has not as many rows as R")
    var result = ColumnMatrix(rows: rows, columns: matrix.columns)
    for column in 0..<matrix.columns {
      for row in 0..<size { result[row, column] = matrix[row, column] }
    }
    apply(to: &result)
    return result
  }

  private static func transposed(_ factors: [Double]) -> [Double] {
    let width = [0, 1, 4, 9, 16].firstIndex(of: factors.count) ?? 0
    return (0..<factors.count).map { factors[$0 % width * width + $0 / width] }
  }

  private func apply(_ factors: [Double], _ panel: Int, of block: Block, to matrix: inout ColumnMatrix) {
    precondition(matrix.rows == rows, "the matrix has not as many rows as Q")
    let (rows, columns, first) = (rows, matrix.columns, panel * Self.width)
    let isTop = block.rows.lowerBound == 0
    guard columns > 0 else { return }
    unsafe vectors.elements.withUnsafeBufferPointer { vectors in
      // The vectors are only read.
      let vectors = unsafe UnsafeMutableBufferPointer(mutating: vectors)
      unsafe matrix.elements.withUnsafeMutableBufferPointer { targets in
        if isTop {
          unsafe Self.apply(
            factors, vectors, vectorsAt: first * rows + first, rows: block.rows.count - first, stride: rows,
            onto: targets, from: first, columns: columns)
          return
        }
        let width = min(Self.width, size - first)
        guard
          let own = unsafe ColumnBlock(
            UnsafeMutableBufferPointer(rebasing: vectors[(first * rows + block.rows.lowerBound)...]),
            rows: block.rows.count, columns: width, stride: rows),
          let tops = unsafe ColumnBlock(
            UnsafeMutableBufferPointer(rebasing: targets[first...]), rows: width, columns: columns, stride: rows),
          let others = unsafe ColumnBlock(
            UnsafeMutableBufferPointer(rebasing: targets[block.rows.lowerBound...]), rows: block.rows.count,
            columns: columns, stride: rows)
        else { return }
        Kernels.reflect(own, factors: factors, tops: tops, columns: others)
      }
    }
  }

  /// Applies a panel of dense vectors, which have no identity above them: the rows for it are zeros that are dropped.
  private static func apply(
    _ factors: [Double], _ vectors: UnsafeMutableBufferPointer<Double>, vectorsAt start: Int, rows height: Int,
    stride: Int, onto targets: UnsafeMutableBufferPointer<Double>, from row: Int, columns: Int
  ) {
    let width = [0, 1, 4, 9, 16].firstIndex(of: factors.count) ?? 0
    guard columns > 0 else { return }
    var zeros = [Double](repeating: 0, count: width * columns)
    unsafe zeros.withUnsafeMutableBufferPointer { zeros in
      guard
        let own = unsafe ColumnBlock(
          UnsafeMutableBufferPointer(rebasing: vectors[start...]), rows: height, columns: width, stride: stride),
        let tops = unsafe ColumnBlock(zeros, rows: width, columns: columns, stride: width),
        let others = unsafe ColumnBlock(
          UnsafeMutableBufferPointer(rebasing: targets[row...]), rows: height, columns: columns, stride: stride)
      else { return }
      Kernels.reflect(own, factors: factors, tops: tops, columns: others)
    }
  }
}
