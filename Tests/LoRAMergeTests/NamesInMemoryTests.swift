import LoRAModel
import LoRATestSupport
import TensorCore
import Testing

import struct BaseCatalogue.RuntimeModule

@testable import LoRAMerge

/// Adapters that carry the names of transformers' memory, on bases whose files have others.
@Suite struct NamesInMemoryTests {
  private func base(_ config: String, _ tensors: [(String, [UInt64])], in folder: TemporaryFolder) throws -> BaseModel {
    var weights = SafetensorsBuilder()
    for (name, shape) in tensors {
      weights.add(name, .f32, shape, values: (0..<shape.reduce(1, *)).map { Float($0) / 16 })
    }
    try folder.write("base/model.safetensors", weights)
    try folder.write("base/config.json", config)
    return try BaseModel.open(folder.path("base"))
  }

  private func adapter(_ factors: [(String, [UInt64], [UInt64])], _ config: String, in folder: TemporaryFolder) throws
    -> Adapter
  {
    var tensors = SafetensorsBuilder()
    for (name, a, b) in factors {
      tensors.add("base_model.model.\(name).lora_A.weight", .f32, a, values: (0..<a.reduce(1, *)).map { Float($0) })
      tensors.add("base_model.model.\(name).lora_B.weight", .f32, b, values: (0..<b.reduce(1, *)).map { Float($0) })
    }
    try folder.write("adapter/adapter_model.safetensors", tensors)
    try folder.write("adapter/adapter_config.json", config)
    return Adapter.load(folder.path("adapter"))
  }

  /// The whole run, with the library's own models: testdata/make/names_across_versions.py.
  @Test(
    arguments: [
      (
        "hy_v3", "HYV3ForCausalLM", "model.layers.1.mlp.shared_mlp.up_proj", "model.layers.1.mlp.shared_experts.up_proj"
      ),
      (
        "laguna", "LagunaForCausalLM", "model.layers.1.mlp.shared_expert.up_proj",
        "model.layers.1.mlp.shared_experts.up_proj"
      ),
      ("nemotron_h", "NemotronHForCausalLM", "backbone.layers.0.mixer.q_proj", "model.layers.0.mixer.q_proj"),
      (
        "bailing_hybrid", "BailingHybridForCausalLM", "model.layers.0.attention.dense",
        "model.layers.0.self_attn.o_proj"
      ),
      (
        "kimi_linear", "KimiLinearForCausalLM", "model.layers.0.self_attn.f_b_proj",
        "model.layers.0.self_attn.forget_gate.f_b_proj"
      ),
    ])
  func namesOnDiskAndInMemoryMeanTheSameTensor(_ type: String, _ name: String, _ disk: String, _ memory: String) throws
  {
    for module in [disk, memory] {
      let folder = try TemporaryFolder()
      let base = try base(
        "{\"model_type\": \"\(type)\", \"architectures\": [\"\(name)\"]}", [(disk + ".weight", [4, 8])], in: folder)
      let adapter = try adapter(
        [(module, [2, 8], [4, 2])],
        "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 2, \"target_modules\": [\"\(module)\"]}", in: folder)
      let plan = try MergePlan.make(base: base, adapters: [WeightedAdapter(adapter)])
      #expect(plan.mergedTensors == [disk + ".weight"], "\(module)")
    }
  }

