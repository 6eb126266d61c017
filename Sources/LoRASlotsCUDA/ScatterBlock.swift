import LoRASlots
import TensorCore

/// One entry of the kernel's table: where a block goes, where it comes from and what is done on the way.
///
/// A stack of experts whose elements take turns in the source is one entry, so that what is read for one expert is
/// there for all.
struct ScatterBlock: Sendable, Equatable {
  /// Address of element (0, 0) in the slot.
  var target: UInt64
  /// Byte of the data section where the source's element (0, 0) is; 0 for a block of zeros.
  var source: UInt64 = 0
  /// The matrix that is filled, without gaps.
  var rows: UInt64
  var columns: UInt64
  /// Number of such matrices, each of which has its source one element after that of the one before.
  var experts: UInt64 = 1
  /// Bytes in the slot from one of them to the next.
  var expertBytes: UInt64 = 0
  /// Rows and columns that come from the source.
  var sourceRows: UInt64 = 0
  var sourceColumns: UInt64 = 0
  /// Bytes of the source from row to row and from column to column.
  var rowBytes: UInt64 = 0
  var columnBytes: UInt64 = 0
  var scale: Float = 1
  var sourceType: UInt8
  var targetType: UInt8

  /// Bytes of an entry.
  static let bytes = 64

  /// Groups of threads that it takes.
  var tiles: UInt64 { shape.tiles(of: self) }

  /// How it is cut into rectangles, one for each group.
  var shape: ScatterShape { ScatterShape(of: self) }

  /// A block of a plan; nil when the kernel cannot do it, because of its size or its source's type or alignment.
  ///
  /// - Parameter target: address of the slot's piece of the buffer.
  init?(_ block: PackingBlock, dtype: DType, target: UInt64) {
    let size = dtype.bits / 8
    let (elements, overflow) = block.rows.multipliedReportingOverflow(by: block.columns)
    guard !overflow, elements <= ScatterKernel.blockLimit, let targetType = ScatterKernel.code(dtype) else {
      return nil
    }
    self.target = target + block.start * size
    self.targetType = targetType
    (rows, columns, sourceType) = (block.rows, block.columns, targetType)
    if let from = block.source {
      guard let sourceType = ScatterKernel.code(from.dtype), from.start % (from.dtype.bits / 8) == 0,
        let rowBytes = Self.pitch(from.rowStride, of: from.dtype),
        let columnBytes = Self.pitch(from.columnStride, of: from.dtype)
      else { return nil }
      source = from.start
      (sourceRows, sourceColumns) = (from.rows, from.columns)
      (self.rowBytes, self.columnBytes) = (rowBytes, columnBytes)
      scale = from.scale
      self.sourceType = sourceType
    } else if elements > 0, elements % 8 == 0 {
      // Zeros have no shape of their own: rows that fill whole groups.
      columns = min(1 << elements.trailingZeroBitCount, 1024)
      rows = elements / columns
    }
    guard Self.pitch(columns, of: dtype) != nil || elements == 0 else { return nil }
  }

  /// Bytes of so many elements, where the kernel's 32 bits hold them.
  private static func pitch(_ elements: UInt64, of dtype: DType) -> UInt64? {
    let (bytes, overflow) = elements.multipliedReportingOverflow(by: dtype.bits / 8)
    return overflow || bytes >= 1 << 32 ? nil : bytes
  }

  /// Writes the entry, 64 bytes little-endian, as the kernel reads it.
  ///
  /// - Parameters:
  ///   - firstTile: groups that the entries before it take in the same launch.
  ///   - data: address of the data section on the device, a multiple of 16.
  func write(to bytes: UnsafeMutableRawBufferPointer, firstTile: UInt32, data: UInt64) {
    let shape = shape
    unsafe bytes.storeBytes(of: target, toByteOffset: 0, as: UInt64.self)
    unsafe bytes.storeBytes(of: sourceRows > 0 ? data + source : 0, toByteOffset: 8, as: UInt64.self)
    unsafe bytes.storeBytes(of: firstTile, toByteOffset: 16, as: UInt32.self)
    let numbers = [rows, columns, experts, sourceRows, sourceColumns, rowBytes, columnBytes, expertBytes]
    for (index, number) in numbers.enumerated() {
      unsafe bytes.storeBytes(of: UInt32(truncatingIfNeeded: number), toByteOffset: 20 + 4 * index, as: UInt32.self)
    }
    unsafe bytes.storeBytes(of: scale.bitPattern, toByteOffset: 52, as: UInt32.self)
    let small = [
      sourceType, targetType, shape.way.rawValue, shape.isAligned ? 1 : 0, UInt8(shape.logWidth),
      UInt8(shape.logHeight), UInt8(shape.logExperts), 0,
    ]
    for (index, number) in small.enumerated() {
      unsafe bytes.storeBytes(of: number, toByteOffset: 56 + index, as: UInt8.self)
    }
  }
}

// MARK: Stacks

extension ScatterBlock {
  /// The entries for some blocks of one stage, stacks of experts joined; nil when the kernel cannot do all of them.
  ///
  /// - Parameter target: address of the slot's piece of a buffer.
  static func entries(for blocks: some Collection<PackingBlock>, dtype: DType, target: (Int) -> UInt64) -> [Self]? {
    var entries: [Self] = []
    entries.reserveCapacity(blocks.count)
    // Where the source of an entry's next expert would begin.
    var open: [UInt64: Int] = [:]
    for block in blocks {
      guard let entry = Self(block, dtype: dtype, target: target(block.buffer)) else { return nil }
      guard entry.rows > 0, entry.columns > 0 else { continue }
      let size = block.source.map { $0.dtype.bits / 8 } ?? 0
      var place = entries.count
      if let first = open.removeValue(forKey: entry.source), entries[first].join(entry) {
        place = first
      } else {
        entries.append(entry)
      }
      if entry.sourceRows > 0, entry.columnBytes > size { open[entry.source + size] = place }
    }
    return entries
  }

  /// Takes the next expert of the same stack; false when it is none.
  private mutating func join(_ next: ScatterBlock) -> Bool {
    let (step, overflow) = next.target.subtractingReportingOverflow(target)
    let one = experts == 1 ? step : expertBytes
    guard !overflow, one < 1 << 32, step == one * experts, experts < columnBytes / 2 else { return false }
    var same = next
    (same.target, same.source, same.experts, same.expertBytes) = (target, source, experts, expertBytes)
    guard same == self else { return false }
    expertBytes = one
    experts += 1
    return true
  }
}
