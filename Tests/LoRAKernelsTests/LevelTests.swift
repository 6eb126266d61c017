import CLoRAKernels
import Foundation
import LoRAKernels
import TensorCore
import Testing

@Suite(.serialized) struct LevelTests {
  /// Runs of all tests with one level (`.ci/run level NAME`) test that level.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["LORA_TOOL_SIMD"] != nil, "no level is asked for"))
  func theLevelThatTheEnvironmentNamesIsInUse() {
    #expect(KernelLevel.preferred.name == ProcessInfo.processInfo.environment["LORA_TOOL_SIMD"])
  }

  @Test func theSlowestLevelIsScalarAndThePreferredOneCanRun() {
    #expect(KernelLevel.available.first?.name == "scalar")
    #expect(KernelLevel.allCases.map(\.name).allSatisfy { KernelLevel(name: $0)?.name == $0 })
    #expect(KernelLevel(name: "sse9") == nil)
    #expect(KernelLevel.available.contains(.preferred))
  }

  @Test func theEnvironmentChoosesALevelAndOnlyOneThatExists() {
    let before = ProcessInfo.processInfo.environment["LORA_TOOL_SIMD"]
    defer {
      if let before { unsafe setenv("LORA_TOOL_SIMD", before, 1) } else { unsafe unsetenv("LORA_TOOL_SIMD") }
    }
    for (index, level) in KernelLevel.allCases.enumerated() where level.isAvailable {
      unsafe setenv("LORA_TOOL_SIMD", level.name, 1)
      #expect(lora_level_preferred() == lora_level(index))
    }
    unsafe setenv("LORA_TOOL_SIMD", "none of these", 1)
    let best = KernelLevel.allCases.lastIndex { $0.isAvailable }
    #expect(lora_level_preferred() == best.map { lora_level($0) })
  }

  @Test func sizesThatDoNotFitAreProgrammerErrors() async {
    await #expect(processExitsWith: .failure) {
      let factor = [UInt8](repeating: 0, count: 4 * 4 * 2 - 1)
      var right = RightFactor(rank: 4, columns: 4)
      unsafe factor.withUnsafeBytes { unsafe right.load($0, dtype: .f16, layout: .rankFirst(count: 4)) }
    }
    await #expect(processExitsWith: .failure) {
      _ = unsafe Kernels.scan(UnsafeRawBufferPointer(start: nil, count: 0), dtype: .i32)
    }
  }
}
