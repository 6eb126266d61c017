import BaseCatalogue
import Diagnostics
import JSON
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import LoRAModel

/// Models that transformers wrote, held against what PEFT says of the adapters that it trained on them.
@Suite struct BaseReferenceTests {
  private static let models = [
    "gemma-bf16", "gemma2-bf16", "gpt2-bf16", "gpt2-f32", "gpt2-hub-f32", "gpt_oss-bf16", "llama-bf16-sharded",
    "llama-f16", "llama-f32", "llama-nano-bf16", "llama-tied-bf16", "mistral-bf16", "mixtral-bf16", "qwen2-bf16",
    "qwen3-f16", "qwen3_moe-bf16", "resnet-f32", "t5-f32", "vit-f32",
  ]

  @Test(arguments: models)
  func weightsAndConfigOfEveryModelAgreeAndItsSizesAreCounted(model: String) throws {
    let base = try BaseModel.open(Fixtures.path("models/\(model)"))
    #expect(base.findings == [])
    #expect(base.isKnown)
    #expect(base.quantization == nil)
    let config = try #require(base.config)
    #expect(base.modelType == config["model_type"]?.string)
    if let layers = config["num_hidden_layers"]?.int64 ?? config["n_layer"]?.int64 {
      #expect(base.layerCount == UInt64(layers))
    }
    if let size = config["vocab_size"]?.int64 { #expect(base.vocabularySize == UInt64(size)) }
    let checkpoint = try #require(base.checkpoint)
    #expect(base.modules.values.allSatisfy { !$0.isQuantized && $0.weight != nil })
    for module in base.modules.values {
      #expect(checkpoint.tensors[module.weightName]?.info.shape == module.shape, "\(module.name)")
      #expect(
        module.hasBias
          == (checkpoint.tensors[module.name + ".bias"] != nil
            || config["model_type"]?.string == "gpt_oss" && module.kind == .parameter))
    }
    let matrices = checkpoint.tensors.values.count { $0.info.name.hasSuffix(".weight") && $0.info.shape.rank == 2 }
    #expect(base.modules.values.count { $0.kind != .parameter && $0.shape.rank == 2 && $0.tiedTo == nil } == matrices)
  }

  /// Every module of every adapter is found with the sizes and kind that PEFT gave it.
  @Test func everyModuleOfEveryAdapterIsFoundWithTheSizesAndKindThatPEFTGaveIt() throws {
    let adapters = try #require(try Fixtures.json("adapters/adapters.json").array)
    #expect(adapters.count >= 50)
    var compared = 0
    for adapter in adapters {
      let name = try #require(adapter["name"]?.string)
      let base = try BaseModel.open(Fixtures.path(try #require(adapter["base"]?.string)))
      for module in adapter["expect"]?["modules"]?.array ?? [] {
        let path = try #require(module["name"]?.string)
        // A re-stacked model has layers that its base has not.
        if name == "llama-layer-replication", base.layerIndex(of: path) ?? 0 >= base.layerCount ?? 0 { continue }
        guard let match = base.match(path) else {
          // Names that only exist in memory are known through the catalogue alone.
          let isKnown = base.modelType.map { Catalogue.architecture(modelType: $0) != nil } ?? false
          #expect(!isKnown, "\(name): \(path)")
          continue
        }
        compared += 1
        // Tokens were added before this one was trained: PEFT saw 75 rows where the base has 72.
        if name == "resized-embedding", path == "lm_head" || path == "model.embed_tokens" {
          #expect(match.module.shape == [72, 32])
          continue
        }
        let kind = module["kind"]?.string
        // PEFT's Conv1D is the transposed linear layer of GPT-2.
        #expect(match.module.kind.rawValue == (kind == "conv1d" ? "linear" : kind), "\(name): \(path)")
        if kind == "conv1d" { #expect(match.module.isTransposed) }
        #expect(match.module.inFeatures == module["in"]?.int64.map { UInt64($0) }, "\(name): \(path)")
        #expect(match.module.outFeatures == module["out"]?.int64.map { UInt64($0) }, "\(name): \(path)")
      }
    }
    #expect(compared >= 250)
  }

  @Test func gpt2IsTransposedWhateverItsNamesBeginWithAndIsFoundByBoth() throws {
    for (model, prefix) in [("gpt2-f32", "transformer."), ("gpt2-hub-f32", "")] {
      let base = try BaseModel.open(Fixtures.path("models/\(model)"))
      let attention = try #require(base.modules[prefix + "h.0.attn.c_attn"])
      #expect(attention.isTransposed)
      #expect(attention.inFeatures == 32)
      #expect(attention.outFeatures == 96)
      #expect(attention.hasBias)
      let match = try #require(base.match("transformer.h.0.attn.c_attn"))
      #expect(match.module.name == attention.name)
      #expect(match.prefixChange?.from == (prefix.isEmpty ? "transformer." : nil))
      #expect(base.modules[prefix + "wte"]?.kind == .embedding)
      #expect(base.modules[prefix + "wpe"]?.kind == .embedding)
      let head = try #require(base.modules["lm_head"])
      #expect(head.tiedTo == prefix + "wte.weight")
      #expect(base.tiesEmbeddings)
    }
  }

  @Test func aTiedHeadIsAModuleOnTheEmbeddingsTensor() throws {
    let base = try BaseModel.open(Fixtures.path("models/llama-tied-bf16"))
    #expect(base.tiesEmbeddings)
    let head = try #require(base.modules["lm_head"])
    #expect(head.kind == .linear)
    #expect(head.tiedTo == "model.embed_tokens.weight")
    #expect(head.weightName == "model.embed_tokens.weight")
    #expect(head.weight?.info.name == "model.embed_tokens.weight")
    #expect([head.inFeatures, head.outFeatures] == [32, 72])
    let free = try BaseModel.open(Fixtures.path("models/llama-f16"))
    #expect(!free.tiesEmbeddings)
    #expect(free.modules["lm_head"]?.tiedTo == nil)
  }

  @Test func expertStacksOnDiskTransposedAsGptOssHasThem() throws {
    let base = try BaseModel.open(Fixtures.path("models/gpt_oss-bf16"))
    let gate = try #require(base.match("model.layers.1.mlp.experts.gate_up_proj")?.module)
    #expect(gate.kind == .parameter)
    #expect(gate.isTransposed)
    #expect(gate.experts == 4)
    #expect([gate.inFeatures, gate.outFeatures] == [24, 40])
    #expect(
      base.parameters(of: "model.layers.1.mlp.experts").map(\.module.name) == [
        "model.layers.1.mlp.experts.gate_up_proj", "model.layers.1.mlp.experts.down_proj",
      ])
    #expect(base.match("model.layers.0.mlp.router")?.module.kind == .linear)
    #expect(base.match("model.layers.0.mlp.router.weight")?.module.name == "model.layers.0.mlp.router")
  }

  /// Experts that the files hold one by one are found as the stacks that they are in memory.
  @Test func expertsThatTheFilesHoldOneByOneAreFoundAsTheStacksThatTheyAreInMemory() throws {
    let base = try BaseModel.open(Fixtures.path("models/mixtral-bf16"))
    let stacks = base.parameters(of: "model.layers.1.mlp.experts.base_layer")
    #expect(
      stacks.map(\.module.name) == [
        "model.layers.1.mlp.experts.gate_up_proj", "model.layers.1.mlp.experts.down_proj",
      ])
    let gate = try #require(stacks.first)
    #expect(gate.module.kind == .parameter)
    #expect(gate.module.weight == nil)
    #expect(gate.module.shape == [4, 40, 24])
    #expect([gate.module.inFeatures, gate.module.outFeatures, gate.module.experts] == [24, 40, 4])
    let parts = try #require(gate.runtime).parts(ofExpert: 3)
    #expect(
      parts == [
        "model.layers.1.block_sparse_moe.experts.3.w1", "model.layers.1.block_sparse_moe.experts.3.w3",
      ])
    #expect(parts.allSatisfy { base.modules[$0]?.weight != nil })
    let router = try #require(base.match("model.layers.1.mlp.gate"))
    #expect(router.module.name == "model.layers.1.block_sparse_moe.gate")
    #expect(router.module.weight != nil)
    // Names of adapters trained on the files' own layout.
    #expect(base.match("model.layers.1.block_sparse_moe.experts.3.w2")?.runtime == nil)
    #expect(base.parameters(of: "model.layers.1.mlp").isEmpty)
  }

