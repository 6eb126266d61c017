import LoRAModel
import LoRATestSupport
import Safetensors
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

  /// Molmo 2's layer, small: queries, keys and values in one matrix, up before gate in another, and an embedding of two
  /// tables.
  private func molmo2(in folder: TemporaryFolder) throws -> BaseModel {
    let block = "model.transformer.blocks.0"
    return try base(
      #"""
      {"model_type": "molmo2", "architectures": ["Molmo2ForConditionalGeneration"], "text_config": {
       "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 3,
       "intermediate_size": 5, "vocab_size": 3, "additional_vocab_size": 2}}
      """#,
      [
        ("\(block).self_attn.att_proj.weight", [12, 4]), ("\(block).self_attn.attn_out.weight", [4, 6]),
        ("\(block).mlp.ff_proj.weight", [10, 4]), ("\(block).mlp.ff_out.weight", [4, 5]),
        ("model.transformer.wte.embedding", [3, 4]), ("model.transformer.wte.new_embedding", [2, 4]),
      ], in: folder)
  }

  private func values(of name: String, in checkpoint: Checkpoint) throws -> [Float] {
    let entry = try #require(checkpoint.tensors[name])
    let bytes = try checkpoint.files[entry.file].bytes(of: entry.info)
    return (0..<bytes.count / 4).map { Float(ReferenceNumbers.value(ReferenceNumbers.code(bytes, $0, .f32), .f32)) }
  }

  @Test func rowsOfOneMatrixLieInTheOrderOfTheConversion() throws {
    let folder = try TemporaryFolder()
    let base = try molmo2(in: folder)
    let layer = "model.language_model.layers.0"
    let rows = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "mlp.up_proj", "mlp.gate_proj"].map {
      base.match("\(layer).\($0)")?.runtime?.firstRow
    }
    #expect(rows == [0, 6, 9, 0, 5])
    let adapter = try adapter(
      [("\(layer).self_attn.k_proj", [2, 4], [3, 2]), ("\(layer).mlp.down_proj", [2, 5], [4, 2])],
      #"{"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": ["k_proj", "down_proj"]}"#, in: folder)
    let plan = try MergePlan.make(base: base, adapters: [WeightedAdapter(adapter)])
    #expect(
      plan.mergedTensors == [
        "model.transformer.blocks.0.mlp.ff_out.weight", "model.transformer.blocks.0.self_attn.att_proj.weight",
      ])
  }

  /// W + s·(B·A)ᵀ with rows that go over into the second table.
  @Test func anEmbeddingOfSeveralTablesIsMergedRowByRow() throws {
    let folder = try TemporaryFolder()
    let base = try molmo2(in: folder)
    var factors = SafetensorsBuilder()
    let name = "base_model.model.model.language_model.embed_tokens"
    factors.add("\(name).lora_embedding_A", .f32, [1, 5], values: [1, 2, 3, 4, 5])
    factors.add("\(name).lora_embedding_B", .f32, [4, 1], values: [1, 0, -1, 2])
    try folder.write("adapter/adapter_model.safetensors", factors)
    try folder.write(
      "adapter/adapter_config.json",
      #"{"peft_type": "LORA", "r": 1, "lora_alpha": 2, "target_modules": ["embed_tokens"]}"#)
    let plan = try MergePlan.make(base: base, adapters: [WeightedAdapter(Adapter.load(folder.path("adapter")))])
    let tables = ["model.transformer.wte.embedding", "model.transformer.wte.new_embedding"]
    #expect(plan.mergedTensors == tables)
    _ = try MergeExecutor(plan).run(to: folder.path("merged"))
    let merged = try Checkpoint.open(folder.path("merged"))
    for (table, first) in zip(tables, [0, 3]) {
      let found = try values(of: table, in: merged)
      let expected = found.indices.map { index in
        let (row, column) = (index / 4, index % 4)
        return Float(index) / 16 + 2 * Float(first + row + 1) * [1, 0, -1, 2][column]
      }
      #expect(found == expected, "\(table)")
    }
  }

  /// Trained whole, the embedding is one tensor in the adapter and two in the files.
  @Test func anEmbeddingOfSeveralTablesIsReplacedWholeOrNotAtAll() throws {
    for rows in [5, 6] as [UInt64] {
      let folder = try TemporaryFolder()
      let base = try molmo2(in: folder)
      var weights = SafetensorsBuilder()
      weights.add(
        "base_model.model.model.language_model.embed_tokens.weight", .f32, [rows, 4],
        values: (0..<rows * 4).map { Float($0) })
      weights.addFactors("model.language_model.layers.0.mlp.down_proj", in: 5, out: 4)
      try folder.write("adapter/adapter_model.safetensors", weights)
      try folder.write(
        "adapter/adapter_config.json",
        #"""
        {"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": ["down_proj"],
         "modules_to_save": ["embed_tokens"]}
        """#)
      let adapter = WeightedAdapter(Adapter.load(folder.path("adapter")))
      guard rows == 5 else {
        #expect(throws: MergeError.self) { try MergePlan.make(base: base, adapters: [adapter]) }
        continue
      }
      _ = try MergeExecutor(MergePlan.make(base: base, adapters: [adapter])).run(to: folder.path("merged"))
      let merged = try Checkpoint.open(folder.path("merged"))
      let found = try values(of: "model.transformer.wte.new_embedding", in: merged)
      #expect(found == (12..<20).map { Float($0) })
    }
  }

  /// Queries and keys of Kimi K2.5's tower lie in the files with the halves of rotary pairs side by side.
  @Test(arguments: [("v_proj", ""), ("q_proj", "in another order than in memory")])
  func rowsInAnotherOrderAreRefusedForWhatTheyAre(_ leaf: String, _ reason: String) throws {
    let folder = try TemporaryFolder()
    let base = try base(
      #"""
      {"model_type": "kimi_k25", "architectures": ["Kimi_K25ForConditionalGeneration"],
       "text_config": {"num_hidden_layers": 0}, "vision_config": {"hidden_size": 4, "num_hidden_layers": 1}}
      """#, [("vision_tower.encoder.blocks.0.wqkv.weight", [12, 4])], in: folder)
    let adapter = try adapter(
      [("model.vision_tower.layers.0.attn.\(leaf)", [2, 4], [4, 2])],
      "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 2, \"target_modules\": [\"\(leaf)\"]}", in: folder)
    do {
      let plan = try MergePlan.make(base: base, adapters: [WeightedAdapter(adapter)])
      #expect(reason.isEmpty && plan.mergedTensors == ["vision_tower.encoder.blocks.0.wqkv.weight"])
    } catch {
      #expect(!reason.isEmpty && "\(error)".contains(reason), "\(error)")
    }
  }

  @Test func namesThatRulesNotKnownHereGiveAreRefusedForThat() throws {
    let folder = try TemporaryFolder()
    let base = try base(
      #"{"model_type": "mistral_large4", "architectures": ["MistralLarge4ForConditionalGeneration"]}"#,
      [("layers.0.attention.wq.weight", [4, 8])], in: folder)
    let adapter = try adapter(
      [("model.language_model.layers.0.self_attn.q_proj", [2, 8], [4, 2])],
      #"{"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": ["q_proj"]}"#, in: folder)
    do {
      _ = try MergePlan.make(base: base, adapters: [WeightedAdapter(adapter)])
      Issue.record("it was planned")
    } catch {
      #expect("\(error)".contains("rules that are not known here"), "\(error)")
    }
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
