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

    private static let types: [DType] = [.f32, .f16, .bf16]

    /// At most a third of what a kernel with a division for each element runs, and no sector much more often than once,
    /// whichever types there are, however the source lies.
    @Test(arguments: types, KernelSource.allCases) func aSmallRankInALargeSlotCostsLittle(
      _ type: DType, _ source: KernelSource
    ) throws {
      for slot in Self.types {
        for scale in [1, 3] as [Float] {
          let cost = try KernelCost(of: source, type, in: slot, scale: scale, rank: 16, room: 64, width: 256)
          #expect(cost.share <= 1.0 / 3, "\(type) → \(slot), scale \(scale): \(cost.share) of the plain kernel's")
          #expect(cost.sectors <= 1.1, "\(type) → \(slot): \(cost.sectors) of the least sectors")
        }
      }
    }

    /// Many rectangles side by side cost no more than few.
    @Test func aLargeTurnedModuleCostsNoMore() throws {
      let cost = try KernelCost(of: .turned, .f16, in: .f32, scale: 1, rank: 16, room: 64, width: 4096)
      #expect(cost.share <= 1.0 / 3, "\(cost.share) of the plain kernel's")
      #expect(cost.sectors <= 1.1, "\(cost.sectors) of the least sectors")
    }

    /// Where the whole slot is filled there are no zeros that cost less; sources that are read element by element, a lone
    /// expert's and rows that are no whole words apart, take up to 0.7 of the plain kernel's.
    @Test(arguments: types, [KernelSource.turned, .unaligned, .turnedUnaligned, .fewExperts])
    func aFullSlotCostsLittle(_ type: DType, _ source: KernelSource) throws {
      for slot in Self.types {
        for scale in [1, 3] as [Float] {
          for rank in source == .turned ? [8, 16] : [16] as [UInt64] {
            let width = 8192 / rank
            let cost = try KernelCost(of: source, type, in: slot, scale: scale, rank: rank, room: rank, width: width)
            #expect(cost.share <= 1.0 / 3, "\(type) → \(slot), scale \(scale): \(cost.share) of the plain kernel's")
            #expect(cost.sectors <= 1.1, "\(type) → \(slot): \(cost.sectors) of the least sectors")
          }
        }
      }
    }

    @Test func theEnginesStreamsGoFirst() throws {
      let context = try CUDAContext(try DriverLibrary.load(FakeDriver.path), device: 0)
      let stream = try CUDAStream(context)
      try stream.synchronize()
      #expect(FakeDriver.counts.raisedStreams == 0)
      // Those of a device and its slots, too.
      let device = try CUDADevice(0, driver: FakeDriver.path)
      let tenant = try Tenant("llama-all-linear")
      let slots = try device.allocateSlots(try tenant.layout())
      try slots.load([tenant.load(slots, 0, device)]).wait()
      #expect(FakeDriver.counts.raisedStreams == 0)
    }
  }
}