  /// Real configs give their modules without weights, and the published number of parameters.
  @Test func realConfigsGiveTheirModulesWithoutWeights() throws {
    let table = String(decoding: try Fixtures.bytes("bases/parameters.tsv"), as: UTF8.self)
    var known = 0
    for line in table.split(separator: "\n") {
      let fields = line.split(separator: "\t").map { String($0) }
      let base = try BaseModel.open(Fixtures.path("bases/\(fields[0])"))
      let modelType = try #require(base.modelType)
      guard Catalogue.architecture(modelType: modelType) != nil else {
        #expect(!base.isKnown)
        #expect(base.findings.map(\.rule) == [.baseUnknownArchitecture])
        continue
      }
      known += 1
      #expect(base.isKnown)
      #expect(base.findings == [])
      #expect(base.parameters == UInt64(fields[1]), "\(fields[0])")
      #expect(base.checkpoint == nil)
      let layers = base.config?["num_hidden_layers"]?.int64 ?? base.config?["n_layer"]?.int64
      #expect(base.layerCount == layers.map { UInt64($0) })
    }
    #expect(known >= 14)
    let llama = try BaseModel.open(Fixtures.path("bases/llama-3.1-8b.json"))
    let key = try #require(llama.match("model.layers.31.self_attn.k_proj")?.module)
    #expect([key.inFeatures, key.outFeatures] == [4096, 1024])
    #expect(key.weight == nil)
    #expect(llama.vocabularySize == 128_256)
    #expect(llama.match("model.layers.32.self_attn.k_proj") == nil)
  }

  @Test func theBrokenBasesOfTheFixturesAreNamedByTheirRules() throws {
    for (name, rule) in [
      ("index-parent", RuleID.securityPath), ("index-absolute", .securityPath), ("index-folder", .securityPath),
      ("index-nul", .securityPath), ("index-lost-shard", .fileUnreadable),
      ("unknown-architecture", .baseUnknownArchitecture),
    ] {
      let base = try BaseModel.open(Fixtures.path("broken/bases/\(name)"))
      #expect(base.findings.map(\.rule) == [rule], "\(name)")
    }
    for (name, method) in [("fp8", "fp8"), ("bnb-4bit", "bitsandbytes"), ("gptq", "gptq")] {
      let base = try BaseModel.open(Fixtures.path("broken/bases/\(name)"))
      #expect(base.findings == [], "\(name)")
      #expect(base.quantization == method)
      for module in base.modules.values {
        let isOutside = ["lm_head", "model.embed_tokens"].contains(module.name)
        #expect(module.isQuantized == !isOutside, "\(name): \(module.name)")
      }
      // The sizes are those of the model, not of the packed storage.
      let down = try #require(base.match("model.layers.0.mlp.down_proj")?.module)
      #expect([down.inFeatures, down.outFeatures] == [20, 16], "\(name)")
    }
    #expect(try BaseModel.open(Fixtures.path("broken/bases/named")).name != nil)
  }
}
