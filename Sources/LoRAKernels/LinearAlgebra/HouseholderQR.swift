/// A QR decomposition of a dense matrix, A = Q·R, whose orthogonal factor is kept as Householder reflections.
///
/// The first rows become a triangle, into which the others are folded block by block, so that a block stays in a
/// core's cache (a flat tree of Demmel, Grigori, Hoemmen and Langou 2012). Q is square and orthogonal to rounding
/// whatever the matrix is, zeros and equal columns included. Elements must be finite, and their squares must not
/// overflow. The same bits at every level.
package struct HouseholderQR: Sendable {
  package let rows: Int
  package let columns: Int
  /// Rows of R: the smaller of the two sizes.
  package let size: Int
  /// R, `size` × `columns`; zero below the diagonal.
  package let triangle: ColumnMatrix

  private let blocks: [Block]
  /// The vectors of the reflections, block by block.
  private let vectors: AlignedArray<Double>
  /// The triangles T of all panels, block by block.
  private let factors: [Double]

  /// Rows whose reflections were made together; those of the first block are the first `size`.
  private struct Block: Sendable {
    let rows: Range<Int>
    /// Where its columns lie in the memory of all blocks, and from one of them to the next: each begins a cache line
    /// and ends with zeros.
    let start: Int
    let stride: Int
  }

  private static let blockRows = 512

  private static func blocks(_ rows: Int, _ columns: Int) -> [Block] {
    var blocks: [Block] = []
    var (first, start) = (0, 0)
    while columns > 0, first < rows {
      let count = min(blocks.isEmpty ? min(rows, columns) : blockRows, rows - first)
      let stride = (count + 7) / 8 * 8
      blocks.append(Block(rows: first..<first + count, start: start, stride: stride))
      (first, start) = (first + count, start + stride * columns)
    }
    return blocks
  }

  /// Reads or writes some rows of all columns, which lie in memory a stride from each other.
  package typealias RowsVisit = (Range<Int>, UnsafeMutableBufferPointer<Double>, _ stride: Int) -> Void

  /// Decomposes a matrix.
  package init(_ matrix: ColumnMatrix) {
    unsafe self.init(rows: matrix.rows, columns: matrix.columns) { unsafe matrix.copy($0, to: $1, stride: $2) }
  }

  /// Decomposes a matrix that is made block by block, so that each is decomposed while it is in the cache.
  ///
  /// - Parameter fill: writes some rows.
  package init(rows: Int, columns: Int, fill: RowsVisit) {
    let (size, blocks) = (min(rows, columns), Self.blocks(rows, columns))
    let factorCount = size * Kernels.panelWidth
    var triangle = ColumnMatrix(rows: size, columns: columns)
    var factors = [Double](repeating: 0, count: blocks.count * factorCount)
    vectors = unsafe AlignedArray(count: blocks.last.map { $0.start + $0.stride * columns } ?? 0) { vectors in
      unsafe triangle.elements.withUnsafeMutableBufferPointer { triangle in
        unsafe factors.withUnsafeMutableBufferPointer { factors in
          for (number, block) in blocks.enumerated() {
            let (stride, height) = (block.stride, block.rows.count)
            let own = unsafe UnsafeMutableBufferPointer(rebasing: vectors[block.start...].prefix(stride * columns))
            unsafe fill(block.rows, own, stride)
            for column in 0..<columns {
              for row in height..<stride { unsafe own[column * stride + row] = 0 }
            }
            let ownFactors = unsafe UnsafeMutableBufferPointer(
              rebasing: factors[(number * factorCount)...].prefix(factorCount))
            if number == 0 {
              unsafe FirstRows(
                elements: own, stride: stride, size: size, columns: columns, triangle: triangle, factors: ownFactors
              ).decompose()
            } else if let rows = unsafe ColumnBlock(own, rows: stride, columns: columns, stride: stride) {
              unsafe Kernels.fold(rows, into: triangle, factors: ownFactors)
            }
          }
        }
      }
    }
    (self.rows, self.columns, self.size, self.blocks) = (rows, columns, size, blocks)
    (self.triangle, self.factors) = (triangle, factors)
  }

  // MARK: Q

  /// C becomes Qᵀ·C.
  package func applyTransposed(to matrix: inout ColumnMatrix) {
    precondition(matrix.rows == rows, "the matrix has not as many rows as Q")
    var tops = matrix.rows(0..<size)
    reflectTops(&tops)
    unsafe forEachBlock(&tops) { rows, part, stride in
      unsafe matrix.copy(rows, to: part, stride: stride)
    } store: { rows, part, stride in
      unsafe matrix.replace(rows, by: part, stride: stride)
    }
    matrix.replace(firstRows: tops)
  }

  /// C becomes Q·C.
  package func apply(to matrix: inout ColumnMatrix) {
    precondition(matrix.rows == rows, "the matrix has not as many rows as Q")
    var tops = matrix.rows(0..<size)
    unsafe forEachBlock(&tops, undoing: true) { rows, part, stride in
      unsafe matrix.copy(rows, to: part, stride: stride)
    } store: { rows, part, stride in
      unsafe matrix.replace(rows, by: part, stride: stride)
    }
    reflectTops(&tops, undoing: true)
    matrix.replace(firstRows: tops)
  }

  /// Q·[C; 0] for a matrix of `size` rows: its columns in the basis of A's.
  package func expand(_ matrix: ColumnMatrix) -> ColumnMatrix {
    precondition(matrix.rows == size, "the matrix has not as many rows as R")
    var (tops, result) = (matrix, ColumnMatrix(rows: rows, columns: matrix.columns))
    unsafe forEachBlock(&tops, undoing: true) { _, part, _ in
      unsafe part.update(repeating: 0)
    } store: { rows, part, stride in
      unsafe result.replace(rows, by: part, stride: stride)
    }
    reflectTops(&tops, undoing: true)
    result.replace(firstRows: tops)
    return result
  }

  /// A matrix of as many rows in the basis of A's columns, [C; …] = Qᵀ·M, and R of what lies outside of it.
  package func coordinates(of matrix: ColumnMatrix) -> (inside: ColumnMatrix, outside: TriangularFactor) {
    precondition(matrix.rows == rows, "the matrix has not as many rows as Q")
    var (tops, outside) = (matrix.rows(0..<size), TriangularFactor(size: matrix.columns))
    reflectTops(&tops)
    unsafe forEachBlock(&tops) { rows, part, stride in
      unsafe matrix.copy(rows, to: part, stride: stride)
    } store: { rows, part, stride in
      unsafe outside.absorb(part, rows: rows.count, stride: stride)
    }
    return (tops, outside)
  }

  /// Applies the reflections of the first block, which has no rows but the first.
  private func reflectTops(_ matrix: inout ColumnMatrix, undoing undoes: Bool = false) {
    guard let block = blocks.first, matrix.columns > 0 else { return }
    let columns = matrix.columns
    // The vectors have the identity in them: what the kernel has above them are zeros, which are dropped.
    var zeros = ColumnMatrix(rows: size, columns: columns)
    matrix = unsafe withScratch(block, columns) { part in
      unsafe matrix.copy(block.rows, to: part, stride: block.stride)
      unsafe reflect(0, &zeros, part, undoing: undoes)
      var result = ColumnMatrix(rows: size, columns: columns)
      unsafe result.replace(block.rows, by: part, stride: block.stride)
      return result
    }
  }

  /// Applies the reflections of all later blocks to columns whose first rows are `tops` and whose others come and go.
  private func forEachBlock(_ tops: inout ColumnMatrix, undoing undoes: Bool = false, load: RowsVisit, store: RowsVisit)
  {
    guard blocks.count > 1, tops.columns > 0 else { return }
    unsafe withScratch(blocks[1], tops.columns) { scratch in
      for place in 1..<blocks.count {
        let number = undoes ? blocks.count - place : place
        let block = blocks[number]
        let part = unsafe UnsafeMutableBufferPointer(rebasing: scratch[..<(block.stride * tops.columns)])
        unsafe load(block.rows, part, block.stride)
        unsafe reflect(number, &tops, part, undoing: undoes)
        unsafe store(block.rows, part, block.stride)
      }
    }
  }

  /// Memory for so many columns of a block, zeros at first.
  private func withScratch<Result>(
    _ block: Block, _ columns: Int, _ body: (UnsafeMutableBufferPointer<Double>) -> Result
  ) -> Result {
    var scratch = AlignedArray<Double>(repeating: 0, count: block.stride * columns)
    let count = scratch.count
    return unsafe scratch.withMutable { unsafe body(UnsafeMutableBufferPointer(start: $0, count: count)) }
  }

  private func reflect(
    _ number: Int, _ tops: inout ColumnMatrix, _ part: UnsafeMutableBufferPointer<Double>, undoing undoes: Bool
  ) {
    let (block, size, columns) = (blocks[number], size, tops.columns)
    let factorCount = size * Kernels.panelWidth
    unsafe vectors.withPointer { vectors in
      // The vectors are only read.
      let own = unsafe UnsafeMutableBufferPointer(
        start: UnsafeMutablePointer(mutating: vectors) + block.start, count: block.stride * size)
      unsafe tops.elements.withUnsafeMutableBufferPointer { tops in
        unsafe factors.withUnsafeBufferPointer { factors in
          guard let own = unsafe ColumnBlock(own, rows: block.stride, columns: size, stride: block.stride),
            let tops = unsafe ColumnBlock(tops, rows: size, columns: columns, stride: size),
            let part = unsafe ColumnBlock(part, rows: block.stride, columns: columns, stride: block.stride)
          else { return }
          unsafe Kernels.reflect(
            own, factors: UnsafeBufferPointer(rebasing: factors[(number * factorCount)...].prefix(factorCount)),
            undoing: undoes, tops: tops, columns: part)
        }
      }
    }
  }
}

