import Foundation
import JSON
import LoRAIO
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import LoRAMerge

/// A base in four shards, one of them untouched, and what merging it gives.
private struct ShardedModel {
  let folder: TemporaryFolder
  let expected: [String: Data]

  init() throws {
    folder = try TemporaryFolder()
    var factors = SafetensorsBuilder()
    var map = JSONObject()
    var total: UInt64 = 0
    for number in 1...4 {
      var weights = SafetensorsBuilder()
      let name = "model-0000\(number)-of-00004.safetensors"
      weights.add("m\(number).weight", .bf16, [24, 16], values: TinyModel.numbers(384, number))
      weights.add("norm\(number).weight", .f32, [16], values: TinyModel.numbers(16, number))
      for tensor in weights.names { map[tensor] = .string(name) }
      total += weights.tensorBytes
      try folder.write("base/" + name, weights)
      if number != 3 { factors.addFactors("m\(number)", in: 16, out: 24) }
    }
    let index: JSONValue = ["metadata": ["total_size": JSONValue(total)], "weight_map": .object(map)]
    try folder.write("base/model.safetensors.index.json", index.text(pretty: true))
    try folder.write("base/config.json", #"{"model_type": "something_unknown", "hidden_size": 16}"#)
    try folder.write("base/tokenizer.json", "{}")
    try folder.write("base/assets/picture.txt", "a picture")
    try folder.write("adapter/adapter_model.safetensors", factors)
    try folder.write(
      "adapter/adapter_config.json", #"{"peft_type":"LORA","r":2,"lora_alpha":3,"target_modules":["m1"]}"#)
    expected = [:]
  }

  private init(_ folder: TemporaryFolder, _ expected: [String: Data]) {
    self.folder = folder
    self.expected = expected
  }

  /// The model with the right result at hand.
  static func merged() throws -> ShardedModel {
    let model = try ShardedModel()
    _ = try model.executor().run(to: model.folder.path("right"))
    let expected = try Fixtures.contents(of: model.folder.path("right"))
    try model.folder.remove("right")
    return ShardedModel(model.folder, expected)
  }

  var output: String { folder.path("out") }
  var partial: String { folder.path(".out.partial") }

  func plan(_ options: MergeOptions = MergeOptions()) throws -> MergePlan {
    try MergePlan.make(
      base: BaseModel.open(folder.path("base")), adapters: [WeightedAdapter(Adapter.load(folder.path("adapter")))],
      options: options)
  }

  func executor(resumes: Bool = false, part: MergePartition? = nil, _ options: MergeOptions = MergeOptions()) throws
    -> MergeExecutor
  {
    var executor = MergeExecutor(try plan(options))
    executor.granularity = WorkQueue.Granularity(tileBytes: 256, copyBytes: 128)
    executor.jobs = 1
    executor.resumes = resumes
    executor.part = part
    return executor
  }

  func inputs() throws -> [String: Data] {
    try Fixtures.contents(of: folder.path).filter { $0.key.hasPrefix("base/") || $0.key.hasPrefix("adapter/") }
  }

  func beside() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0 != "base" && $0 != "adapter" }
  }

  /// Names in the partial folder that a loader would look for.
  func loadable() throws -> [String] {
    guard FileManager.default.fileExists(atPath: partial) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: partial).filter {
      $0 == "config.json" || $0.hasSuffix(".safetensors") || $0.hasSuffix(".bin")
    }
  }
}

/// Resuming.
@Suite struct ResumeTests {
  private static let faults: [(Fault.Call, Int32)] = [(.any, ENOSPC), (.any, EIO), (.remove, EACCES)]

