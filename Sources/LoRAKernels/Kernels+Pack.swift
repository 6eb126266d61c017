internal import CLoRAKernels
package import TensorCore

/// Where a strided matrix lies in some bytes, in elements of its type.
package struct StridedMatrix: Sendable, Hashable {
  /// Byte of element (0, 0).
  package var start: Int
  /// Element type, of whole bytes.
  package var dtype: DType
  /// Number of rows.
  package var rows: Int
  /// Number of columns.
  package var columns: Int
  /// Elements from row to row.
  package var rowStride: Int
  /// Elements from column to column.
  package var columnStride: Int

  /// A matrix of these sizes.
  package init(start: Int, dtype: DType, rows: Int, columns: Int, rowStride: Int, columnStride: Int) {
    self.start = start
    self.dtype = dtype
    self.rows = rows
    self.columns = columns
    self.rowStride = rowStride
    self.columnStride = columnStride
  }

  /// Whether every element lies in `bytes` bytes.
  func fits(bytes: Int) -> Bool {
    guard start >= 0, rows > 0, columns > 0, rowStride >= 0, columnStride >= 0 else { return false }
    let (down, a) = (rows - 1).multipliedReportingOverflow(by: rowStride)
    let (across, b) = (columns - 1).multipliedReportingOverflow(by: columnStride)
    let (last, c) = down.addingReportingOverflow(across)
    guard !a, !b, !c, last < Int.max, start <= bytes else { return false }
    return dtype.fits(first: last, count: 1, bytes: bytes - start)
  }
}

extension Kernels {
  /// Fills rows of a matrix without gaps: its top left corner from a strided matrix, the rest with zeros.
  ///
  /// Every element is rounded to `dtype` first (F64 by way of F32, as torch does), then, with a scale other than 1,
  /// multiplied in f32 and rounded again. Equal types without a scale are copied byte for byte.
  /// - Parameters:
  ///   - bytes: where the source lies.
  ///   - source: the matrix in `bytes`, at most as large as the output; nil makes zeros.
  ///   - dtype: F32, F16 or BF16.
  ///   - output: `outputRows` × `outputColumns` elements.
  ///   - range: the rows of the output to fill.
  package static func pack(
    _ bytes: UnsafeRawBufferPointer, _ source: StridedMatrix?, scale: Float, to dtype: DType,
    output: UnsafeMutableRawBufferPointer, outputRows: Int, outputColumns: Int, rows range: Range<Int>,
    level: KernelLevel = .preferred
  ) {
    precondition(dtype.isMergeable, "\(dtype.name) is not written")
    precondition(outputRows >= 0 && outputColumns >= 0 && range.lowerBound >= 0 && range.upperBound <= outputRows)
    let (elements, overflow) = outputRows.multipliedReportingOverflow(by: outputColumns)
    precondition(!overflow && dtype.fits(first: 0, count: elements, bytes: output.count), "the output is too small")
    guard let target = output.baseAddress, elements > 0 else { return }
    var start: UnsafeRawPointer?
    if let source {
      precondition(source.dtype.bits % 8 == 0 && source.dtype.kernel != nil, "\(source.dtype.name) is not packed")
      precondition(source.rows <= outputRows && source.columns <= outputColumns, "the source is larger than the output")
      precondition(source.fits(bytes: bytes.count), "elements outside the bytes")
      unsafe start = bytes.baseAddress.map { unsafe $0 + source.start }
    }
    var block = unsafe lora_block(
      source: start, source_dtype: (source?.dtype ?? dtype).requireKernel(), rows: source?.rows ?? 0,
      columns: source?.columns ?? 0, row_stride: source?.rowStride ?? 0, column_stride: source?.columnStride ?? 0,
      scale: scale, dtype: dtype.requireKernel(), output: target, output_rows: outputRows,
      output_columns: outputColumns)
    unsafe lora_pack_rows(level.index, &block, range.lowerBound, range.upperBound)
  }
}
