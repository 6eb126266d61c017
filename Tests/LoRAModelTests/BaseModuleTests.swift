import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import LoRAModel

/// A base of the given tensors, with a config when there is one.
private func base(_ builder: SafetensorsBuilder, config: String? = nil) throws -> BaseModel {
  let folder = try TemporaryFolder()
  if let config { try folder.write("config.json", config) }
  try folder.write("model.safetensors", builder)
  return try BaseModel.open(folder.path)
}

private func base(_ tensors: [(String, DType, [UInt64])], config: String? = nil) throws -> BaseModel {
  var builder = SafetensorsBuilder()
  for (name, dtype, shape) in tensors { builder.add(name, dtype, shape) }
  return try base(builder, config: config)
}

/// Modules from names and shapes alone.
@Suite struct BaseModuleTests {
  @Test func kindsByNameAndShape() throws {
    let found = try base([
      ("wte.weight", .f32, [9, 4]), ("encoder.position_embeddings.weight", .f32, [7, 4]),
      ("embed_out.weight", .f32, [9, 4]), ("x_embedder.weight", .f32, [4, 6]), ("layers.0.fc.weight", .f16, [8, 4]),
      ("layers.0.fc.bias", .f16, [8]), ("layers.0.norm.weight", .f32, [4]), ("conv_in.weight", .f32, [4, 3, 3, 3]),
      ("patch.proj.weight", .f32, [4, 3, 2, 2, 2]), ("mixer.conv1d.weight", .f32, [8, 1, 4]),
      ("moe.input_linear.weight", .f32, [4, 6, 8]), ("layers.0.experts.down_proj", .bf16, [4, 8, 6]),
      ("attn.in_proj_weight", .f32, [12, 4]), ("attn.in_proj_bias", .f32, [12]), ("A_log", .f32, [4, 2]),
      ("cls_token", .f32, [4]), ("h.attn.bias", .f32, [1, 1, 4, 4]), ("rotary.inv_freq", .f32, [4]),
      ("layers.0.experts.down_proj_bias", .bf16, [4, 8]), ("norm.num_batches_tracked", .i64, []),
      ("vit.patch_embedding.weight", .f32, [4, 588]),
    ])
    let kinds = found.modules.mapValues(\.kind)
    #expect(
      kinds == [
        "wte": .embedding, "encoder.position_embeddings": .embedding, "embed_out": .linear, "x_embedder": .linear,
        "layers.0.fc": .linear, "conv_in": .conv2d, "patch.proj": .conv2d, "mixer.conv1d": .conv1d,
        "moe.input_linear": .parameter, "layers.0.experts.down_proj": .parameter, "attn": .linear, "A_log": .parameter,
        "vit.patch_embedding": .linear,
      ])
    #expect(found.modules["layers.0.fc"]?.hasBias == true)
    #expect(found.modules["attn"]?.weightName == "attn.in_proj_weight")
    #expect(found.modules["attn"]?.hasBias == true)
    #expect(found.modules["conv_in"].map { [$0.inFeatures, $0.outFeatures] } == [3, 4])
    #expect(found.modules["wte"].map { [$0.inFeatures, $0.outFeatures] } == [9, 4])
    #expect(found.modules["layers.0.experts.down_proj"]?.experts == 4)
    #expect(found.modules.values.allSatisfy { !$0.isQuantized })
    #expect(found.vocabularySize == 9)
  }

  /// GPT-2's matrices are transposed by model type, or by the shape of c_attn; gpt_bigcode's are not.
  @Test func gpt2sMatricesAreTransposedByModelType() throws {
    let gpt2: [(String, DType, [UInt64])] = [
      ("h.0.attn.c_attn.weight", .f32, [4, 12]), ("h.0.attn.c_proj.weight", .f32, [4, 4]),
      ("h.0.mlp.c_fc.weight", .f32, [4, 16]), ("h.0.other.weight", .f32, [4, 16]),
    ]
    for config in [nil, #"{"model_type": "imagegpt"}"#] {
      let found = try base(gpt2, config: config)
      #expect(found.modules["h.0.attn.c_attn"].map { [$0.inFeatures, $0.outFeatures] } == [4, 12])
      #expect(found.modules["h.0.attn.c_proj"]?.isTransposed == true)
      #expect(found.modules["h.0.mlp.c_fc"]?.outFeatures == 16)
      #expect(found.modules["h.0.other"]?.isTransposed == false)
    }
    let bigcode: [(String, DType, [UInt64])] = [
      ("h.0.attn.c_attn.weight", .f32, [6, 4]), ("h.0.attn.c_proj.weight", .f32, [4, 4]),
    ]
    for config in [nil, #"{"model_type": "gpt_bigcode_like"}"#] {
      let found = try base(bigcode, config: config)
      #expect(found.modules["h.0.attn.c_attn"].map { [$0.inFeatures, $0.outFeatures] } == [4, 6])
      #expect(found.modules["h.0.attn.c_proj"]?.isTransposed == false)
    }
  }

  @Test func theOrientationOfAnExpertStackFollowsFromTheHiddenSize() throws {
    let embedding: (String, DType, [UInt64]) = ("model.embed_tokens.weight", .f32, [9, 8])
    for (gateUp, down, isTransposed) in [
      ([4, 12, 8], [4, 8, 6], false), ([4, 8, 12], [4, 6, 8], true),
    ] as [([UInt64], [UInt64], Bool)] {
      let found = try base([
        embedding, ("layers.0.experts.gate_up_proj", .f32, gateUp), ("layers.0.experts.down_proj", .f32, down),
      ])
      for (name, input, output) in [("gate_up_proj", 8, 12), ("down_proj", 6, 8)] as [(String, UInt64, UInt64)] {
        let module = try #require(found.modules["layers.0.experts.\(name)"])
        #expect(module.isTransposed == isTransposed, "\(name)")
        #expect([module.inFeatures, module.outFeatures] == [input, output], "\(name)")
      }
    }
  }

  // MARK: Quantised weights

  /// Each way of storing quantised weights is recognised, and its neighbours are not touched.
  @Test func eachWayOfStoringQuantisedWeightsIsRecognised() throws {
    let cases: [(String, [(String, DType, [UInt64])])] = [
      ("fp8 with block scales", [("m.weight", .f8e4m3, [8, 4]), ("m.weight_scale_inv", .f32, [1, 1])]),
      ("fp8 without scales", [("m.weight", .f8e5m2, [8, 4])]),
      ("bitsandbytes 8-bit", [("m.weight", .i8, [8, 4]), ("m.SCB", .f32, [8])]),
      (
        "bitsandbytes 4-bit",
        [
          ("m.weight", .u8, [16, 1]), ("m.weight.absmax", .u8, [1]), ("m.weight.nested_absmax", .f32, [1]),
          ("m.weight.quant_state.bitsandbytes__nf4", .u8, [80]),
        ]
      ),
      ("GPTQ", [("m.qweight", .i32, [1, 8]), ("m.scales", .f16, [1, 8]), ("m.qzeros", .i32, [1, 1])]),
      ("compressed-tensors", [("m.weight_packed", .i32, [8, 1]), ("m.weight_scale", .bf16, [8, 1])]),
      ("NVFP4", [("m.weight", .u8, [8, 2]), ("m.weight_scale", .f8e4m3, [8, 1]), ("m.weight_scale_2", .f32, [])]),
      ("MLX", [("m.weight", .u32, [8, 1]), ("m.scales", .f16, [8, 1]), ("m.biases", .f16, [8, 1])]),
      ("16-bit storage with scales", [("m.weight", .bf16, [8, 4]), ("m.weight_scale", .f32, [8])]),
    ]
    for (label, tensors) in cases {
      let found = try base(tensors + [("plain.weight", .bf16, [8, 4])])
      #expect(found.modules.keys.sorted() == ["m", "plain"], "\(label)")
      #expect(found.modules["m"]?.isQuantized == true, "\(label)")
      #expect(found.modules["plain"]?.isQuantized == false, "\(label)")
    }
  }

  @Test func mxfp4StacksCountUnderTheNameOfTheirParameter() throws {
    let found = try base([
      ("l.0.experts.gate_up_proj_blocks", .u8, [4, 12, 1, 16]), ("l.0.experts.gate_up_proj_scales", .u8, [4, 12, 1]),
      ("l.0.experts.gate_up_proj_bias", .bf16, [4, 12]),
    ])
    #expect(found.modules.keys.sorted() == ["l.0.experts.gate_up_proj"])
    let stack = try #require(found.modules["l.0.experts.gate_up_proj"])
    #expect(stack.isQuantized && stack.kind == .parameter)
    #expect(stack.weightName == "l.0.experts.gate_up_proj_blocks")
    #expect(stack.inFeatures == 32 && stack.outFeatures == 12)
  }

  @Test func scalesOfActivationsAndCachesDoNotMakeAWeightQuantised() throws {
    let found = try base([
      ("a.k_proj.weight", .bf16, [8, 4]), ("a.k_proj.k_scale", .f32, []), ("a.k_proj.input_scale", .f32, []),
    ])
    #expect(found.modules["a.k_proj"]?.isQuantized == false)
  }

  @Test func n8BitWeightsKeepTheirShapePackedOnesHaveNoneThatTells() throws {
    let found = try base([
      ("a.weight", .f8e4m3, [8, 4]), ("b.weight", .i8, [8, 4]), ("b.SCB", .f32, [8]), ("c.weight", .u8, [16, 1]),
      ("c.weight.absmax", .f32, [1]),
    ])
    #expect(found.modules["a"].map { [$0.inFeatures, $0.outFeatures] } == [4, 8])
    #expect(found.modules["b"].map { [$0.inFeatures, $0.outFeatures] } == [4, 8])
    #expect(found.modules["c"].map { [$0.inFeatures, $0.outFeatures] } == [0, 0])
  }

  @Test func aConfigAloneSaysWhichOfItsModulesAreQuantised() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "q.json",
      """
      {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 8, "intermediate_size": 12,
       "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 10,
       "quantization_config": {"quant_method": "fp8", "modules_to_not_convert": ["lm_head", "model.layers.1", "o_proj"]}}
      """)
    let base = try BaseModel.open(path)
    #expect(base.quantization == "fp8")
    #expect(base.modules["model.layers.0.mlp.up_proj"]?.isQuantized == true)
    #expect(base.modules["model.layers.0.self_attn.o_proj"]?.isQuantized == false)
    #expect(base.modules["model.layers.1.mlp.up_proj"]?.isQuantized == false)
    #expect(base.modules["lm_head"]?.isQuantized == false)
    #expect(base.modules["model.embed_tokens"]?.isQuantized == false)
  }

  @Test func shapesThatMakeNoModuleDoNoHarm() throws {
    let found = try base([
      ("a.weight", .f32, []), ("b.weight", .f32, [0, 4]), ("c.weight", .f32, [1, 1, 1, 1, 1, 1, 1]),
      (".weight", .f32, [2, 2]), ("weight", .f32, [2, 2]), ("", .f32, [2, 2]), ("..weight", .f32, [2, 2]),
      ("_blocks", .u8, [2, 2]), ("layers.18446744073709551615.q.weight", .f32, [2, 2]),
      ("layers.99999999999999999999999.q.weight", .f32, [2, 2]), ("layers.-1.q.weight", .f32, [2, 2]),
      ("x.qweight", .i32, []), ("y_blocks", .u8, []),
    ])
    #expect(found.modules["a"] == nil && found.modules["c"] == nil)
    #expect(found.modules["b"]?.inFeatures == 4 && found.modules["b"]?.outFeatures == 0)
    #expect(found.layerCount == nil)
    #expect(found.match("layers.18446744073709551615.q") != nil)
    #expect(found.layerIndex(of: "layers.18446744073709551615.q") == nil)
  }
}