extension ColumnMatrix {
  /// Copies some rows of all columns to columns that lie a stride from each other.
  fileprivate func copy(_ range: Range<Int>, to target: UnsafeMutableBufferPointer<Double>, stride: Int) {
    precondition(
      range.upperBound <= rows && (columns == 0 || target.count >= (columns - 1) * stride + range.count),
      "rows outside of the matrix")
    unsafe elements.withUnsafeBufferPointer { elements in
      guard let source = elements.baseAddress, let target = target.baseAddress else { return }
      for column in 0..<columns {
        unsafe (target + column * stride).update(from: source + column * rows + range.lowerBound, count: range.count)
      }
    }
  }

  /// Takes some rows of all columns from columns that lie a stride from each other.
  fileprivate mutating func replace(_ range: Range<Int>, by source: UnsafeMutableBufferPointer<Double>, stride: Int) {
    precondition(
      range.upperBound <= rows && (columns == 0 || source.count >= (columns - 1) * stride + range.count),
      "rows outside of the matrix")
    let (rows, columns) = (rows, columns)
    unsafe elements.withUnsafeMutableBufferPointer { elements in
      guard let target = elements.baseAddress, let source = source.baseAddress else { return }
      for column in 0..<columns {
        unsafe (target + column * rows + range.lowerBound).update(from: source + column * stride, count: range.count)
      }
    }
  }

  /// Takes the first rows from a matrix of as many columns.
  fileprivate mutating func replace(firstRows other: ColumnMatrix) {
    for column in 0..<columns {
      for row in 0..<other.rows { self[row, column] = other[row, column] }
    }
  }
}
