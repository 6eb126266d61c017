public import LoRAKernels
public import TensorCore

/// Packs blocks on this machine's processor.
public enum HostPacker {
  /// Fills rows of a block.
  ///
  /// - Parameters:
  ///   - block: a block of a plan.
  ///   - dtype: the slots' type.
  ///   - data: the adapter's data section.
  ///   - output: the whole block, `rows` × `columns` elements.
  ///   - rows: rows to fill; nil fills all.
  ///   - level: the instructions to use.
  public static func pack(
    _ block: PackingBlock, dtype: DType, from data: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer,
    rows: Range<UInt64>? = nil, level: KernelLevel = .preferred
  ) {
    let source = block.source.map { source in
      StridedMatrix(
        start: Int(source.start), dtype: source.dtype, rows: Int(source.rows), columns: Int(source.columns),
        rowStride: Int(source.rowStride), columnStride: Int(source.columnStride))
    }
    let range = rows.map { Int($0.lowerBound)..<Int($0.upperBound) } ?? 0..<Int(block.rows)
    unsafe Kernels.pack(
      data, source, scale: block.source?.scale ?? 1, to: dtype, output: output, outputRows: Int(block.rows),
      outputColumns: Int(block.columns), rows: range, level: level)
  }
}
