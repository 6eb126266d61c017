import LoRASlots
import TensorCore
import Testing

@testable import LoRASlotsCUDA

/// How the factors of a module lie in a file.
enum KernelSource: String, CaseIterable, Sendable, CustomTestStringConvertible {
  /// As in the slot, at whole addresses.
  case straight
  /// Turned around.
  case turned
  /// As in the slot and turned around, where nothing but elements is aligned.
  case unaligned, turnedUnaligned
  /// As in the slot, in rows that are not whole words apart.
  case oddRows
  /// B of all experts of a stack, the expert fastest: few, many, and more than a group takes at once.
  case fewExperts, manyExperts, mostExperts
  /// B of one expert alone out of such a stack.
  case loneExpert

  var testDescription: String { rawValue }

  /// Blocks of factors of this rank in slots of rank `room`, for a module with as many inputs and outputs as `width`.
  func blocks(_ type: DType, scale: Float, rank: UInt64, room: UInt64, width: UInt64) -> [PackingBlock] {
    let size = type.bits / 8
    switch self {
    case .straight: return factors(type, scale, rank, room, width)
    case .turned: return factors(type, scale, rank, room, width, isTurned: true)
    case .unaligned: return factors(type, scale, rank, room, width, start: 3 * size)
    case .turnedUnaligned: return factors(type, scale, rank, room, width, start: 3 * size, isTurned: true)
    case .oddRows: return factors(type, scale, rank, room, width, gap: 1)
    case .fewExperts: return experts(0..<8, of: 8, type, scale, rank, room, width / 8)
    case .manyExperts: return experts(0..<64, of: 64, type, scale, rank, room, width / 16)
    case .mostExperts: return experts(0..<160, of: 160, type, scale, rank, room, width / 32)
    case .loneExpert: return experts(5..<6, of: 64, type, scale, rank, room, width)
    }
  }

  /// A part of them for the plain kernel, which takes as long for each element of a large module as of a small one, and
  /// for each expert of a stack as for one alone.
  func sample(_ type: DType, scale: Float, rank: UInt64, room: UInt64) -> [PackingBlock] {
    // Whole groups of it.
    let width = max(PlainScatterKernel.tile / room, 64)
    return switch self {
    case .fewExperts: experts(0..<1, of: 8, type, scale, rank, room, width)
    case .manyExperts: experts(0..<1, of: 64, type, scale, rank, room, width)
    case .mostExperts: experts(0..<1, of: 160, type, scale, rank, room, width)
    default: blocks(type, scale: scale, rank: rank, room: room, width: width)
    }
  }

  /// A and B, one behind the other.
  ///
  /// - Parameters:
  ///   - start: byte where A begins.
  ///   - gap: elements between rows.
  private func factors(
    _ type: DType, _ scale: Float, _ rank: UInt64, _ room: UInt64, _ width: UInt64, start: UInt64 = 0,
    gap: UInt64 = 0, isTurned: Bool = false
  ) -> [PackingBlock] {
    func matrix(_ start: UInt64, _ rows: UInt64, _ columns: UInt64, _ scale: Float) -> PackingSource {
      PackingSource(
        start: start, dtype: type, rows: rows, columns: columns, rowStride: isTurned ? 1 : columns + gap,
        columnStride: isTurned ? rows : 1, scale: scale)
    }
    let end = start + (width + gap) * rank * (type.bits / 8)
    return [
      PackingBlock(buffer: 0, start: 0, rows: room, columns: width, source: matrix(start, rank, width, 1)),
      PackingBlock(
        buffer: 0, start: room * width, rows: width, columns: room, source: matrix(end, width, rank, scale)),
    ]
  }

  /// B of some experts of a stack.
  private func experts(
    _ taken: Range<UInt64>, of count: UInt64, _ type: DType, _ scale: Float, _ rank: UInt64, _ room: UInt64,
    _ width: UInt64
  ) -> [PackingBlock] {
    taken.map { expert in
      PackingBlock(
        buffer: 0, start: (expert - taken.lowerBound) * width * room, rows: width, columns: room,
        source: PackingSource(
          start: expert * (type.bits / 8), dtype: type, rows: width, columns: rank, rowStride: rank * count,
          columnStride: count, scale: scale))
    }
  }
}

/// What the kernel takes for such a module, beside the plain one.
struct KernelCost {
  /// Instructions for an element of the slot.
  let plain, own: Double
  /// Sectors that are touched, of those that there are to be read and written.
  let sectors: Double

  /// Of the plain kernel's instructions.
  var share: Double { own / plain }

  /// Fails a test where the bytes are not the host's.
  init(
    of source: KernelSource, _ type: DType, in slot: DType, scale: Float, rank: UInt64, room: UInt64, width: UInt64
  ) throws {
    FakeDriver.reset()
    let sample = source.sample(type, scale: scale, rank: rank, room: room)
    plain = Double(try Self.run(PlainScatterKernel.ptx, on: sample, slot).instructions) / Double(Self.elements(sample))
    FakeDriver.countSectors()
    let blocks = source.blocks(type, scale: scale, rank: rank, room: room, width: width)
    let run = try Self.run(ScatterKernel.ptx, on: blocks, slot)
    let elements = Self.elements(blocks)
    own = Double(run.instructions) / Double(elements)
    sectors = Double(run.sectors) / Double((elements * slot.bits / 8 + 31) / 32 + Self.sectors(of: blocks))
  }

  private static func run(_ text: String, on blocks: [PackingBlock], _ slot: DType) throws -> KernelRun {
    let end = blocks.compactMap { $0.source?.bytes.upperBound }.max() ?? 0
    let data = (0..<end).map { UInt8(truncatingIfNeeded: $0 &* 37) & 0x3F }
    let run = try KernelRun(of: text, on: blocks, slot, data)
    #expect(run.found == blocks.flatMap { $0.packed(slot, from: data) })
    return run
  }

  private static func elements(_ blocks: [PackingBlock]) -> UInt64 { blocks.reduce(0) { $0 + $1.rows * $1.columns } }

  /// Sectors of the source in which there is an element that a block takes.
  private static func sectors(of blocks: [PackingBlock]) -> UInt64 {
    var sectors: Set<UInt64> = []
    for source in blocks.compactMap(\.source) {
      let size = source.dtype.bits / 8
      for row in 0..<source.rows {
        for column in 0..<source.columns {
          sectors.insert((source.start + (row * source.rowStride + column * source.columnStride) * size) / 32)
        }
      }
    }
    return UInt64(sectors.count)
  }
}
