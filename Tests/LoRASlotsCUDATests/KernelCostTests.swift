import CUDADriver
import LoRASlots
import LoRATestSupport
import TensorCore
import Testing

@testable import LoRASlotsCUDA

extension CUDATests {
  /// What the scatter kernel costs, counted by the fake driver: a card's time follows from it.
  @Suite struct KernelCostTests {
    init() {
      FakeDriver.reset()
      FakeDriver.countSectors()
    }

    /// Rank 16 in slots of rank 64: factors A and B of a module with 1024 inputs and 1024 outputs.
    private static func module(_ source: DType, scale: Float = 1, isTurned: Bool = false) -> [PackingBlock] {
      let (rank, room, width) = (16, 64, 1024) as (UInt64, UInt64, UInt64)
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
      (0..<2 * 16 * 1024 * source.bits / 8).map { UInt8(truncatingIfNeeded: $0 &* 37) & 0x3F }
    }

    /// Runs the kernel; that it is right, and that no sector is touched much more often than once.
    private static func run(_ blocks: [PackingBlock], _ source: DType) throws -> (elements: UInt64, run: KernelRun) {
      let data = data(of: source)
      let run = try KernelRun(of: ScatterKernel.ptx, on: blocks, .bf16, data)
      #expect(run.found == blocks.flatMap { $0.packed(.bf16, from: data) })
      let elements = blocks.reduce(0) { $0 + $1.rows * $1.columns }
      let ideal = (2 * elements + UInt64(data.count)) / 32
      #expect(run.sectors * 10 <= ideal * 11, "\(run.sectors) sectors instead of \(ideal)")
      return (elements, run)
    }

    /// Each with what threads spent on an element when every one of them filled elements with a division each.
    @Test(arguments: [
      (DType.bf16, Float(1), 25.9, 0.33), (.bf16, 3, 30.7, 0.33), (.f16, 3, 33.3, 0.4), (.f32, 1, 29.9, 0.4),
      (.f32, 3, 32.3, 0.4),
    ])
    func aSmallRankInALargeSlotCostsLittle(_ source: DType, _ scale: Float, _ before: Double, _ part: Double) throws {
      let (elements, run) = try Self.run(Self.module(source, scale: scale), source)
      let each = Double(run.instructions) / Double(elements)
      #expect(each <= part * before, "\(each) instructions for each element")
    }

    @Test(arguments: [DType.bf16, .f32]) func sourcesTurnedAroundAreReadAsTheyLie(_ source: DType) throws {
      _ = try Self.run(Self.module(source, scale: 3, isTurned: true), source)
    }

    @Test func theEnginesStreamsGoFirst() throws {
      let context = try CUDAContext(try DriverLibrary.load(FakeDriver.path), device: 0)
      let stream = try CUDAStream(context)
      try stream.synchronize()
      #expect(FakeDriver.counts.raisedStreams == 0)
    }
  }
}