  @Test func modulesThatTheLibraryRenamesInside() throws {
    let folder = try TemporaryFolder()
    let base = try base(
      #"{"model_type": "kimi_linear", "architectures": ["KimiLinearForCausalLM"], "num_experts": 1}"#,
      [
        ("model.layers.0.self_attn.f_a_proj.weight", [4, 8]),
        ("model.layers.1.block_sparse_moe.experts.0.w1.weight", [3, 8]),
        ("model.layers.1.block_sparse_moe.experts.0.w3.weight", [3, 8]),
        ("model.layers.1.block_sparse_moe.experts.0.w2.weight", [8, 3]),
      ], in: folder)
    let adapter = try adapter(
      [
        ("model.layers.0.self_attn.forget_gate.f_a_proj", [2, 8], [4, 2]),
        ("model.layers.1.mlp.experts", [2, 8], [6, 2]),
      ],
      #"""
      {"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": ["f_a_proj"],
       "target_parameters": ["mlp.experts.gate_up_proj"], "peft_version": "0.21.2"}
      """#, in: folder)
    let plan = try MergePlan.make(base: base, adapters: [WeightedAdapter(adapter)])
    #expect(
      plan.mergedTensors == [
        "model.layers.0.self_attn.f_a_proj.weight", "model.layers.1.block_sparse_moe.experts.0.w1.weight",
        "model.layers.1.block_sparse_moe.experts.0.w3.weight",
      ])
  }

  @Test func expertsWithoutGate() throws {
    let folder = try TemporaryFolder()
    let experts = (0..<2).flatMap { expert in
      [
        ("backbone.layers.0.mixer.experts.\(expert).up_proj.weight", [3, 8] as [UInt64]),
        ("backbone.layers.0.mixer.experts.\(expert).down_proj.weight", [8, 3]),
      ]
    }
    let base = try base(
      #"""
      {"model_type": "nemotron_h", "architectures": ["NemotronHForCausalLM"], "layers_block_type": ["moe"],
       "n_routed_experts": 2, "hidden_size": 8, "moe_intermediate_size": 3}
      """#, experts, in: folder)
    let adapter = try adapter(
      [
        ("model.layers.0.mixer.experts.base_layer", [4, 8], [3, 4]), ("model.layers.0.mixer.experts", [4, 3], [8, 4]),
      ],
      #"""
      {"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": [], "peft_version": "0.21.2",
       "target_parameters": ["mixer.experts.up_proj", "mixer.experts.down_proj"]}
      """#, in: folder)
    let plan = try MergePlan.make(base: base, adapters: [WeightedAdapter(adapter)])
    #expect(plan.mergedTensors.count == 4)
    #expect(
      base.expertStacks.map(\.name) == [
        "model.layers.0.mixer.experts.down_proj", "model.layers.0.mixer.experts.up_proj",
      ])
  }

  @Test func blocksThatLayersShareAreRefusedForWhatTheyAre() throws {
    let folder = try TemporaryFolder()
    let base = try base(
      #"{"model_type": "zamba2", "architectures": ["Zamba2ForCausalLM"]}"#,
      [("model.layers.2.shared_transformer.self_attn.q_proj.weight", [8, 8])], in: folder)
    let adapter = try adapter(
      [("model.layers.5.shared_transformer.self_attn.q_proj", [2, 8], [8, 2])],
      #"{"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": ["q_proj"]}"#, in: folder)
    do {
      _ = try MergePlan.make(base: base, adapters: [WeightedAdapter(adapter)])
      Issue.record("it was planned")
    } catch {
      #expect("\(error)".contains("several layers share"), "\(error)")
    }
  }

  @Test func layersThatTheFilesHoldAsRowsOfOneMatrix() throws {
    let folder = try TemporaryFolder()
    let base = try base(
      #"""
      {"model_type": "nomic_bert", "architectures": ["NomicBertForMaskedLM"], "hidden_size": 8,
       "num_attention_heads": 2, "num_hidden_layers": 1}
      """#, [("nomic_bert.encoder.layers.0.attn.Wqkv.weight", [24, 8])], in: folder)
    let query = base.match("nomic_bert.layers.0.self_attn.q_proj")
    let value = base.match("nomic_bert.layers.0.self_attn.v_proj")
    #expect(query?.module.shape == [8, 8])
    #expect([query?.runtime?.firstRow, value?.runtime?.firstRow] == [0, 16])
    let adapter = try adapter(
      [("nomic_bert.layers.0.self_attn.v_proj", [2, 8], [8, 2])],
      #"{"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": ["v_proj"]}"#, in: folder)
    let plan = try MergePlan.make(base: base, adapters: [WeightedAdapter(adapter)])
    #expect(plan.mergedTensors == ["nomic_bert.encoder.layers.0.attn.Wqkv.weight"])
    let other = try TemporaryFolder()
    let wrong = try self.adapter(
      [("nomic_bert.layers.0.self_attn.q_proj", [2, 8], [24, 2])],
      #"{"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": ["q_proj"]}"#, in: other)
    #expect(throws: MergeError.self) { try MergePlan.make(base: base, adapters: [WeightedAdapter(wrong)]) }
  }

  @Test func basesWithFactorsOfTheirOwn() throws {
    let folder = try TemporaryFolder()
    let base = try base(
      #"{"model_type": "phi4mm", "architectures": ["Phi4MMForCausalLM"]}"#,
      [
        ("model.layers.0.self_attn.o_proj.base_layer.weight", [8, 8]),
        ("model.layers.0.self_attn.o_proj.lora_A.vision.weight", [2, 8]),
        ("model.layers.0.self_attn.o_proj.lora_B.vision.weight", [8, 2]),
      ], in: folder)
    #expect(base.modules.keys.sorted() == ["model.layers.0.self_attn.o_proj"])
    let adapter = try adapter(
      [("model.layers.0.self_attn.o_proj", [2, 8], [8, 2])],
      #"{"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": ["o_proj"]}"#, in: folder)
    let plan = try MergePlan.make(base: base, adapters: [WeightedAdapter(adapter)])
    #expect(plan.mergedTensors == ["model.layers.0.self_attn.o_proj.base_layer.weight"])
  }
}
