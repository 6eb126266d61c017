import JSON
import TensorCore
import Testing

@testable import BaseCatalogue

/// Looking up modules.
@Suite struct LookupTests {
  @Test(
    arguments: [
      // The original repository of GPT-2 has the body alone, its configuration names the class with a head.
      ("gpt2", "GPT2LMHeadModel", "h.3.attn.c_attn", "transformer.h.3.attn.c_attn"),
      ("llama", "LlamaForCausalLM", "layers.0.mlp.up_proj", "model.layers.0.mlp.up_proj"),
      ("llama", "LlamaModel", "model.layers.0.mlp.up_proj", "layers.0.mlp.up_proj"),
      ("llama", "LlamaForQuestionAnswering", "model.embed_tokens", "transformer.embed_tokens"),
      ("bert", "BertModel", "bert.pooler.dense", "pooler.dense"),
      ("opt", "OPTForCausalLM", "decoder.layers.1.fc1", "model.decoder.layers.1.fc1"),
      ("t5", "T5ForSequenceClassification", "shared", "transformer.shared"),
      (
        "gemma3", "Gemma3ForConditionalGeneration", "language_model.layers.0.mlp.up_proj",
        "language_model.model.layers.0.mlp.up_proj"
      ),
      (
        "gemma3", "Gemma3ForConditionalGeneration", "vision_tower.vision_model.encoder.layers.0.mlp.fc1",
        "vision_tower.encoder.layers.0.mlp.fc1"
      ),
      ("gemma3", "Gemma3ForConditionalGeneration", "language_model.lm_head", "lm_head"),
      ("qwen2_vl", "Qwen2VLModel", "model.layers.0.mlp.up_proj", "language_model.layers.0.mlp.up_proj"),
      ("qwen2_vl", "Qwen2VLForConditionalGeneration", "language_model.embed_tokens", "model.embed_tokens"),
      ("gpt_neox", "GPTNeoXModel", "gpt_neox.embed_in", "embed_in"),
    ])
  func otherSpellingsOfAPathAreResolvedAndTheDifferenceIsReported(
    _ modelType: String, _ className: String, _ path: String, _ name: String
  ) throws {
    let match = try #require(try describe(modelType, className).match(path))
    #expect(match.module.name == name)
    #expect(match.runtime == nil)
    #expect(match.alias != nil)
  }

  /// Published files have a component in towers that transformers 5 has no longer: names in the files become theirs, and
  /// names in memory of either release lead to them.
  @Test(arguments: ["llava", "gemma3", "paligemma", "idefics2", "kimi_k25"])
  func filesOfOlderReleasesGiveTheDescriptionTheirNames(_ modelType: String) throws {
    let described = try Catalogue.describe(["model_type": .string(modelType)])
    let stored = described.tensors.map(\.name)
    #expect(described.spelled(asInFilesThatHold: stored.contains).tensors == described.tensors)
    guard let alias = described.aliases.first(where: \.isStored) else {
      #expect(modelType == "idefics2", "\(modelType)")
      return
    }
    func older(_ name: String) -> String {
      name.hasPrefix(alias.canonical) ? alias.spelling + name.dropFirst(alias.canonical.count) : name
    }
    let files = Set(stored.map(older))
    let spelled = described.spelled(asInFilesThatHold: files.contains)
    #expect(Set(spelled.tensors.map(\.name)) == files && spelled.parameters == described.parameters)
    var moved = 0
    for module in described.modules where module.tiedTo == nil && older(module.name) != module.name {
      let found = try #require(spelled.match(module.name), "\(module.name)")
      #expect(found.runtime?.parts == [older(module.name)] || found.module.name == older(module.name))
      #expect(spelled.match(older(module.name))?.module.name == older(module.name))
      moved += 1
    }
    #expect(moved > 10)
  }

