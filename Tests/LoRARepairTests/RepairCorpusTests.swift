import Diagnostics
import JSON
import LoRAModel
import LoRARepair
import LoRASurgery
import LoRATestSupport
import LoRAValidate
import TensorCore
import Testing

/// Every form of `adapter_config.json` in the corpus, which PEFT loaded or refused (`testdata/make/config_corpus.py`).
@Suite struct RepairCorpusTests {
  /// What PEFT refuses and has no one right mend.
  private static let left: Set<String> = [
    // Nothing says the alpha.
    "lora_alpha null", "alpha_pattern \"q_proj\"",
    // The base was changed, or may have been.
    "init_lora_weights \"pissa_niter_x\"", "init_lora_weights \"PISSA\"", "init_lora_weights \"corda\"",
    "corda with its config", "loftq without its config",
    // Another type of adapter.
    "peft_type \"\"", "peft_type \"NOPE\"", "peft_type 3",
    // Something is gone, or a variant is on that cannot be read.
    "modules_to_save [\"lm_head\"]", "modules_to_save \"lm_head\"", "trainable_token_indices [1]",
    "trainable_token_indices {\"embed_tokens\": [1]}", "trainable_token_indices \"x\"", "use_dora with megatron",
    "lora_bias with gaussian", "arrow_config \"x\"", "kasa_config true", "velora_config \"x\"",
    "velora_config {\"num_groups\": 0}", "monteclora_config 3", "monteclora_config {\"num_samples\": 0}",
    "use_bdlora true", "target_parameters [\"q_proj.weight\"]", "target_parameters \"q_proj.weight\"",
  ]

  @Test func whatPEFTLoadsKeepsItsScalesAndTheRestIsMendedOrNamed() throws {
    let corpus = try Fixtures.json("corpus/configs.json")
    let base = try BaseModel.open(Fixtures.path("models/llama-bf16-sharded"))
    let folder = try TemporaryFolder()
    var unmended: Set<String> = []
    for (number, entry) in (corpus["cases"]?.array ?? []).enumerated() {
      let name = try #require(entry["name"]?.string)
      let modules = (entry["modules"] ?? corpus["modules"])?.array?.compactMap(\.string) ?? []
      try folder.write("\(number)/adapter_model.safetensors", try Self.weights(modules, base))
      try folder.write("\(number)/adapter_config.json", (entry["config"] ?? .null).text())
      let input = folder.path("\(number)")
      let output = folder.path("mended-\(number)")
      let repair = try AdapterRepair(input, output: output, options: RepairOptions(base: base))
      guard case .planned(let plan) = repair else {
        Issue.record("\(name) is not read")
        continue
      }
      try DraftWriter(workers: 1).write(plan.draft(toolVersion: "test"), folder: output, overwrites: false)
      let found = Validation.run([output], base: base, options: ValidationOptions()).adapters.flatMap(\.findings)
      let fails = found.contains { $0.severity == .error }
      if entry["refused"] != nil {
        if fails { unmended.insert(name) }
        continue
      }
      // What PEFT applied is applied at the same scales; nothing gets worse.
      let before = Validation.run([input], base: base, options: ValidationOptions()).adapters.flatMap(\.findings)
      #expect(!fails || before.contains { $0.severity == .error }, "\(name): \(found)")
      let adapter = Adapter.load(output)
      guard let scales = entry["scales"]?.array?.compactMap(\.double), adapter.config != nil else { continue }
      #expect(Set(adapter.modules.map(\.scale)) == Set(scales), "\(name)")
    }
    #expect(unmended == Self.left)
  }

  private static func weights(_ modules: [String], _ base: BaseModel) throws -> SafetensorsBuilder {
    var tensors = SafetensorsBuilder()
    for module in modules {
      let target = try #require(base.match(module)?.module)
      for (leaf, shape) in [("lora_A", [4, target.inFeatures]), ("lora_B", [target.outFeatures, 4])] {
        let numbers = (0..<shape[0] * shape[1]).map { Float($0 % 11) / 8 - 0.5 }
        tensors.add("base_model.model.\(module).\(leaf).weight", .f32, shape, values: numbers)
      }
    }
    return tensors
  }
}
