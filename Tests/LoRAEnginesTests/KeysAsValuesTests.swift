import JSON
import LoRAEngines
import LoRATestSupport
import Testing

/// Gemma 4 with layers that have k_proj and no v_proj.
@Suite struct KeysAsValuesTests {
  private func verdict(_ layer: Int, _ leaves: [(name: String, inputs: Int64, outputs: Int64)]) throws
    -> ServingVerdict?
  {
    let cases = try #require(try Fixtures.json("catalogue/gemma4_text.json")["cases"]?.array)
    let config = try #require(cases.compactMap { $0["config"]?.object }.first { $0["attention_k_eq_v"] == true })
    var tensors = JSONObject()
    for leaf in leaves {
      let start = "base_model.model.model.layers.\(layer).self_attn.\(leaf.name).lora_"
      tensors[start + "A.weight"] = .array([4, .integer(leaf.inputs)])
      tensors[start + "B.weight"] = .array([.integer(leaf.outputs), 4])
    }
    let row: JSONObject = ["name": "one layer", "verdict": "applied", "tensors": .object(tensors)]
    let sample = try #require(EngineTruth.Sample(row))
    let truth = EngineTruth(engine: "vllm@0.33", key: "Gemma4ForCausalLM", config: config, samples: [sample])
    return try truth.verdicts(try TemporaryFolder()).first?.verdict
  }

  @Test func aChangeOfKeysThatAreValuesTooIsUnjudged() throws {
    #expect(try verdict(1, [("k_proj", 48, 28)]) == .unjudged)
    #expect(try verdict(1, [("q_proj", 48, 84), ("k_proj", 48, 28), ("o_proj", 84, 48)]) == .unjudged)
  }

  @Test func otherModulesAndLayersAreJudgedAsEver() throws {
    #expect(try verdict(1, [("q_proj", 48, 84), ("o_proj", 84, 48)]) == .applied)
    #expect(try verdict(0, [("q_proj", 48, 60), ("k_proj", 48, 30), ("v_proj", 48, 30)]) == .applied)
  }
}
