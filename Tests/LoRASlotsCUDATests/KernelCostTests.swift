import CUDADriver
import LoRASlots
import LoRATestSupport
import TensorCore
import Testing

@testable import LoRASlotsCUDA

extension CUDATests {
  /// What the scatter kernel costs, counted by the fake driver: a card's time follows from it.
  @Suite struct KernelCostTests {
    init() { FakeDriver.reset() }

    /// Factors A and B of a module with 512 inputs and 512 outputs: rank 16 in slots of rank 64.
    private static func module(_ source: DType, scale: Float, isTurned: Bool) -> [PackingBlock] {
      let (rank, room, width) = (16, 64, 512) as (UInt64, UInt64, UInt64)
      func matrix(_ start: UInt64, _ rows: UInt64, _ columns: UInt64, _ scale: Float) -> PackingSource {
        PackingSource(
          start: start, dtype: source, rows: rows, columns: columns, rowStride: isTurned ? 1 : columns,
          columnStride: isTurned ? rows : 1, scale: scale)
      }
      return [
        PackingBlock(buffer: 0, start: 0, rows: room, columns: width, source: matrix(0, rank, width, 1)),
        PackingBlock(
          buffer: 0, start: room * width, rows: width, columns: room,
          source: matrix(rank * width * (source.bits / 8), width, rank, scale)),
      ]
    }

    private static func data(of source: DType) -> [UInt8] {
      (0..<2 * 16 * 512 * source.bits / 8).map { UInt8(truncatingIfNeeded: $0 &* 37) & 0x3F }
    }

    private static let types: [DType] = [.f32, .f16, .bf16]

    /// At most a third of what a kernel with a division for each element runs, and no sector much more often than once,
    /// whichever types there are, however the source lies.
    @Test(arguments: types, [false, true]) func aSmallRankInALargeSlotCostsLittle(_ source: DType, _ isTurned: Bool)
      throws
    {
      for slot in Self.types {
        for scale in [1, 3] as [Float] {
          let blocks = Self.module(source, scale: scale, isTurned: isTurned)
          let data = Self.data(of: source)
          FakeDriver.reset()
          let plain = try KernelRun(
            of: PlainScatterKernel.ptx, tile: PlainScatterKernel.tile, on: blocks, slot, data)
          FakeDriver.countSectors()
          let run = try KernelRun(of: ScatterKernel.ptx, on: blocks, slot, data)
          #expect(run.found == plain.found && run.found == blocks.flatMap { $0.packed(slot, from: data) })
          let share = Double(run.instructions) / Double(plain.instructions)
          #expect(share <= 1.0 / 3, "\(source) → \(slot), scale \(scale): \(share) of the plain kernel's")
          let elements = blocks.reduce(0) { $0 + $1.rows * $1.columns }
          let ideal = (elements * slot.bits / 8 + UInt64(data.count)) / 32
          #expect(run.sectors * 10 <= ideal * 11, "\(run.sectors) sectors instead of \(ideal)")
        }
      }
    }

    @Test func theEnginesStreamsGoFirst() throws {
      let context = try CUDAContext(try DriverLibrary.load(FakeDriver.path), device: 0)
      let stream = try CUDAStream(context)
      try stream.synchronize()
      #expect(FakeDriver.counts.raisedStreams == 0)
    }
  }
}
