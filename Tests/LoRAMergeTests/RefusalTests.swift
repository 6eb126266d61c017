import Foundation
import JSON
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import LoRAMerge

/// What has no delta on its base is refused with the reason, by the library and by the program, and nothing is written.
@Suite struct RefusalTests {
  struct Case: Sendable, CustomStringConvertible {
    let description: String
    /// Members of the adapter's config.
    var config: JSONObject = [:]
    /// Type and shape of the base's matrix, which is `[6, 4]` of F32 otherwise.
    var weight: (DType, [UInt64]) = (.f32, [6, 4])
    /// Name of the base's matrix.
    var tensor = "x.weight"
    /// Members of the base's config.
    var base: JSONObject = [:]
    /// What must be said.
    let reason: String
  }

  static let cases: [Case] = [
    Case(description: "aLoRA by tokens", config: ["alora_invocation_tokens": [1, 2]], reason: "activated LoRA"),
    Case(description: "arrow", config: ["arrow_config": ["top_k": 2]], reason: "arrow"),
    Case(description: "QALoRA", config: ["use_qalora": true], reason: "QALoRA"),
    Case(description: "KaSA", config: ["kasa_config": ["beta": 0.1]], reason: "KaSA"),
    Case(description: "BD-LoRA", config: ["use_bdlora": ["nblocks": 2]], reason: "BD-LoRA"),
    Case(
      description: "layer replication", config: ["layer_replication": [[0, 1], [0, 1]]], reason: "layer_replication"),
    Case(
      description: "PiSSA", config: ["init_lora_weights": "pissa"], reason: "path_initial_model_for_weight_conversion"),
    Case(description: "PiSSA, fast", config: ["init_lora_weights": "pissa_niter_16"], reason: "initial factors again"),
    Case(description: "OLoRA", config: ["init_lora_weights": "olora"], reason: "initial factors again"),
    Case(description: "CorDA", config: ["init_lora_weights": "corda"], reason: "initial factors again"),
    Case(description: "LoRA-GA", config: ["init_lora_weights": "lora_ga"], reason: "initial factors again"),
    Case(description: "LoftQ", config: ["init_lora_weights": "loftq"], reason: "initial factors again"),
    Case(description: "DoRA without magnitudes", config: ["use_dora": true], reason: "no magnitude vector"),
    Case(description: "another method", config: ["peft_type": "LOHA"], reason: "LOHA"),
    Case(description: "an FP8 base", weight: (.f8e4m3, [6, 4]), reason: "quantised"),
    Case(description: "an integer base", weight: (.i8, [6, 4]), reason: "quantised"),
    Case(
      description: "a base with GPTQ", weight: (.i32, [1, 6]), tensor: "x.qweight",
      base: ["model_type": "something_unknown", "quantization_config": ["quant_method": "gptq", "bits": 4]],
      reason: "quant"),
    Case(description: "no alpha", config: ["lora_alpha": .null], reason: "alpha"),
    Case(description: "another rank", config: ["r": 3], reason: "rank"),
  ]

  private func model(_ refused: Case) throws -> TinyModel {
    var weights = SafetensorsBuilder()
    weights.add(refused.tensor, refused.weight.0, refused.weight.1)
    weights.add("norm.weight", .f32, [4])
    let model = try TinyModel(weights, adapter: TinyModel.factors("x", in: 4, out: 6), config: refused.config)
    if !refused.base.members.isEmpty {
      try model.folder.write("base/config.json", JSONValue.object(refused.base).text())
    }
    return model
  }

  @Test(arguments: cases)
  func saidByThePlanner(_ refused: Case) throws {
    let model = try model(refused)
    let said = try model.refusals()
    #expect(said.lowercased().contains(refused.reason.lowercased()), "\(said)")
  }

  @Test(arguments: ["pissa-converted", "olora-converted"])
  func aConvertedPiSSAOrOLoRAIsPlainLoRAWhateverItsRank(_ name: String) throws {
    let adapter = Fixtures.adapter(name)
    #expect(adapter.modules.allSatisfy { $0.rank == 8 })
    let plan = try MergePlan.make(base: Fixtures.base("models/llama-f32"), adapters: [WeightedAdapter(adapter)])
    #expect(plan.mergedTensors.count == 4)
  }
}
