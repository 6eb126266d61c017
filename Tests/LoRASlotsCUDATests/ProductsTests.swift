import CUDADriver
import Diagnostics
import LoRAKernels
import LoRATestSupport
import TensorCore
import Testing

@testable import LoRASlotsCUDA

extension CUDATests {
  /// Products of several adapters on a GPU.
  @Suite struct ProductsTests {
    init() { FakeDriver.reset() }

    @Test(arguments: FakeDriver.Policy.allCases) func theBitsAreTheHosts(_ policy: FakeDriver.Policy) throws {
      FakeDriver.reset(policy)
      let gpu = try CUDAProducts(1, driver: FakeDriver.path)
      #expect(gpu.name == "cuda:1")
      var numbers = SeededGenerator(seed: 5)
      for (rows, length, count) in [(1, 1, 1), (3, 15, 2), (16, 16, 5), (33, 130, 9), (300, 7, 3)] {
        let matrix = numbers.floats((rows + 4) * length)
        let tokens = numbers.floats(count * length)
        let found = try gpu.products(matrix, rows: 2..<rows + 2, length: length, tokens: tokens, count: count)
        let wanted = Kernels.products(matrix, rows: 2..<rows + 2, length: length, tokens: tokens, count: count)
        #expect(found.map(\.bitPattern) == wanted.map(\.bitPattern), "\(rows) \(length) \(count)")
      }
      #expect(try gpu.products([1, 2], rows: 1..<1, length: 2, tokens: [3, 4], count: 1).isEmpty)
    }

    /// A whole stack: tokens of several adapters and of none.
    @Test func stacksGiveTheBitsOfThePlainOne() throws {
      let gpu = try CUDAProducts(0, driver: FakeDriver.path)
      var numbers = SeededGenerator(seed: 5)
      var stack = AdapterStack(slots: 3, rank: 16, inFeatures: 48, outFeatures: 33, dtype: .bf16)
      for (slot, rank) in [4, 16, 7].enumerated() {
        stack.load(
          slot: slot, down: numbers.floats(rank * 48), up: numbers.floats(33 * rank), adapterRank: rank, scale: 1.5)
      }
      let slots: [Int?] = [2, nil, 0, 1, 2, 0, nil]
      let input = DType.bf16.rounded(numbers.floats(slots.count * 48))
      var (plain, output) = (
        [Float](repeating: 1, count: slots.count * 33), [Float](repeating: 1, count: slots.count * 33)
      )
      stack.applyPlainly(tokenSlots: slots, input: input, output: &plain)
      FakeDriver.reset()
      try stack.apply(tokenSlots: slots, input: input, output: &output) {
        matrix, rows, length, tokens, count throws(CUDAError) in
        try gpu.products(matrix, rows: rows, length: length, tokens: tokens, count: count)
      }
      #expect(output.map(\.bitPattern) == plain.map(\.bitPattern))
      // Shrink and expand for each of three adapters.
      #expect(FakeDriver.counts.launches == 6 && FakeDriver.counts.copies == 18)
    }

    /// Whatever call fails, the failure is told and nothing stays behind.
    @Test(arguments: FakeDriver.Policy.allCases) func failuresLeaveNothing(_ policy: FakeDriver.Policy) throws {
      FakeDriver.reset(policy)
      let before = FakeDriver.counts.live
      var failures = 0
      for number in 1..<200 as Range<UInt64> {
        FakeDriver.reset(policy)
        FakeDriver.fail(number)
        do throws(CUDAError) {
          let gpu = try CUDAProducts(0, driver: FakeDriver.path)
          _ = try gpu.products([1, 2, 3, 4], rows: 0..<2, length: 2, tokens: [5, 6], count: 1)
        } catch {
          failures += 1
          #expect(!error.call.isEmpty)
        }
        #expect(FakeDriver.counts.live == before, "call \(number), \(FakeDriver.failedCall ?? "-")")
      }
      #expect(failures > 20 && failures < 199)
    }

    @Test func theTextIsWhole() {
      let text = ProductKernel.ptx
      #expect(text.hasPrefix(".version 6.3\n.target sm_70\n") && text.contains(".visible .entry lora_products("))
      for lane in 0..<16 {
        #expect(text.components("fma.rn.f32 %s\(lane), %a, %b, %s\(lane);") == (lane < 15 ? 2 : 1))
        #expect(text.components("[%d10+\(4 * lane)]") == (lane < 15 ? 2 : 1))
      }
      #expect(!text.contains("\\("))
    }
  }
}

extension String {
  fileprivate func components(_ part: String) -> Int { ranges(of: part).count }
}