  /// The authors' files have keys of their own in the configuration and hold the layers of the tower that are read.
  ///
  /// The library saves the two tables of the embedding as halves; these files have them apart by what they are for.
  @Test func configurationsThatTheAuthorsOfMolmo2PublishedAreReadAsTheLibraryDoes() throws {
    let text: JSONValue = [
      "hidden_size": 8, "vocab_size": 90, "additional_vocab_size": 9, "num_hidden_layers": 1, "qkv_bias": true,
    ]
    let published = try Catalogue.describe([
      "model_type": "molmo2", "text_config": text, "adapter_config": ["hidden_size": 6, "vit_layers": [-3, -5]],
      "vit_config": [
        "hidden_size": 6, "num_hidden_layers": 9, "image_default_input_size": [28, 14], "image_patch_size": 7,
        "image_num_pos": 8,
      ],
    ])
    let saved = try Catalogue.describe([
      "model_type": "molmo2", "text_config": text,
      "adapter_config": ["hidden_size": 6, "vision_feature_layer": [6, 4]],
      "vision_config": ["hidden_size": 6, "num_hidden_layers": 7, "image_size": [28, 14], "patch_size": 7],
    ])
    func tables(_ description: BaseDescription) -> [Shape] {
      description.modules.filter { $0.name.contains("wte") }.map(\.shape)
    }
    #expect(tables(published) == [[90, 8], [9, 8]])
    #expect(tables(saved) == [[50, 8], [49, 8]])
    func others(_ description: BaseDescription) -> [BaseTensor] {
      description.tensors.filter { !$0.name.contains("wte") }
    }
    #expect(others(published) == others(saved))
    #expect(published.match("model.language_model.embed_tokens")?.module.shape == [99, 8])
    #expect(published.layerCount("model.vision_tower.layers") == 7)
  }

  /// The class holds a whole Gemma 3 in its `model`, which files of older releases name otherwise (transformers 5.24).
  @Test func shieldGemmasClassifierHasAModelInAModel() throws {
    let description = try Catalogue.describe([
      "model_type": "shieldgemma2", "architectures": ["ShieldGemma2ForImageClassification"],
      "text_config": ["num_hidden_layers": 2], "vision_config": ["num_hidden_layers": 1],
    ])
    #expect(description.className == "ShieldGemma2ForImageClassification")
    let layer = "language_model.model.layers.1.self_attn.q_proj"
    let query = try #require(description.modules.first { $0.name == "model.model." + layer })
    // In memory, as 5.24 saves it, and as older releases saved it.
    for name in ["model.model.language_model.layers.1.self_attn.q_proj", "model.model." + layer, "model." + layer] {
      #expect(description.match(name)?.module.shape == query.shape, "\(name)")
    }
    let inMemory = description.runtimeModules.map(\.module.name)
    #expect(inMemory.contains("model.model.language_model.layers.1.self_attn.q_proj"))
    #expect(description.tiedModules.map(\.tiedTo) == ["model.model.language_model.model.embed_tokens.weight"])
    for name in ["model.lm_head", "model.model.vision_tower.encoder.layers.0.self_attn.q_proj"] {
      #expect(description.match(name) != nil, "\(name)")
    }
  }

