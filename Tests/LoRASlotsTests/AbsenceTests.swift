import LoRAEngines
import LoRAModel
import LoRASlots
import LoRATestSupport
import Testing

/// Modules of a base that have no slot are named with the reason.
@Suite struct AbsenceTests {
  private func absences(_ config: String, targets: [String]? = nil) throws -> [String: UnservedModule.Reason] {
    let folder = try TemporaryFolder()
    let base = try BaseModel.open(try folder.write("config.json", config))
    var options = SlotOptions()
    options.targetModules = targets
    let layout = try SlotLayout(of: base, options)
    return Dictionary(uniqueKeysWithValues: layout.absences(of: base).map { ($0.module, $0.reason) })
  }

  private func config(_ type: String, _ architecture: String) -> String {
    "{\"model_type\":\"\(type)\",\"architectures\":[\"\(architecture)\"],\"hidden_size\":64,\"intermediate_size\":48,"
      + "\"num_attention_heads\":4,\"num_key_value_heads\":2,\"num_hidden_layers\":2,\"vocab_size\":90}"
  }

  @Test func everythingHasASlotOrAReason() throws {
    #expect(try absences(config("llama", "LlamaForCausalLM")).isEmpty)
    let qwen = try absences(config("qwen2", "Qwen2ForCausalLM"))
    #expect(qwen == ["model.embed_tokens": .bare, "lm_head": .bare])
    let narrow = try absences(config("llama", "LlamaForCausalLM"), targets: ["q_proj", "embed_tokens"])
    // q, k and v are one module of the engine: a buffer for one has room for all.
    #expect(narrow.count == 2 * 4 + 1 && narrow.values.allSatisfy { $0 == .notTargeted }, "\(narrow)")
    #expect(narrow["model.layers.1.mlp.up_proj"] != nil && narrow["lm_head"] != nil)
  }

  @Test func aModuleWithoutSlotIsRefusedWithTheReason() throws {
    let base = try BaseModel.open(Fixtures.path("models/llama-bf16-sharded"))
    var options = SlotOptions()
    options.targetModules = ["q_proj"]
    let layout = try SlotLayout(of: base, options)
    let error = try #require(throws: PackingError.self) {
      try PackingPlan(Adapter.load(Fixtures.path("adapters/llama-all-linear")), base: base, layout: layout)
    }
    #expect(error.reason.contains("not among the target modules"), "\(error)")
    #expect(error.hint?.contains("--target-modules") == true)
  }
}
