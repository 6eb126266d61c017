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
  /// How many Householder reflections `reflect` applies at once.
  package static let reflectorLimit = 4

  /// Applies Householder reflections H₁, H₂, … in this order: `C -= Y · Tᵀ · Yᵀ · C`, where Y is the identity above
  /// `vectors` and C is `tops` above `columns` (Schreiber and Van Loan's compact form).
  ///
  /// The same bits at every level.
  ///
  /// - Parameters:
  ///   - vectors: V, at most `reflectorLimit` columns.
  ///   - factors: T, column by column: upper triangular; its transpose undoes the reflections.
  ///   - tops: as many rows as there are reflections.
  ///   - columns: as many rows as V, with V's stride, and as many columns as `tops`.
  package static func reflect(
    _ vectors: ColumnBlock, factors: [Double], tops: ColumnBlock, columns: ColumnBlock,
    level: KernelLevel = .preferred
  ) {
    precondition(
      (1...reflectorLimit).contains(vectors.columns) && factors.count == vectors.columns * vectors.columns
        && tops.rows == vectors.columns && tops.columns == columns.columns && columns.rows == vectors.rows
        && (columns.stride == vectors.stride || columns.columns < 2 && vectors.columns < 2),
      "the shapes do not fit each other")
    unsafe factors.withUnsafeBufferPointer { factors in
      guard let factors = factors.baseAddress else { return }
      unsafe lora_reflect_f64(
        level.index, vectors.columns, vectors.rows, vectors.start, vectors.stride, factors, columns.columns,
        tops.start, tops.stride, columns.start)
    }
  }
}
