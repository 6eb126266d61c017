public import TensorCore

/// How one adapter fills one slot: blocks that tile every buffer of the slot exactly once, and the stages in which they
/// are moved.
///
/// Whatever the blocks do not take from the adapter they set to zero, so a slot that was loaded holds nothing else.
/// A plan does not name the slot or the memory; it can be used for any slot, any number of times.
public struct PackingPlan: Sendable {
  /// The blocks, stage by stage.
  public let blocks: [PackingBlock]
  /// The stages in the order in which the model runs: what lies before the layers, each layer, the rest.
  ///
  /// Every buffer belongs to one stage.
  public let stages: [PackingStage]
  /// Bytes of the adapter's data section; sources lie in 0 ..< sourceBytes.
  public let sourceBytes: UInt64
  /// Bytes in slots that come from the adapter.
  public let liveBytes: UInt64

  /// A plan of these blocks; stages name them by position.
  public init(blocks: [PackingBlock], stages: [PackingStage], sourceBytes: UInt64, liveBytes: UInt64) {
    self.blocks = blocks
    self.stages = stages
    self.sourceBytes = sourceBytes
    self.liveBytes = liveBytes
  }
}

/// A part of the work that makes one layer usable.
public struct PackingStage: Sendable, Equatable {
  /// Its blocks, as positions in `PackingPlan.blocks`.
  public internal(set) var blocks: Range<Int>
  /// Byte ranges of the data section that they read, ascending, disjoint, merged where they touch.
  public internal(set) var sources: [Range<UInt64>]

  /// A stage of these blocks.
  public init(blocks: Range<Int>, sources: [Range<UInt64>]) {
    self.blocks = blocks
    self.sources = sources
  }
}

/// A matrix of `rows` × `columns` elements of the slot's dtype, row-major without gaps, inside the slot's piece of one
/// buffer: its top left corner comes from the adapter, the rest is zero.
public struct PackingBlock: Sendable, Equatable {
  /// Position of the buffer in `SlotLayout.buffers`.
  public internal(set) var buffer: Int
  /// Element of the slot's piece of the buffer where the block starts.
  public internal(set) var start: UInt64
  /// Rows of the block.
  public internal(set) var rows: UInt64
  /// Columns of the block.
  public internal(set) var columns: UInt64
  /// What fills the corner; nil makes the whole block zero.
  public internal(set) var source: PackingSource?

  /// A block of a buffer.
  public init(buffer: Int, start: UInt64, rows: UInt64, columns: UInt64, source: PackingSource?) {
    self.buffer = buffer
    self.start = start
    self.rows = rows
    self.columns = columns
    self.source = source
  }
}

/// A strided matrix in the adapter's data section.
///
/// Element (i, j) of the block becomes `x`, the element `i * rowStride + j * columnStride` after `start`, rounded to the
/// slot's dtype (F64 by way of F32, as torch does); with a scale other than 1 then `x * scale` in f32, rounded again:
/// the engine's order.
public struct PackingSource: Sendable, Equatable {
  /// Byte of the data section where element (0, 0) starts; any alignment.
  public internal(set) var start: UInt64
  /// How the elements are stored: F64, F32, F16, BF16 or an 8-bit float.
  public internal(set) var dtype: DType
  /// Rows taken, at most the block's.
  public internal(set) var rows: UInt64
  /// Columns taken, at most the block's.
  public internal(set) var columns: UInt64
  /// Elements from row to row.
  public internal(set) var rowStride: UInt64
  /// Elements from column to column; 1 for all but transposed factors and stacks of experts.
  public internal(set) var columnStride: UInt64
  /// Factor folded in after the cast; 1 leaves values as they are.
  public internal(set) var scale: Float

  /// A matrix of the data section.
  public init(
    start: UInt64, dtype: DType, rows: UInt64, columns: UInt64, rowStride: UInt64, columnStride: UInt64 = 1,
    scale: Float = 1
  ) {
    self.start = start
    self.dtype = dtype
    self.rows = rows
    self.columns = columns
    self.rowStride = rowStride
    self.columnStride = columnStride
    self.scale = scale
  }
}