  /// Whichever call fails, nothing is left, or something from which --resume gets the same bytes.
  @Test(arguments: [false, true])
  func whicheverCallFailsTheMergeCanBeResumed(_ resumes: Bool) throws {
    let model = try ShardedModel.merged()
    let before = try model.inputs()
    for (call, number) in Self.faults {
      var met = 0
      for after in 0..<10_000 {
        let executor = try model.executor(resumes: resumes)
        Fault.order(call, path: model.partial, after: after, errorNumber: number)
        let outcome = Result { try executor.run(to: model.output) }
        Fault.clear(path: model.partial)
        #expect(try model.inputs() == before, "\(call) \(after)")
        if case .success(let outcome) = outcome {
          #expect(try Fixtures.contents(of: model.output) == model.expected, "\(call) \(after)")
          try model.folder.remove("out")
          // What could not be removed is told, and removed next time.
          let isLeft = FileManager.default.fileExists(atPath: model.partial)
          #expect(isLeft == outcome.warnings.contains { $0.contains("could not be removed") }, "\(call) \(after)")
          if isLeft { try model.folder.remove(".out.partial") }
          if outcome.warnings.isEmpty { break }
          continue
        }
        met += 1
        #expect(try model.loadable() == [], "\(call) \(after)")
        #expect(!FileManager.default.fileExists(atPath: model.output), "\(call) \(after)")
        if !resumes { #expect(try model.beside() == [], "\(call) \(after)") }
        let second = try model.executor(resumes: true).run(to: model.output)
        #expect(try Fixtures.contents(of: model.output) == model.expected, "\(call) \(after)")
        #expect(try model.beside() == ["out"], "\(call) \(after)")
        #expect(second.rounding.count == 3, "\(call) \(after)")
        try model.folder.remove("out")
      }
      if call == .any { #expect(met > 80) }
    }
  }

  /// A finished shard is used again, an unfinished or changed one is not; the numbers of all are reported.
  @Test func aFinishedShardIsUsedAgain() throws {
    let model = try ShardedModel.merged()
    let right = try model.executor().run(to: model.output)
    try model.folder.remove("out")
    let done = model.partial + "/model-00002-of-00004.safetensors"
    func stop() throws {
      let executor = try model.executor(resumes: true)
      // The third shard's copy fails.
      Fault.order(.any, path: model.partial + "/model-00003", errorNumber: EIO)
      defer { Fault.clear(path: model.partial + "/model-00003") }
      #expect(throws: MergeError.self) { try executor.run(to: model.output) }
      #expect(FileManager.default.fileExists(atPath: done + ".done"))
    }
    try stop()
    let resumed = try model.executor(resumes: true).run(to: model.output)
    #expect(resumed.shardsReused == 2 && resumed.rounding == right.rounding)
    #expect(try Fixtures.contents(of: model.output) == model.expected)
    try model.folder.remove("out")

    try stop()
    // One byte of a finished shard is lost.
    var bytes = try Data(contentsOf: URL(fileURLWithPath: done + ".partial"))
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: URL(fileURLWithPath: done + ".partial"))
    #expect(try model.executor(resumes: true).run(to: model.output).shardsReused == 1)
    #expect(try Fixtures.contents(of: model.output) == model.expected)
    try model.folder.remove("out")

    try stop()
    let fresh = try model.executor().run(to: model.output)
    #expect(fresh.shardsReused == 0 && fresh.warnings.contains { $0.contains("--resume would have") })
    #expect(try Fixtures.contents(of: model.output) == model.expected)
    // An output that is there is what was wanted, with --resume, and in the way without.
    #expect(try model.executor(resumes: true).run(to: model.output).warnings.contains { $0.contains("already") })
    #expect(throws: MergeError.self) { try model.executor().run(to: model.output) }
  }

  /// What is noted about finished shards and the plan is not believed with any bit flipped.
  @Test func whatIsNotedAboutFinishedShardsAndThePlanIsNotBelievedWithAnyBitFlipped() throws {
    let model = try ShardedModel.merged()
    let right = try model.executor().run(to: model.output)
    try model.folder.remove("out")
    let names = ["plan.json", "model-00001-of-00004.safetensors.done", "model-00002-of-00004.safetensors.done"]
    for round in 0..<12 {
      let executor = try model.executor(resumes: true)
      Fault.order(.any, path: model.partial + "/model-00003", errorNumber: EIO)
      #expect(throws: MergeError.self) { try executor.run(to: model.output) }
      Fault.clear(path: model.partial + "/model-00003")
      let path = model.partial + "/" + names[round % 3]
      var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
      if round == 1 {
        for bit in 0..<8 * bytes.count {
          var flipped = bytes
          flipped[bit / 8] ^= 1 << UInt8(bit % 8)
          #expect(ShardRecord(parsing: flipped) == nil, "bit \(bit)")
        }
      }
      bytes[round * 29 % bytes.count] ^= 1 << UInt8(round % 8)
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      do {
        let outcome = try model.executor(resumes: true).run(to: model.output)
        #expect(outcome.shardsReused == 1 && outcome.rounding == right.rounding, "round \(round)")
        #expect(try Fixtures.contents(of: model.output) == model.expected, "round \(round)")
        try model.folder.remove("out")
      } catch is MergeError {
        #expect(round % 3 == 0, "round \(round)")
        try model.folder.remove(".out.partial")
      }
    }
  }

  @Test func aFolderOfAnotherMergeWithoutNotesOrDamagedIsNotResumed() throws {
    let model = try ShardedModel()
    func stop() throws {
      let executor = try model.executor(resumes: true)
      Fault.order(.any, path: model.partial + "/model-00003", errorNumber: EIO)
      defer { Fault.clear(path: model.partial + "/model-00003") }
      #expect(throws: MergeError.self) { try executor.run(to: model.output) }
    }
    func refusal(_ options: MergeOptions = MergeOptions()) throws -> String {
      let before = try Fixtures.contents(of: model.partial)
      do {
        _ = try model.executor(resumes: true, options).run(to: model.output)
        return ""
      } catch {
        #expect(try Fixtures.contents(of: model.partial) == before)
        return "\(error)"
      }
    }
    try stop()
    var options = MergeOptions()
    options.dtype = .f32
    #expect(try refusal(options).contains("another merge (other options"))
    let weights = try Data(contentsOf: URL(fileURLWithPath: model.folder.path("adapter/adapter_model.safetensors")))
    var changed = weights
    changed[changed.count - 2] ^= 0x10
    try changed.write(to: URL(fileURLWithPath: model.folder.path("adapter/adapter_model.safetensors")))
    #expect(try refusal().contains("another merge (another adapter"))
    try weights.write(to: URL(fileURLWithPath: model.folder.path("adapter/adapter_model.safetensors")))
    let shard = model.folder.path("base/model-00004-of-00004.safetensors")
    let base = try Data(contentsOf: URL(fileURLWithPath: shard))
    changed = base
    changed[changed.count - 9] ^= 1
    try changed.write(to: URL(fileURLWithPath: shard))
    #expect(try refusal().contains("another merge (another base"))
    try base.write(to: URL(fileURLWithPath: shard))
    try model.folder.write("base/tokenizer.json", "{ }")
    #expect(try refusal().contains("other files"))
    try model.folder.write("base/tokenizer.json", "{}")
    try model.folder.write(".out.partial/plan.json", "{")
    #expect(try refusal().contains("damaged"))
    try model.folder.remove(".out.partial/plan.json")
    #expect(try refusal().contains("not of this program's making"))
    try model.folder.remove(".out.partial")
    try model.folder.write(".out.partial", "a file")
    #expect(throws: MergeError.self) { try model.executor(resumes: true).run(to: model.output) }
    try model.folder.remove(".out.partial")
    try model.folder.folder("elsewhere")
    try model.folder.link(".out.partial", to: "elsewhere")
    #expect(throws: MergeError.self) { try model.executor().run(to: model.output) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: model.folder.path("elsewhere")) == [])
  }

  /// A base whose middle changed without its samples is another base when the adapter did: the digest sees all.
  @Test func aBaseWhoseMiddleChangedWithoutItsSamplesIsAnotherBaseWhenTheAdapterDid() throws {
    let model = try ShardedModel()
    var factors = SafetensorsBuilder()
    factors.addFactors("m1", in: 16, out: 24)
    // Large enough that samples leave gaps.
    factors.add("base_model.model.norm3.weight", .f32, [16], values: TinyModel.numbers(16))
    factors.add("base_model.model.m2.lora_A.weight", .f32, [60_000, 16])
    factors.add("base_model.model.m2.lora_B.weight", .f32, [24, 60_000])
    try model.folder.remove("adapter/adapter_model.safetensors")
    try model.folder.write("adapter/adapter_model.safetensors", factors)
    try model.folder.write(
      "adapter/adapter_config.json",
      #"{"peft_type":"LORA","r":2,"lora_alpha":3,"target_modules":["m1"],"rank_pattern":{"m2":60000}}"#)
    let executor = try model.executor(resumes: true)
    Fault.order(.any, path: model.partial + "/model-00003", errorNumber: EIO)
    #expect(throws: MergeError.self) { try executor.run(to: model.output) }
    Fault.clear(path: model.partial + "/model-00003")
    let path = model.folder.path("adapter/adapter_model.safetensors")
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes[100_000] ^= 1
    try bytes.write(to: URL(fileURLWithPath: path))
    let identity = try FileIdentity(of: path)
    bytes[100_000] ^= 1
    try model.folder.write("unchanged", [UInt8](bytes))
    #expect(try FileIdentity(of: model.folder.path("unchanged")).sample == identity.sample)
    do {
      _ = try model.executor(resumes: true).run(to: model.output)
      Issue.record("it went on")
    } catch {
      #expect("\(error)".contains("was changed after the merge began"))
    }
  }

  /// Whatever part of the folder a killed process had removed after publishing, the next run removes the rest.
  @Test func leftoversOfAKilledProcessAreRemovedAfterPublishing() throws {
    let model = try ShardedModel.merged()
    let plan = try model.plan().identity.json.text()
    let names = ["lock", "plan.json", "model-00001-of-00004.safetensors.done", "zz.done"]
    _ = try model.executor(resumes: true).run(to: model.output)
    for kept in [names, Array(names.prefix(3)), Array(names.prefix(2)), ["plan.json"], ["lock"], []] {
      try model.folder.folder(".out.partial")
      for name in kept { try model.folder.write(".out.partial/" + name, name == "plan.json" ? plan : "") }
      #expect(try model.executor(resumes: true).run(to: model.output).bytesWritten == 0)
      #expect(try model.beside() == ["out"], "\(kept)")
    }
    // A folder without notes stays.
    try model.folder.write(".out.partial/thesis.txt", "text")
    #expect(try model.executor(resumes: true).run(to: model.output).bytesWritten == 0)
    #expect(FileManager.default.fileExists(atPath: model.partial + "/thesis.txt"))
  }

  @Test func theFolderIsRemovedInAnOrderInWhichItAlwaysSaysWhoseItIs() throws {
    let model = try ShardedModel.merged()
    for after in 0..<100 {
      let executor = try model.executor()
      // The merge fails in its last shard, and then the removal of what it had written.
      Fault.order(.any, path: model.partial + "/model-00004", after: 3, errorNumber: EIO)
      Fault.order(.remove, path: model.partial, after: after, errorNumber: EIO)
      #expect(throws: MergeError.self) { try executor.run(to: model.output) }
      Fault.clear(path: model.partial + "/model-00004")
      Fault.clear(path: model.partial)
      let left = try model.beside()
      #expect(throws: Never.self) { try model.executor(resumes: true).run(to: model.output) }
      #expect(try Fixtures.contents(of: model.output) == model.expected)
      #expect(try model.beside() == ["out"])
      try model.folder.remove("out")
      if left.isEmpty { break }
      #expect(after < 99)
    }
  }

  // MARK: Parts

  @Test(arguments: [1, 2, 3, 7])
  func nPartsInAnyOrderGiveTheSameBytesTheLastOnePublishes(_ count: Int) throws {
    let model = try ShardedModel.merged()
    for (number, index) in Array(0..<count).reversed().enumerated() {
      let outcome = try model.executor(part: MergePartition(index: index, count: count)).run(to: model.output)
      let isLast = number == count - 1
      #expect(FileManager.default.fileExists(atPath: model.output) == outcome.isComplete)
      // Parts beyond the number of shards have nothing to do.
      if count <= 4 { #expect(outcome.isComplete == isLast) }
      #expect(try model.loadable() == [])
    }
    #expect(try Fixtures.contents(of: model.output) == model.expected)
    #expect(try model.beside() == ["out"])
    // A part that is repeated afterwards finds everything done.
    #expect(try model.executor(part: MergePartition(index: 0, count: count)).run(to: model.output).bytesWritten == 0)
  }

  @Test func aRunWithoutAPartMakesUpForPartsThatAreMissing() throws {
    let model = try ShardedModel.merged()
    #expect(try !model.executor(part: MergePartition(index: 1, count: 3)).run(to: model.output).isComplete)
    let rest = try model.executor(resumes: true).run(to: model.output)
    #expect(rest.shardsReused == 1 && rest.isComplete && rest.rounding.count == 3)
    #expect(try Fixtures.contents(of: model.output) == model.expected)
  }

  @Test func allPartsAtOnceEachOnThreadsOfItsOwn() throws {
    for _ in 0..<10 {
      let model = try ShardedModel.merged()
      let executors = try (0..<4).map { try model.executor(part: MergePartition(index: $0, count: 4)) }
      let output = model.output
      let complete = Counter()
      try Workers.forEach(count: 4, workers: 4) { index throws(MergeError) in
        if try executors[index].run(to: output).isComplete { complete.increase() }
      }
      #expect(complete.value >= 1)
      #expect(try Fixtures.contents(of: model.output) == model.expected)
      #expect(try model.beside() == ["out"])
    }
  }

  @Test func twoProcessesDoNotWriteTheSameOutputOrTheSamePartOfIt() throws {
    let model = try ShardedModel.merged()
    let executor = try model.executor(resumes: true)
    let other = try model.executor()
    let otherPart = try model.executor(part: MergePartition(index: 0, count: 2))
    let refusals = Refusals()
    let output = model.output
    _ = try executor.run(
      to: output,
      control: MergeControl { done, _ in
        guard refusals.all.isEmpty else { return }
        for executor in [other, otherPart] {
          do { _ = try executor.run(to: output) } catch { refusals.add("\(error)") }
        }
      })
    #expect(refusals.all.count == 2)
    #expect(refusals.all.allSatisfy { $0.contains("another process is writing it") })
    #expect(try Fixtures.contents(of: model.output) == model.expected)
  }

  // MARK: Replacing

  /// A failure while an older output is replaced leaves the old or the new one, whole.
  @Test func aFailureWhileAnOlderOutputIsReplacedLeavesTheOldOrTheNewOne() throws {
    let model = try ShardedModel.merged()
    for after in 0..<10_000 {
      try model.folder.write("out/config.json", "old")
      var executor = try model.executor(resumes: true)
      executor.overwrites = true
      Fault.order(.rename, path: model.partial, after: after, errorNumber: EIO)
      let outcome = Result { try executor.run(to: model.output) }
      Fault.clear(path: model.partial)
      if case .success = outcome { break }
      #expect(try Fixtures.contents(of: model.output) == ["config.json": Data("old".utf8)])
      #expect(throws: Never.self) { try executor.run(to: model.output) }
      #expect(try Fixtures.contents(of: model.output) == model.expected)
      #expect(try model.beside() == ["out"])
      try model.folder.remove("out")
      #expect(after < 100)
    }
    #expect(try Fixtures.contents(of: model.output) == model.expected)
  }

  @Test func fileSystemsThatCannotSwapTwoNamesReplaceInTwoSteps() throws {
    let model = try ShardedModel.merged()
    try model.folder.write("out/config.json", "old")
    var executor = try model.executor()
    executor.overwrites = true
    Fault.order(.rename, path: model.partial + "/exchange", errorNumber: EINVAL)
    defer { Fault.clear(path: model.partial + "/exchange") }
    _ = try executor.run(to: model.output)
    #expect(try Fixtures.contents(of: model.output) == model.expected)
    #expect(try model.beside() == ["out"])
  }

  @Test func anOutputThatWasMovedAsideWhenTheProcessDiedIsPutBack() throws {
    let model = try ShardedModel.merged()
    try model.folder.write(".out.partial/plan.json", try model.plan().identity.json.text())
    try model.folder.write(".out.partial/replaced/config.json", "old")
    try model.folder.write(".out.partial/exchange/config.json", "new")
    do {
      _ = try model.executor(resumes: true).run(to: model.output)
      // The old one is the output again, which may not be replaced without --overwrite; or the merge went on beside it.
      Issue.record("it replaced the older output")
    } catch {}
    #expect(try Fixtures.contents(of: model.output) == ["config.json": Data("old".utf8)])
  }
}

private final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0
  func increase() { lock.withLock { count += 1 } }
  var value: Int { lock.withLock { count } }
}

private final class Refusals: @unchecked Sendable {
  private let lock = NSLock()
  private var texts: [String] = []
  func add(_ text: String) { lock.withLock { texts.append(text) } }
  var all: [String] { lock.withLock { texts } }
}
