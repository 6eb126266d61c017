import Foundation
import JSON
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import LoRAMerge

/// Inputs that are unusual but right.
@Suite struct EdgeTests {
  private var plain: MergeOptions {
    var options = MergeOptions()
    options.provenance = .none
    return options
  }

  private func weights() -> SafetensorsBuilder {
    var weights = SafetensorsBuilder()
    weights.add("x.weight", .bf16, [6, 4], values: TinyModel.numbers(24))
    return weights
  }

  @Test func anAdapterThatChangesNothingGivesTheBaseBackByteForByte() throws {
    var factors = SafetensorsBuilder()
    factors.add("base_model.model.x.lora_A.weight", .f32, [2, 4], values: TinyModel.numbers(8))
    factors.add("base_model.model.x.lora_B.weight", .f32, [6, 2], values: [Float](repeating: 0, count: 12))
    let model = try TinyModel(weights(), adapter: factors)
    let plan = try model.plan(plain)
    let outcome = try MergeExecutor(plan).run(to: model.output)
    #expect(try Fixtures.contents(of: model.output) == Fixtures.contents(of: model.base))
    #expect(outcome.rounding["x"]?.deltaRetention == nil)
    let summary = MergeSummary(plan, outcome, output: model.output)
    #expect(summary.json(toolVersion: "1")["rounding"]?["delta_retention_min"] == .null)
  }

  @Test func oneAdapterGivenTwiceWithHalfTheWeightIsThatAdapter() throws {
    let model = try TinyModel(weights(), adapter: TinyModel.factors("x", in: 4, out: 6))
    let base = try BaseModel.open(model.base)
    let adapter = Adapter.load(model.adapter)
    for (name, weights) in [("once", [1.0]), ("twice", [0.5, 0.5]), ("four", [1, 2, -1.5, -0.5])] {
      let plan = try MergePlan.make(
        base: base, adapters: weights.map { WeightedAdapter(adapter, weight: $0) }, options: plain)
      _ = try MergeExecutor(plan).run(to: model.folder.path(name))
    }
    let once = try Fixtures.contents(of: model.folder.path("once"))
    #expect(try Fixtures.contents(of: model.folder.path("twice")) == once)
    #expect(try Fixtures.contents(of: model.folder.path("four")) == once)
  }

  @Test func aBaseWithSeveralTypesKeepsEach() throws {
    var weights = SafetensorsBuilder()
    var factors = SafetensorsBuilder()
    for (name, dtype) in [("half", DType.f16), ("brain", .bf16), ("single", .f32)] {
      weights.add(name + ".weight", dtype, [6, 4], values: TinyModel.numbers(24))
      factors.addFactors(name, in: 4, out: 6)
    }
    weights.add("count", .i64, [], data: [1, 0, 0, 0, 0, 0, 0, 0])
    weights.add("nothing", .f32, [0, 3])
    let model = try TinyModel(weights, adapter: factors)
    let plan = try model.plan()
    _ = try MergeExecutor(plan).run(to: model.output)
    let file = try SafetensorsFile.open(model.output + "/model.safetensors")
    #expect(file.header["half.weight"]?.dtype == .f16 && file.header["single.weight"]?.dtype == .f32)
    #expect(file.header["nothing"]?.shape == [0, 3] && file.header["count"]?.shape == [])
    var verifier = MergeVerifier(plan)
    verifier.depth = .full
    #expect(try verifier.run(on: model.output).isSound)
  }

  /// Shards without an index, pickles beside them: merged, with an index, without the pickles.
  @Test func shardsWithoutAnIndex() throws {
    let model = try TinyModel(weights(), adapter: TinyModel.factors("x", in: 4, out: 6))
    try model.folder.remove("base/model.safetensors")
    try model.folder.write("base/model-00001-of-00002.safetensors", weights())
    var other = SafetensorsBuilder()
    other.add("norm.weight", .bf16, [4])
    try model.folder.write("base/model-00002-of-00002.safetensors", other)
    try model.folder.write("base/pytorch_model.bin", "a pickle")
    let plan = try model.plan()
    _ = try MergeExecutor(plan).run(to: model.output)
    let merged = Checkpoint.examine(model.output)
    #expect(merged.findings.isEmpty, "\(merged.findings)")
    #expect(merged.checkpoint?.index?.entries.count == 2)
    #expect(!FileManager.default.fileExists(atPath: model.output + "/pytorch_model.bin"))
    #expect(plan.skipped == ["pytorch_model.bin"])
    #expect(try MergeVerifier(plan).run(on: model.output).isSound)
  }

  @Test func anUntouchedShardIsTheBasesFileOneCopyOfTheWholeRecordOrNot() throws {
    let base = try Fixtures.base("models/llama-bf16-sharded")
    let plan = try MergePlan.make(base: base, adapters: [WeightedAdapter(Fixtures.adapter("llama-layers"))])
    let untouched = plan.shards.filter { $0.steps.count == 1 }
    #expect(!untouched.isEmpty)
    for shard in untouched {
      guard case .copy(let slice) = shard.steps[0].work else {
        Issue.record("\(shard.steps)")
        continue
      }
      #expect(slice.offset == 0 && slice.count == shard.size && plan.sources[slice.source].fileBytes == shard.size)
    }
  }
}
