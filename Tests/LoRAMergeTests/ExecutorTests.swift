import Foundation
import LoRAIO
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import LoRAMerge

/// A base of two matrices, a norm and an integer tensor between them, and an adapter for both matrices.
private func twoMatrices(_ dtype: DType = .bf16) throws -> TinyModel {
  var weights = SafetensorsBuilder()
  weights.add("first.weight", dtype, [9, 5], values: TinyModel.numbers(45))
  weights.add("norm.weight", dtype, [5], values: TinyModel.numbers(5))
  weights.add("ids", .i64, [3], data: Array(0..<24))
  weights.add("second.weight", dtype, [6, 4], values: TinyModel.numbers(24, 5))
  var factors = TinyModel.factors("first", in: 5, out: 9)
  factors.addFactors("second", in: 4, out: 6)
  return try TinyModel(weights, adapter: factors)
}

@Suite struct ExecutorTests {
  @Test(arguments: ["llama-all-linear", "gpt2"])
  func theSameBytesForAnyNumberOfThreadsAndAnySizeOfPieces(_ adapter: String) throws {
    let folder = try TemporaryFolder()
    let expected = try #require(Fixtures.merged.first { $0.adapter == adapter })
    let plan = try MergePlan.make(
      base: Fixtures.base(expected.base), adapters: [WeightedAdapter(Fixtures.adapter(adapter))])
    var first: (files: [String: Data], rounding: [String: RoundingStatistics])?
    for (number, (jobs, tile, copy)) in [(1, 1 << 20, 1 << 25), (2, 1, 1), (3, 300, 700), (8, 1000, 4096)].enumerated()
    {
      var executor = MergeExecutor(plan)
      executor.jobs = jobs
      executor.granularity = WorkQueue.Granularity(tileBytes: tile, copyBytes: UInt64(copy))
      let outcome = try executor.run(to: folder.path("out\(number)"))
      let files = try Fixtures.contents(of: folder.path("out\(number)"))
      #expect(outcome.bytesWritten == UInt64(files.values.reduce(0) { $0 + $1.count }))
      #expect(outcome.bytesWritten == plan.outputBytes)
      if let first {
        #expect(files == first.files)
        #expect(outcome.rounding == first.rounding)
      } else {
        first = (files, outcome.rounding)
      }
    }
  }

