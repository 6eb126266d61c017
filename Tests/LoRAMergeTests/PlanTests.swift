import Foundation
import JSON
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import LoRAMerge

private func linearBase(_ rows: UInt64 = 6, _ columns: UInt64 = 4, dtype: DType = .f32) -> SafetensorsBuilder {
  var weights = SafetensorsBuilder()
  weights.add("x.weight", dtype, [rows, columns], values: TinyModel.numbers(Int(rows * columns)))
  return weights
}

@Suite struct PlanTests {
  /// The same inputs give the same plan; an untouched shard is one copy, a changed matrix is cut out of it.
  @Test func theSameInputsGiveTheSamePlan() throws {
    let base = try Fixtures.base("models/llama-bf16-sharded")
    let adapter = WeightedAdapter(Fixtures.adapter("llama-layers"))
    var options = MergeOptions()
    options.provenance = .none
    let plan = try MergePlan.make(base: base, adapters: [adapter], options: options)
    let again = try MergePlan.make(base: base, adapters: [adapter], options: options)
    #expect(plan.json(toolVersion: "1", output: "o") == again.json(toolVersion: "1", output: "o"))
    #expect(plan.shards == again.shards && plan.files == again.files)
    for (shard, file) in zip(plan.shards, try #require(base.checkpoint).files) {
      let updates = shard.steps.filter { if case .merge = $0.work { true } else { false } }
      if updates.isEmpty {
        #expect(shard.steps.count == 1)
        #expect(
          shard.steps[0].work == .copy(TensorSource(source: 0, offset: 0, count: shard.size))
            || shard.steps[0].offset == 0)
      }
      #expect(shard.size == file.fileBytes)
      #expect(shard.dataStart == file.header.dataStart)
      // The steps cover the shard from start to end.
      #expect(shard.steps.reduce(0) { $1.offset == $0 ? $0 + $1.count : .max / 2 } == shard.size)
    }
    #expect(plan.mergedTensors.count == 4)
    #expect(plan.files.last?.name == "config.json")
    #expect(plan.files.contains { $0.name == "model.safetensors.index.json" })
  }

  @Test func theDocumentOfADryRunHasTheContractsKeys() throws {
    let model = try TinyModel(linearBase(), adapter: TinyModel.factors("x", in: 4, out: 6))
    let json = try model.plan(weight: 0.5).json(toolVersion: "9.9", output: "out")
    #expect(json["schema"]?.string == "lora-tool/merge/1")
    #expect(json["tool_version"]?.string == "9.9")
    #expect(json["dry_run"]?.bool == true)
    #expect(json["tensors_total"]?.int64 == 1)
    #expect(json["tensors_merged"]?.int64 == 1)
    #expect(json["adapters"]?.array?.first?["weight"]?.double == 0.5)
    let update = json["shards"]?.array?.first?["updates"]?.array?.first
    #expect(update?["tensor"]?.string == "x.weight")
    #expect(update?["deltas"]?.array?.first?["scale"]?.double == 0.75)
  }

  // MARK: Orientation

  private func leftAndRight(_ model: TinyModel) throws -> (left: UInt64?, right: UInt64?) {
    let file = try #require(Adapter.load(model.adapter).file)
    let plan = try model.plan()
    for case .merge(let update) in plan.shards.flatMap(\.steps).map(\.work) {
      let start = file.header.dataStart
      return (update.deltas[0].left.map { $0.source.offset - start }, update.deltas[0].right.source.offset - start)
    }
    return (nil, nil)
  }

  /// Without an architecture the shape decides; a square weight follows fan_in_fan_out.
  @Test func withoutAnArchitectureTheShapeDecides() throws {
    // A lies first in the file, B behind it.
    let ordinary = try TinyModel(linearBase(6, 4), adapter: TinyModel.factors("x", in: 4, out: 6), modelType: nil)
    #expect(try leftAndRight(ordinary) == (32, 0))
    let turned = try TinyModel(linearBase(4, 6), adapter: TinyModel.factors("x", in: 4, out: 6), modelType: nil)
    #expect(try leftAndRight(turned) == (0, 32))
    let square = TinyModel.factors("x", in: 5, out: 5)
    #expect(try leftAndRight(TinyModel(linearBase(5, 5), adapter: square, modelType: nil)) == (40, 0))
    #expect(
      try leftAndRight(
        TinyModel(linearBase(5, 5), adapter: square, config: ["fan_in_fan_out": true], modelType: nil)) == (0, 40))
    // A model type that has no Conv1D settles it, whatever the flag says.
    #expect(
      try leftAndRight(TinyModel(linearBase(5, 5), adapter: square, config: ["fan_in_fan_out": true])) == (40, 0))
  }

  // MARK: Refusals

  @Test func whatDoesNotFitTheBaseIsRefusedAllOfItAtOnce() throws {
    var factors = TinyModel.factors("x", in: 4, out: 7)
    factors.addFactors("y", in: 4, out: 6)
    let text = try TinyModel(linearBase(), adapter: factors).refusals()
    #expect(text.contains("x: its factors give a delta of [7, 4] but the base's weight is [6, 4]"))
    #expect(text.contains("y: the base has no such module"))
    let turned = try TinyModel(linearBase(4, 6), adapter: TinyModel.factors("x", in: 4, out: 6)).refusals()
    #expect(turned.contains("fit the base's weight [4, 6] only when transposed"))
  }

  @Test func aRankThatTheConfigDeniesHalvesOfPairsNumbersThatAreNone() throws {
    let factors = TinyModel.factors("x", in: 4, out: 6)
    #expect(try TinyModel(linearBase(), adapter: factors, rank: 4).refusals().contains("rank 2 but the config says 4"))
    var half = SafetensorsBuilder()
    half.add("base_model.model.x.lora_A.weight", .f32, [2, 4])
    #expect(try TinyModel(linearBase(), adapter: half).refusals().contains("A without B"))
    half.add("base_model.model.x.lora_B.weight", .i32, [6, 2])
    #expect(try TinyModel(linearBase(), adapter: half).refusals().contains("I32 [6, 2], not numbers"))
    var unequal = SafetensorsBuilder()
    unequal.add("base_model.model.x.lora_A.weight", .f32, [2, 4])
    unequal.add("base_model.model.x.lora_B.weight", .f32, [6, 3])
    #expect(try TinyModel(linearBase(), adapter: unequal).refusals().contains("have different ranks"))
    var empty = SafetensorsBuilder()
    empty.add("base_model.model.x.lora_A.weight", .f32, [0])
    empty.add("base_model.model.x.lora_B.weight", .f32, [6, 2])
    #expect(!(try TinyModel(linearBase(), adapter: empty).refusals().isEmpty))
  }

  @Test(
    arguments: [
      (#"{"alora_invocation_tokens": [1, 2]}"#, "activated LoRA"), (#"{"arrow_config": {"top_k": 2}}"#, "arrow"),
      (#"{"kasa_config": {"x": 1}}"#, "KaSA"), (#"{"use_qalora": true}"#, "QALoRA"),
      (#"{"use_bdlora": {"x": 1}}"#, "BD-LoRA"), (#"{"layer_replication": [[0, 1], [0, 1]]}"#, "layer_replication"),
      (#"{"init_lora_weights": "pissa"}"#, "pissa"), (#"{"init_lora_weights": "pissa_niter_4"}"#, "pissa_niter_4"),
      (#"{"init_lora_weights": "olora"}"#, "olora"), (#"{"init_lora_weights": "corda"}"#, "corda"),
      (#"{"init_lora_weights": "loftq"}"#, "loftq"), (#"{"init_lora_weights": "lora_ga"}"#, "lora_ga"),
      (#"{"peft_type": "LOHA"}"#, "LOHA"), (#"{"use_dora": true}"#, "DoRA"),
    ])
  func adaptersWithoutADeltaOnThisBase(_ config: String, _ word: String) throws {
    let members = try #require(JSONValue(parsing: Array(config.utf8)).object)
    let model = try TinyModel(linearBase(), adapter: TinyModel.factors("x", in: 4, out: 6), config: members)
    #expect(try model.refusals().contains(word))
  }

  @Test(arguments: ["llama-alora", "llama-layer-replication"])
  func theReferencesAdaptersThatPEFTCannotMergeAreRefused(_ name: String) throws {
    let base = try Fixtures.base("models/llama-nano-bf16")
    #expect(throws: MergeError.self) {
      try MergePlan.make(base: base, adapters: [WeightedAdapter(Fixtures.adapter(name))])
    }
  }

  @Test(arguments: ["gaussian", "eva", "orthogonal"])
  func initialisationsThatLeaveTheBaseAloneAreMerged(_ name: String) throws {
    let model = try TinyModel(
      linearBase(), adapter: TinyModel.factors("x", in: 4, out: 6), config: ["init_lora_weights": .string(name)])
    #expect(try model.refusals() == "")
  }

  @Test func tensorsThatNoRuleUnderstandsAreRefusedNotDropped() throws {
    var factors = TinyModel.factors("x", in: 4, out: 6)
    factors.add("base_model.model.x.lora_C.weight", .f32, [2])
    #expect(try TinyModel(linearBase(), adapter: factors).refusals().contains("would be ignored"))
  }

  /// Weights that cannot be added to: quantised, of another type; a base without weights, no adapter.
  @Test func weightsThatCannotBeAddedTo() throws {
    let factors = TinyModel.factors("x", in: 4, out: 6)
    #expect(try TinyModel(linearBase(dtype: .f64), adapter: factors).refusals().contains("stored as F64"))
    var packed = SafetensorsBuilder()
    packed.add("x.qweight", .i32, [1, 6])
    packed.add("x.qzeros", .i32, [1, 1])
    packed.add("x.scales", .f16, [1, 6])
    #expect(!(try TinyModel(packed, adapter: factors).refusals().isEmpty))
    let model = try TinyModel(linearBase(), adapter: factors)
    let config = try BaseModel.open(Fixtures.path("bases/llama-7b.json"))
    #expect(throws: MergeError.self) {
      try MergePlan.make(base: config, adapters: [WeightedAdapter(Adapter.load(model.adapter))])
    }
    #expect(throws: MergeError.self) { try MergePlan.make(base: BaseModel.open(model.base), adapters: []) }
  }

  @Test func aBrokenAdapterOrBaseIsRefusedWithWhatIsWrongWithIt() throws {
    let model = try TinyModel(linearBase(), adapter: TinyModel.factors("x", in: 4, out: 6))
    try model.folder.remove("adapter/adapter_config.json")
    #expect(try model.refusals().contains("no adapter_config.json"))
    try model.folder.remove("adapter/adapter_model.safetensors")
    #expect(!(try model.refusals().isEmpty))
  }
}
