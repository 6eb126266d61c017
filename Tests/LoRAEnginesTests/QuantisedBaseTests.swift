import JSON
import LoRAEngines
import LoRATestSupport
import Testing

/// Verdicts on quantised bases held against what vLLM's own layers did (`testdata/make/vllm_quantised.py`).
@Suite struct QuantisedBaseTests {
  private static let types = [
    "LlamaForCausalLM": "llama", "MistralForCausalLM": "mistral", "Qwen2ForCausalLM": "qwen2",
    "Qwen3ForCausalLM": "qwen3", "Gemma3ForCausalLM": "gemma3_text", "Phi3ForCausalLM": "phi3",
    "GraniteForCausalLM": "granite", "OlmoForCausalLM": "olmo",
  ]

  /// What the program makes of an adapter of two layers on a base of the sizes that the engine was tried with.
  private func verdict(
    _ engine: String, _ architecture: String, _ section: JSONValue?, key: String = "quantization_config",
    width: Int64 = 256
  ) throws -> ServingVerdict? {
    var config: JSONObject = [
      "architectures": .array([.string(architecture)]), "model_type": JSONValue(Self.types[architecture]),
      "vocab_size": 64, "intermediate_size": 512, "num_hidden_layers": 1, "num_attention_heads": 4,
      "num_key_value_heads": 2, "head_dim": 64, "max_position_embeddings": 32, "tie_word_embeddings": false,
      "torch_dtype": "bfloat16",
    ]
    config["hidden_size"] = .integer(width)
    if let section { config[key] = section }
    var tensors = JSONObject()
    let layers: [(name: String, inputs: Int64, outputs: Int64)] = [
      ("self_attn.o_proj", 256, width), ("mlp.down_proj", 512, width),
    ]
    for layer in layers {
      let start = "base_model.model.model.layers.0.\(layer.name).lora_"
      tensors[start + "A.weight"] = .array([4, .integer(layer.inputs)])
      tensors[start + "B.weight"] = .array([.integer(layer.outputs), 4])
    }
    let row: JSONObject = ["name": "two layers", "verdict": "applied", "tensors": .object(tensors)]
    let sample = try #require(EngineTruth.Sample(row))
    let truth = EngineTruth(engine: engine, key: architecture, config: config, samples: [sample])
    return try truth.verdicts(try TemporaryFolder()).first?.verdict
  }

  @Test func verdictsOnQuantisedBasesAreThoseOfTheEngine() throws {
    let rows = try #require(try Fixtures.json("engines/vllm-0.33-quantised.json").array)
    var counts: [ServingVerdict: Int] = [:]
    for row in rows {
      for (architecture, outcome) in row["outcomes"]?.object?.members ?? [] {
        let expected: ServingVerdict =
          switch outcome.string {
          case "applied": .applied
          case "refused": .refused
          default: .unjudged
          }
        let found = try verdict("vllm@0.33", architecture, row["config"])
        #expect(found == expected, "\(row["name"]?.string ?? "") on \(architecture)")
        counts[expected, default: 0] += 1
      }
    }
    print("vllm@0.33 on quantised bases:", counts)
    #expect(counts[.applied] ?? 0 > 200)
    #expect(counts[.refused] ?? 0 > 20)
  }

  @Test func whatWasNotTriedIsUnjudged() throws {
    let tried: JSONValue = [
      "quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": false, "sym": true,
      "checkpoint_format": "gptq",
    ]
    func changed(_ key: String, _ value: JSONValue) -> JSONValue {
      var fields = tried.object ?? JSONObject()
      fields[key] = value
      return .object(fields)
    }
    #expect(try verdict("vllm@0.33", "LlamaForCausalLM", tried) == .applied)
    // Members that the engine does not read, and layers that stay plain.
    #expect(try verdict("vllm@0.33", "LlamaForCausalLM", changed("damp_percent", 0.1)) == .applied)
    #expect(try verdict("vllm@0.33", "LlamaForCausalLM", changed("lm_head", false)) == .applied)
    for (key, value) in [
      ("group_size", 48), ("bits", 5), ("lm_head", true), ("dynamic", ["-:.*o_proj": [:]]),
      ("quant_method", "tomorrow"), ("checkpoint_format", "marlin"),
    ] as [(String, JSONValue)] {
      #expect(try verdict("vllm@0.33", "LlamaForCausalLM", changed(key, value)) == .unjudged, "\(key)")
    }
    #expect(try verdict("vllm@0.33", "OlmoForCausalLM", nil) == .applied)
    #expect(try verdict("vllm@0.33", "OlmoForCausalLM", tried) == .unjudged)
    #expect(try verdict("vllm@0.33", "LlamaForCausalLM", tried, width: 320) == .unjudged)
    #expect(try verdict("vllm@0.33", "LlamaForCausalLM", tried, key: "compression_config") == .unjudged)
    for engine in ["vllm@0.32", "vllm@0.31", "sglang@0.5.23"] {
      #expect(try verdict(engine, "LlamaForCausalLM", nil) == .applied, "\(engine)")
      #expect(try verdict(engine, "LlamaForCausalLM", tried) == .unjudged, "\(engine)")
    }
  }

  @Test func projectionsThatArePackedTogetherMustBeQuantisedAlike() throws {
    var section = JSONObject()
    for (key, value) in [
      ("quant_method", "fp8"), ("activation_scheme", "dynamic"), ("weight_block_size", [128, 128]),
    ] as [(String, JSONValue)] { section[key] = value }
    for (names, expected) in [
      (["o_proj"], .applied), (["q_proj", "k_proj", "v_proj"], .applied), (["k_proj"], .unjudged),
    ] as [([String], ServingVerdict)] {
      section["modules_to_not_convert"] = .array(names.map { .string("model.layers.0.self_attn.\($0)") })
      #expect(try verdict("vllm@0.33", "LlamaForCausalLM", .object(section)) == expected, "\(names)")
    }
  }
}
