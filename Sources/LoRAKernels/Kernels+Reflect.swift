internal import CLoRAKernels

/// Columns one after another in memory, each `stride` numbers from the one before it.
@safe package struct ColumnBlock {
  /// The first number of the first column.
  let start: UnsafeMutablePointer<Double>
  /// Numbers of a column.
  let rows: Int
  let columns: Int
  let stride: Int

  /// Columns of a buffer from its first number on; nil when they do not fit into it.
  package init?(_ buffer: UnsafeMutableBufferPointer<Double>, rows: Int, columns: Int, stride: Int) {
    guard let start = buffer.baseAddress, rows >= 0, columns >= 0, stride >= rows else { return nil }
    let (last, overflow) = max(columns - 1, 0).multipliedReportingOverflow(by: stride)
    guard !overflow, columns == 0 || buffer.count - last >= rows else { return nil }
    unsafe self.start = start
    (self.rows, self.columns, self.stride) = (rows, columns, stride)
  }
}

extension Kernels {
  /// Householder reflections of a panel, which are I − Y·T·Yᵀ together (Schreiber and Van Loan 1989).
  ///
  /// The factors of reflections are T of panel after panel, column by column, this many numbers for each reflection; T
  /// is upper triangular.
  package static let panelWidth = Int(LORA_PANEL)

  /// Applies Householder reflections H₁, H₂, … to C, which is `tops` above `columns`.
  ///
  /// C becomes … · H₂ · H₁ · C, or H₁ · H₂ · … · C. The vectors of the reflections are the identity above `vectors`. The
  /// same bits at every level.
  ///
  /// - Parameters:
  ///   - vectors: a column for each reflection.
  ///   - factors: those of the reflections.
  ///   - undoes: whether the last reflection comes first, which undoes what they did in their order.
  ///   - tops: as many rows as there are reflections.
  ///   - columns: as many rows as the vectors, and as many columns as `tops`.
  package static func reflect(
    _ vectors: ColumnBlock, factors: UnsafeBufferPointer<Double>, undoing undoes: Bool = false, tops: ColumnBlock,
    columns: ColumnBlock, level: KernelLevel = .preferred
  ) {
    precondition(
      factors.count >= vectors.columns * panelWidth && tops.rows == vectors.columns
        && tops.columns == columns.columns && columns.rows == vectors.rows, "the shapes do not fit each other")
    guard let factors = factors.baseAddress else { return }
    unsafe lora_reflect_f64(
      level.index, undoes, vectors.columns, vectors.rows, vectors.start, vectors.stride, factors, columns.columns,
      tops.start, tops.stride, columns.start, columns.stride)
  }

  /// Folds rows into the triangle R of a QR decomposition (the triangular-pentagonal update of LAPACK's `tpqrt`): the
  /// triangle above the rows becomes the new triangle above zeros.
  ///
  /// The rows become the vectors of the reflections, below an identity. The same bits at every level.
  ///
  /// - Parameters:
  ///   - rows: finite, their squares as well.
  ///   - triangle: as many rows and columns as `rows` has columns, column by column without gaps.
  ///   - factors: those of the reflections, `panelWidth` for each column, are written here.
  package static func fold(
    _ rows: ColumnBlock, into triangle: UnsafeMutableBufferPointer<Double>,
    factors: UnsafeMutableBufferPointer<Double>, level: KernelLevel = .preferred
  ) {
    let size = rows.columns
    precondition(
      triangle.count >= size * size && factors.count >= size * panelWidth, "the shapes do not fit each other")
    guard let triangle = triangle.baseAddress, let factors = factors.baseAddress else { return }
    unsafe lora_fold_f64(level.index, size, rows.rows, triangle, rows.start, rows.stride, factors)
  }

  /// One sweep of Jacobi rotations, which turn every pair of columns once so that they are orthogonal.
  ///
  /// The pairs are those of a tournament, so that columns are turned eight pairs at a time. The same bits at every
  /// level.
  ///
  /// - Parameters:
  ///   - columns: the columns, of a multiple of eight numbers.
  ///   - rows: how many numbers of a column are looked at, a multiple of eight; those after them are turned alike.
  ///   - squares: the sum of squares of each column's first `rows` numbers, which is kept up to date.
  /// - Returns: whether a pair was turned.
  package static func rotate(
    _ columns: ColumnBlock, rows: Int, squares: UnsafeMutableBufferPointer<Double>, level: KernelLevel = .preferred
  ) -> Bool {
    precondition(
      columns.rows % 8 == 0 && rows % 8 == 0 && (0...columns.rows).contains(rows) && squares.count >= columns.columns,
      "the shapes do not fit each other")
    guard let squares = squares.baseAddress else { return false }
    return unsafe lora_rotate_f64(
      level.index, columns.columns, rows, columns.rows, columns.start, columns.stride, squares)
  }
}
