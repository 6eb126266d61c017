import LoRASlots
import TensorCore

/// One entry of the kernel's table: where a block goes, where it comes from and what is done on the way.
struct ScatterBlock: Sendable, Equatable {
  /// Address of element (0, 0) in the slot.
  var target: UInt64
  /// Byte of the data section where the source's element (0, 0) is; 0 for a block of zeros.
  var source: UInt64 = 0
  /// Elements in a row of the block.
  var columns: UInt64
  /// Elements of the block, at most `ScatterKernel.blockLimit`.
  var elements: UInt64
  /// Rows and columns that come from the source.
  var sourceRows: UInt64 = 0
  var sourceColumns: UInt64 = 0
  /// Elements of the source from row to row and from column to column.
  var rowStride: UInt64 = 0
  var columnStride: UInt64 = 0
  var scale: Float = 1
  var sourceType: UInt8 = 0
  var targetType: UInt8

  /// Bytes of an entry.
  static let bytes = 64

  /// Groups of threads that it takes.
  var tiles: UInt64 { (elements + ScatterKernel.tile - 1) / ScatterKernel.tile }

  /// A block of a plan; nil when the kernel cannot do it, because of its size or its source's type or alignment.
  ///
  /// - Parameter target: address of the slot's piece of the buffer.
  init?(_ block: PackingBlock, dtype: DType, target: UInt64) {
    let (elements, overflow) = block.rows.multipliedReportingOverflow(by: block.columns)
    guard !overflow, elements <= ScatterKernel.blockLimit, let targetType = ScatterKernel.code(dtype) else {
      return nil
    }
    self.target = target + block.start * (dtype.bits / 8)
    columns = block.columns
    self.elements = elements
    self.targetType = targetType
    guard let from = block.source else { return }
    guard let sourceType = ScatterKernel.code(from.dtype), from.start % (from.dtype.bits / 8) == 0 else { return nil }
    source = from.start
    sourceRows = from.rows
    sourceColumns = from.columns
    rowStride = from.rowStride
    columnStride = from.columnStride
    scale = from.scale
    self.sourceType = sourceType
  }

  /// Writes the entry, 64 bytes little-endian, as the kernel reads it.
  ///
  /// - Parameters:
  ///   - firstTile: groups that the entries before it take in the same launch.
  ///   - data: address of the data section on the device.
  func write(to bytes: UnsafeMutableRawBufferPointer, firstTile: UInt32, data: UInt64) {
    unsafe bytes.storeBytes(of: target, toByteOffset: 0, as: UInt64.self)
    unsafe bytes.storeBytes(of: sourceRows > 0 ? data + source : 0, toByteOffset: 8, as: UInt64.self)
    unsafe bytes.storeBytes(of: firstTile, toByteOffset: 16, as: UInt32.self)
    unsafe bytes.storeBytes(of: UInt32(truncatingIfNeeded: columns), toByteOffset: 20, as: UInt32.self)
    unsafe bytes.storeBytes(of: elements, toByteOffset: 24, as: UInt64.self)
    unsafe bytes.storeBytes(of: UInt32(truncatingIfNeeded: sourceRows), toByteOffset: 32, as: UInt32.self)
    unsafe bytes.storeBytes(of: UInt32(truncatingIfNeeded: sourceColumns), toByteOffset: 36, as: UInt32.self)
    unsafe bytes.storeBytes(of: rowStride, toByteOffset: 40, as: UInt64.self)
    unsafe bytes.storeBytes(of: columnStride, toByteOffset: 48, as: UInt64.self)
    unsafe bytes.storeBytes(of: scale.bitPattern, toByteOffset: 56, as: UInt32.self)
    unsafe bytes.storeBytes(of: sourceType, toByteOffset: 60, as: UInt8.self)
    unsafe bytes.storeBytes(of: targetType, toByteOffset: 61, as: UInt8.self)
    unsafe bytes.storeBytes(of: 0, toByteOffset: 62, as: UInt16.self)
  }
}
