internal import CLoRAKernels

extension Kernels {
  /// Adds the products of a block's columns with each other to a Gram matrix, column by column: those on its diagonal and
  /// above.
  ///
  /// Fused multiply-adds in eight sums by the row, which are then added as a tree; the same bits at every level.
  package static func addGram(
    _ block: ColumnBlock, to gram: UnsafeMutableBufferPointer<Double>, level: KernelLevel = .preferred
  ) {
    precondition(gram.count >= block.columns * block.columns, "the matrix is smaller than the products")
    guard let gram = gram.baseAddress, block.columns > 0 else { return }
    unsafe lora_add_gram(level.index, block.columns, block.rows, block.start, block.stride, gram)
  }

  /// The Cholesky factor R of a Gram matrix: RᵀR is the matrix on the diagonal and above, column by column.
  ///
  /// Products and sums are rounded by themselves; the same bits at every level. A column of zeros stays one.
  ///
  /// - Parameter tolerance: the share of a column's square of which more must be left.
  /// - Returns: nil where no more is left.
  package static func cholesky(
    _ gram: [Double], size: Int, tolerance: Double, level: KernelLevel = .preferred
  ) -> [Double]? {
    precondition(size >= 0 && gram.count == size * size, "the matrix is not square")
    var (factor, work) = (gram, [Double](repeating: 0, count: 2 * size))
    let exists = unsafe factor.withUnsafeMutableBufferPointer { factor in
      unsafe work.withUnsafeMutableBufferPointer { work in
        guard let factor = factor.baseAddress, let work = work.baseAddress else { return true }
        return unsafe lora_cholesky_f64(level.index, size, factor, tolerance, work)
      }
    }
    return exists ? factor : nil
  }

  /// Writes rows that lie one after another, `rowStride` numbers from each to the next, as columns.
  ///
  /// - Parameter columns: `columns.rows` rows are read, of as many numbers as it has columns.
  package static func turn(
    _ rows: UnsafeBufferPointer<Double>, rowStride: Int, into columns: ColumnBlock, level: KernelLevel = .preferred
  ) {
    let (last, overflow) = max(columns.rows - 1, 0).multipliedReportingOverflow(by: rowStride)
    precondition(
      !overflow && rowStride >= columns.columns && (columns.rows == 0 || rows.count - last >= columns.columns),
      "the rows are shorter than the columns")
    guard let rows = rows.baseAddress else { return }
    unsafe lora_turn_f64(
      level.index, columns.rows, columns.columns, rows, rowStride, columns.start, columns.stride)
  }

  /// How many numbers are not a number, infinite, and zero.
  package static func count(_ values: UnsafeBufferPointer<Double>, level: KernelLevel = .preferred) -> (
    nan: UInt64, infinite: UInt64, zero: UInt64
  ) {
    guard let start = values.baseAddress else { return (0, 0, 0) }
    let counts = unsafe lora_count_f64(level.index, start, values.count)
    return (counts.nan, counts.infinite, counts.zero)
  }
}