  @Test(arguments: [[], [7], [-8], ["4"]] as [JSONValue])
  func layersThatAreNotInTheTowerAreAnError(_ layers: JSONValue) {
    #expect(throws: CatalogueError.self) {
      try Catalogue.describe([
        "model_type": "molmo2", "vision_config": ["num_hidden_layers": 7],
        "adapter_config": ["vision_feature_layer": layers],
      ])
    }
  }

  @Test(
    arguments: [
      (
        "gemma3", "Gemma3ForConditionalGeneration", "model.language_model.layers.0.mlp.up_proj",
        "language_model.model.layers.0.mlp.up_proj"
      ),
      ("qwen2_vl", "Qwen2VLForConditionalGeneration", "model.visual.blocks.0.attn.qkv", "visual.blocks.0.attn.qkv"),
      ("gpt_neox", "GPTNeoXForCausalLM", "lm_head", "embed_out"),
      ("vit", "ViTModel", "layers.0.mlp.fc1", "encoder.layer.0.intermediate.dense"),
      ("mixtral", "MixtralForCausalLM", "model.layers.0.mlp.gate", "model.layers.0.block_sparse_moe.gate.weight"),
    ])
  func namesInMemoryLeadToTheNamesInTheCheckpoint(
    _ modelType: String, _ className: String, _ path: String, _ name: String
  ) throws {
    let match = try #require(try describe(modelType, className).match(path))
    #expect(match.runtime?.parts == [name])
    #expect(match.alias == nil)
  }

  /// A fused stack of experts leads to the matrices of every expert, in the order of their rows.
  @Test func aFusedStackOfExpertsLeadsToTheMatricesOfEveryExpert() throws {
    let mixtral = try describe("mixtral", "MixtralForCausalLM")
    let found = mixtral.stacks(in: "model.layers.1.mlp.experts")
    #expect(
      found.map(\.module.name) == [
        "model.layers.1.mlp.experts.gate_up_proj", "model.layers.1.mlp.experts.down_proj",
      ])
    let fused = try #require(found.first?.runtime)
    #expect(fused.isSplitByExpert)
    #expect(fused.module.experts == 8)
    #expect(fused.module.shape == Shape([8, 28672, 4096]))
    let parts = fused.parts(ofExpert: 7)
    #expect(
      parts == [
        "model.layers.1.block_sparse_moe.experts.7.w1", "model.layers.1.block_sparse_moe.experts.7.w3",
      ])
    #expect(parts.compactMap { mixtral.match($0)?.module.outFeatures } == [14336, 14336])
    #expect(mixtral.stacks(in: "layers.1.mlp.experts").allSatisfy { $0.alias != nil })
    #expect(mixtral.stacks(in: "model.layers.1.mlp").isEmpty)
  }

  @Test func aStackThatIsStoredWholeIsAModuleOfItsOwn() throws {
    let model = try describe("gpt_oss", "GptOssForCausalLM")
    let found = model.stacks(in: "model.layers.0.mlp.experts")
    #expect(found.map(\.module.isTransposed) == [true, true])
    #expect(found.map(\.runtime) == [nil, nil])
    #expect(found.first?.module.tensor == "model.layers.0.mlp.experts.gate_up_proj")
    #expect(model.match("model.layers.0.mlp.router")?.module.tensor == "model.layers.0.mlp.router.weight")
  }

  @Test func aTiedHeadIsListedAndPointsToTheTensorThatItShares() throws {
    let head = try #require(try describe("gemma", "GemmaForCausalLM").match("lm_head")?.module)
    #expect(head.tiedTo == "model.embed_tokens.weight")
    #expect(head.tensor == "model.embed_tokens.weight")
    #expect((head.inFeatures, head.outFeatures) == (3072, 256_000))
  }

  @Test func factsAboutTheWholeModel() throws {
    let vit = try describe("vit", "ViTModel")
    #expect(vit.layerCount("encoder.layer") == 12)
    #expect(vit.layerCount("layers") == 12)
    #expect(vit.layerCount("vit.encoder.layer") == 12)
    #expect(vit.layerCount("decoder") == nil)
    #expect(vit.vocabularySize == nil)
    let gemma = try describe("gemma3", "Gemma3ForConditionalGeneration")
    #expect(gemma.textSection == nil)
    #expect(gemma.vocabularySize == 262_208)
    #expect(gemma.hiddenSize == 2304)
    let config = try JSONValue(parsing: Array(#"{"model_type": "gemma3", "text_config": {"vocab_size": 9}}"#.utf8))
    #expect(try Catalogue.describe(config).textSection == "text_config")
  }

  @Test func aClassThatIsNotKnownFallsBackToTheUsualOneAndSaysSo() throws {
    let description = try describe("llama", "LlamaForSomethingElse")
    #expect(description.className == nil)
    #expect(description.match("lm_head") != nil)
    #expect(try describe("llama", "LlamaForCausalLM").className == "LlamaForCausalLM")
  }

  @Test func keysMayHaveTheNamesOfTheLibrarysAttributeMaps() throws {
    let text = #"{"model_type": "gpt2", "hidden_size": 100, "num_hidden_layers": 3}"#
    let description = try Catalogue.describe(try JSONValue(parsing: Array(text.utf8)))
    #expect(description.hiddenSize == 100)
    #expect(description.layerCount("transformer.h") == 3)
  }

  private func describe(_ modelType: String, _ className: String) throws -> BaseDescription {
    var object = JSONObject()
    object["model_type"] = .string(modelType)
    object["architectures"] = .array([.string(className)])
    return try Catalogue.describe(.object(object))
  }

  /// The towers of Phi-4-multimodal have depths of their own: `num_blocks` of the audio config, by default 24.
  @Test func towersHaveTheirOwnDepths() throws {
    let audio = "model.embed_tokens_extend.audio_embed.encoder.encoders"
    let image = "model.embed_tokens_extend.image_embed.img_processor.encoder.layers"
    let base: JSONObject = [
      "architectures": ["Phi4MultimodalForCausalLM"], "model_type": "phi4_multimodal", "num_hidden_layers": 2,
      "audio_config": ["nemo_final_size": 10],
    ]
    let plain = try Catalogue.describe(.object(base))
    #expect(plain.layerCount("model.layers") == 2)
    #expect(plain.layerCount(audio) == 24)
    #expect(plain.layerCount(image) == 27)
    var other = base
    other["audio_config"] = ["num_blocks": 5, "nemo_final_size": 10]
    other["vision_config"] = ["num_hidden_layers": 3]
    let changed = try Catalogue.describe(.object(other))
    #expect(changed.layerCount(audio) == 5)
    #expect(changed.layerCount(image) == 3)
  }
}