  @Test func theOutputIsAWholeFolderAndNothingLiesBesideItTheBaseIsAsItWas() throws {
    let model = try twoMatrices()
    let before = try Fixtures.contents(of: model.base)
    let outcome = try MergeExecutor(model.plan()).run(to: model.output)
    #expect(try model.leftovers() == ["out"])
    #expect(try Fixtures.contents(of: model.base) == before)
    let files = try Fixtures.contents(of: model.output)
    #expect(
      files.keys.sorted() == ["README.md", "config.json", "lora-merge.json", "model.safetensors", "tokenizer.json"])
    #expect(files["config.json"] == before["config.json"])
    #expect(files["tokenizer.json"] == before["tokenizer.json"])
    #expect(outcome.rounding.keys.sorted() == ["first", "second"])
    #expect(try MergeVerifier(model.plan()).run(on: model.output).isSound)
  }

  @Test func progressEndsAtTheWhole() throws {
    let model = try twoMatrices()
    let plan = try model.plan()
    let seen = Seen()
    var executor = MergeExecutor(plan)
    executor.granularity = WorkQueue.Granularity(tileBytes: 16, copyBytes: 16)
    _ = try executor.run(to: model.output, control: MergeControl { seen.add($0, of: $1) })
    #expect(seen.all.count > 10)
    #expect(seen.all.map(\.done).max() == plan.outputBytes)
    #expect(Set(seen.all.map(\.total)) == [plan.outputBytes])
  }

  @Test func aStoppedMergeLeavesNothingBehind() throws {
    let model = try twoMatrices()
    var executor = MergeExecutor(try model.plan())
    executor.granularity = WorkQueue.Granularity(tileBytes: 16, copyBytes: 16)
    let box = ControlBox()
    let control = MergeControl { done, _ in if done > 100 { box.control?.stop() } }
    box.control = control
    #expect(throws: MergeError.self) { try executor.run(to: model.output, control: control) }
    #expect(try model.leftovers() == [])
  }

  // MARK: Failures

  private func failEvery(_ call: Fault.Call, _ path: String, _ number: CInt, in model: TinyModel) throws -> Int {
    let plan = try model.plan()
    let before = try Fixtures.contents(of: model.folder.path)
    var executor = MergeExecutor(plan)
    executor.granularity = WorkQueue.Granularity(tileBytes: 32, copyBytes: 64)
    for after in 0..<1000 {
      let path = model.folder.path + path
      Fault.order(call, path: path, after: after, errorNumber: number)
      defer { Fault.clear(path: path) }
      do {
        _ = try executor.run(to: model.output)
        try model.folder.remove("out")
        return after
      } catch {
        #expect(try model.leftovers() == [], "after \(after)")
        #expect(try Fixtures.contents(of: model.folder.path) == before, "after \(after)")
        guard case .io(let failure) = error as? MergeError, case .system(number) = failure.reason else {
          Issue.record("\(error)")
          return after
        }
      }
    }
    return 1000
  }

  @Test func aFailureOfAnyCallLeavesNothingBehindAndTheBaseAsItWas() throws {
    let model = try twoMatrices()
    // Copies in the kernel, conversions by read and write, files on the device, created files, and every input.
    #expect(try failEvery(.write, "/.out.partial", ENOSPC, in: model) >= 6)
    #expect(try failEvery(.copy, "/.out.partial", ENOSPC, in: model) >= 3)
    #expect(try failEvery(.sync, "/.out.partial", EIO, in: model) >= 4)
    #expect(try failEvery(.open, "/.out.partial", EDQUOT, in: model) >= 3)
    #expect(try failEvery(.read, "/base", EIO, in: model) >= 5)
    #expect(try failEvery(.read, "/adapter", EIO, in: model) > 5)
    #expect(try failEvery(.open, "/base", EACCES, in: model) >= 2)
  }

  @Test func interruptedCallsAreRepeated() throws {
    let model = try twoMatrices()
    for (call, path) in [(Fault.Call.write, "/.out"), (.copy, "/.out"), (.sync, "/.out"), (.read, "/base")] {
      Fault.order(call, path: model.folder.path + path, after: 1, errorNumber: EINTR)
    }
    _ = try MergeExecutor(model.plan()).run(to: model.output)
    #expect(try MergeVerifier(model.plan()).run(on: model.output).isSound)
  }

  @Test func whereTheKernelCannotCopyBetweenTwoFilesTheyAreReadAndWritten() throws {
    let model = try twoMatrices()
    let path = model.folder.path + "/.out"
    for _ in 0..<20 { Fault.order(.copy, path: path, errorNumber: EXDEV) }
    defer { Fault.clear(path: path) }
    _ = try MergeExecutor(model.plan()).run(to: model.output)
    #expect(try MergeVerifier(model.plan()).run(on: model.output).isSound)
  }

  /// A killed process leaves the output path free and one hidden folder that is no model.
  @Test func aKilledProcessLeavesTheOutputPathFreeAndOneHiddenFolderThatIsNoModel() async throws {
    let model = try twoMatrices()
    for limit: UInt64 in [1, 60, 150, 300] {
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [
          base = model.base as String, adapter = model.adapter as String, output = model.output as String,
          limit = limit as UInt64
        ] in
        let plan = try MergePlan.make(
          base: BaseModel.open(base), adapters: [WeightedAdapter(Adapter.load(adapter))])
        var executor = MergeExecutor(plan)
        executor.granularity = WorkQueue.Granularity(tileBytes: 32, copyBytes: 64)
        _ = try executor.run(
          to: output, control: MergeControl { done, _ in if done > limit { kill(getpid(), SIGKILL) } })
      }
      let left = try model.leftovers()
      #expect(left.count == 1)
      let hidden = try #require(left.first)
      #expect(StagingFolder.isPartial(hidden))
      let names = try FileManager.default.contentsOfDirectory(atPath: model.folder.path(hidden))
      #expect(!names.contains("config.json"))
      try model.folder.remove(hidden)
    }
  }
}

/// Collects calls from several threads.
private final class Seen: @unchecked Sendable {
  private let lock = NSLock()
  private(set) var all: [(done: UInt64, total: UInt64)] = []
  func add(_ done: UInt64, of total: UInt64) { lock.withLock { all.append((done, total)) } }
}

private final class ControlBox: @unchecked Sendable {
  var control: MergeControl?
}
