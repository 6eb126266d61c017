/// How a block is cut into rectangles and how the kernel reads their source.
///
/// All sides are powers of two, so that the kernel's threads find their places by shifts.
struct ScatterShape: Sendable, Equatable {
  /// How a rectangle's source is read.
  enum Way: UInt8, Sendable {
    /// As it lies in the slot, whole pieces at whole addresses; also blocks of zeros, which read nothing.
    case pieces
    /// By way of shared memory, in runs of: columns; rows, because the matrix is turned around; experts, or single
    /// elements where a lone expert of a stack is taken.
    case columns, rows, experts
  }

  var way: Way
  /// Whether pieces can be stored whole.
  var isAligned: Bool
  /// Sides of a rectangle.
  var logWidth: Int
  var logHeight: Int
  var logExperts = 0

  init(of block: ScatterBlock) {
    let (sourceSize, targetSize) = (Self.size(block.sourceType), Self.size(block.targetType))
    let logPiece = sourceSize + targetSize > 4 ? 2 : 3
    let piece: UInt64 = 1 << logPiece
    let columnMask = piece - 1
    isAligned =
      block.columns & columnMask == 0 && (block.target | block.expertBytes) & (piece * targetSize - 1) == 0
    let isWhole =
      block.sourceColumns & columnMask == 0 && (block.source | block.rowBytes) & (piece * sourceSize - 1) == 0
    if block.sourceRows == 0 || block.columnBytes == sourceSize {
      way = block.sourceRows == 0 || isAligned && isWhole ? .pieces : .columns
    } else {
      way = block.rowBytes == sourceSize && block.experts == 1 ? .rows : .experts
    }
    (logWidth, logHeight) = (0, 0)
    // Runs that are not a multiple of 16 bytes apart are moved element by element, by 256 threads at most.
    switch way {
    case .pieces: cut(block, from: 10, to: 10)
    case .columns:
      let widest = block.rowBytes % 16 == 0 ? 10 : 8
      cut(block, from: widest, to: widest)
    case .rows:
      cut(block, from: 6, to: 10)
      if block.columnBytes % 16 != 0 { logHeight = min(logHeight, 8) }
    case .experts:
      // As wide as a sector of the slot, and else a column for each thread.
      cut(block, from: 4, to: block.experts == 1 ? 8 : 4)
      let isWhole = (block.rowBytes | block.columnBytes) % 16 == 0
      // A thread's next piece is of the same expert, and so is all of a sector.
      let logRows = targetSize << UInt64(logWidth) < 32 ? 1 : 0
      logExperts = min(Self.logUp(block.experts), isWhole ? 8 + logPiece - logWidth - logRows : 4)
      logHeight -= logExperts
    }
  }

  /// Groups for a block of this shape.
  func tiles(of block: ScatterBlock) -> UInt64 {
    zip([block.columns, block.rows, block.experts], [logWidth, logHeight, logExperts]).reduce(1) {
      $0 * (($1.0 + (1 << $1.1) - 1) >> $1.1)
    }
  }

  /// Rectangles of 8192 elements, as wide as the block but at most 2^`widest`; wider, up to 2^`most`, where the block has
  /// fewer rows than they.
  private mutating func cut(_ block: ScatterBlock, from widest: Int, to most: Int) {
    logWidth = max(3, min(widest, Self.logUp(block.columns)))
    // A width that divides the block's is better than the widest, unless it is small.
    if block.columns % 64 == 0 { logWidth = min(logWidth, block.columns.trailingZeroBitCount) }
    while logWidth < most, 1 << logWidth < block.columns, block.rows <= 1 << (ScatterKernel.logTile - logWidth - 1) {
      logWidth += 1
    }
    logHeight = ScatterKernel.logTile - logWidth
  }

  /// The least power of two that is not less.
  private static func logUp(_ number: UInt64) -> Int {
    number <= 1 ? 0 : UInt64.bitWidth - (number - 1).leadingZeroBitCount
  }

  private static func size(_ type: UInt8) -> UInt64 { type == 0 ? 4 : 2 }
}
