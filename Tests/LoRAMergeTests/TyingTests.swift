import Foundation
import JSON
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import LoRAMerge

/// Which tensors stay one, which are written apart, and what the config says then; the tensors themselves are settled by
/// the reference.
@Suite struct TyingTests {
  private static let rows: UInt64 = 6

  /// A matrix of the vocabulary.
  private static func matrix(_ names: [String], seed: Int = 1) -> SafetensorsBuilder {
    var weights = SafetensorsBuilder()
    for name in names { weights.add(name, .f32, [rows, 4], values: TinyModel.numbers(24, seed)) }
    return weights
  }

  private static func embeddingFactors(_ module: String) -> SafetensorsBuilder {
    var factors = SafetensorsBuilder()
    let prefix = "base_model.model.\(module).lora_embedding_"
    factors.add(prefix + "A", .f32, [2, rows], values: TinyModel.numbers(12, 3))
    factors.add(prefix + "B", .f32, [4, 2], values: TinyModel.numbers(8, 7))
    return factors
  }

  private func merged(_ plan: MergePlan, to output: String) throws -> Checkpoint {
    _ = try MergeExecutor(plan).run(to: output)
    var verifier = MergeVerifier(plan)
    verifier.depth = .full
    let verification = try verifier.run(on: output)
    #expect(verification.isSound, "\(verification.discrepancies)")
    return try Checkpoint.open(output)
  }

  private func bytes(_ name: String, _ checkpoint: Checkpoint) throws -> [UInt8] {
    let entry = try #require(checkpoint.tensors[name], "\(name)")
    return try checkpoint.files[entry.file].bytes(of: entry.info)
  }

  private func config(_ folder: String) throws -> JSONValue {
    try JSONValue(parsing: [UInt8](Data(contentsOf: URL(fileURLWithPath: folder + "/config.json"))))
  }

  /// T5's flag, which is about scaling, is never changed; the report says who reads such files.
  @Test func theScalingFlagOfT5IsNeverChanged() throws {
    let folder = try TemporaryFolder()
    let plan = try MergePlan.make(
      base: Fixtures.base("models/t5-f32"), adapters: [WeightedAdapter(Fixtures.adapter("t5-ends"))])
    #expect(plan.unties)
    #expect(plan.addedTensors == ["decoder.embed_tokens.weight", "lm_head.weight"])
    #expect(plan.warnings.contains { $0.contains("transformers 5") })
    _ = try merged(plan, to: folder.path("out"))
    let before = FileManager.default.contents(atPath: Fixtures.path("models/t5-f32/config.json"))
    #expect(before != nil && FileManager.default.contents(atPath: folder.path("out/config.json")) == before)
  }

  @Test(arguments: [("bert-head", true), ("bert-lora-bias", true), ("bert-bias-all", false)])
  func theDecoderOfBERTIsUntiedWithItsBias(_ adapter: String, _ unties: Bool) throws {
    let folder = try TemporaryFolder()
    let plan = try MergePlan.make(
      base: Fixtures.base("models/bert-f32"), adapters: [WeightedAdapter(Fixtures.adapter(adapter))])
    #expect(plan.unties == unties)
    let decoder = ["cls.predictions.decoder.bias", "cls.predictions.decoder.weight"]
    #expect(plan.addedTensors == (unties ? decoder : []))
    let output = try merged(plan, to: folder.path("out"))
    #expect(try config(folder.path("out"))["tie_word_embeddings"]?.bool == !unties)
    if !unties {
      let trained = try SafetensorsFile.open(Fixtures.path("adapters/bert-bias-all/adapter_model.safetensors"))
      let bias = try #require(trained.header["base_model.model.cls.predictions.decoder.bias"])
      #expect(try bytes("cls.predictions.bias", output) == trained.bytes(of: bias))
    }
  }

  @Test func anUntiedHeadAloneTakesTheOldBiasAlong() throws {
    let base = try Fixtures.base("models/bert-f32")
    let folder = try TemporaryFolder()
    var factors = SafetensorsBuilder()
    factors.addFactors("cls.predictions.decoder", in: 16, out: 24)
    try folder.write("adapter/adapter_model.safetensors", factors)
    try folder.write(
      "adapter/adapter_config.json",
      #"{"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": ["decoder"]}"#)
    let plan = try MergePlan.make(
      base: base, adapters: [WeightedAdapter(Adapter.load(folder.path("adapter")))])
    let output = try merged(plan, to: folder.path("out"))
    #expect(
      try bytes("cls.predictions.decoder.bias", output) == bytes("cls.predictions.bias", try #require(base.checkpoint)))
  }

  /// In a model of encoder and decoder that no catalogue knows, each embedding is written once the flag is cleared.
  @Test func embeddingsOfUnknownEncodersAndDecodersAreWrittenOnce() throws {
    let tiny = try TinyModel(
      Self.matrix(["model.shared.weight"]), adapter: TinyModel.factors("lm_head", in: 4, out: 6),
      model: ["architectures": ["ThingForConditionalGeneration"], "tie_word_embeddings": true])
    let plan = try tiny.plan()
    #expect(
      plan.addedTensors == [
        "lm_head.weight", "model.decoder.embed_tokens.weight", "model.encoder.embed_tokens.weight",
      ])
    let output = try merged(plan, to: tiny.output)
    let old = try bytes("model.shared.weight", try Checkpoint.open(tiny.base))
    #expect(try bytes("model.encoder.embed_tokens.weight", output) == old)
    #expect(try bytes("model.shared.weight", output) == old)
    #expect(try bytes("lm_head.weight", output) != old)
    #expect(try config(tiny.output)["tie_word_embeddings"]?.bool == false)
  }

  @Test func onlyTheEmbeddingLearnsAllThatSharedItsTensorKeepTheOldOne() throws {
    let tiny = try TinyModel(
      Self.matrix(["model.shared.weight"]), adapter: Self.embeddingFactors("model.shared"),
      model: ["architectures": ["ThingForConditionalGeneration"], "tie_word_embeddings": true])
    let output = try merged(try tiny.plan(), to: tiny.output)
    let old = try bytes("model.shared.weight", try Checkpoint.open(tiny.base))
    #expect(try bytes("model.shared.weight", output) != old)
    for name in ["lm_head.weight", "model.decoder.embed_tokens.weight", "model.encoder.embed_tokens.weight"] {
      #expect(try bytes(name, output) == old)
    }
  }

  /// Rows of one of several embeddings are refused where it is unknown which one the model begins with.
  @Test func rowsOfOneOfSeveralEmbeddingsAreRefused() throws {
    var rows = SafetensorsBuilder()
    rows.add(
      "base_model.model.model.encoder.embed_tokens.token_adapter.trainable_tokens_delta", .f32, [1, 4],
      values: [1, 2, 3, 4])
    let tiny = try TinyModel(
      Self.matrix(["model.shared.weight"]), adapter: rows,
      config: ["trainable_token_indices": ["encoder.embed_tokens": [2]]], modelType: "marian",
      model: ["architectures": ["MarianMTModel"], "tie_word_embeddings": true])
    #expect(try tiny.refusals().contains("whether those of model.shared.weight follow is not known"))
  }

  @Test func rowsOfAnEmbeddingAreRowsOfItsHeadAlsoWhereTheFilesHoldBoth() throws {
    var rows = SafetensorsBuilder()
    rows.add(
      "base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta", .f32, [1, 4],
      values: [1, 2, 3, 4])
    let tiny = try TinyModel(
      Self.matrix(["model.embed_tokens.weight", "lm_head.weight"]), adapter: rows,
      config: ["trainable_token_indices": [2]],
      model: ["architectures": ["ThingForCausalLM"], "tie_word_embeddings": true])
    let plan = try tiny.plan()
    #expect(!plan.unties && plan.addedTensors.isEmpty)
    let output = try merged(plan, to: tiny.output)
    let embedding = try bytes("model.embed_tokens.weight", output)
    #expect(try bytes("lm_head.weight", output) == embedding)
    #expect(try bytes("lm_head.weight", try Checkpoint.open(tiny.base)) != embedding)
  }

  /// A head on disk that learns alone is told apart in the config, under every name of the flag.
  @Test func aHeadOnDiskThatLearnsAloneIsToldApartInTheConfig() throws {
    let tiny = try TinyModel(
      Self.matrix(["model.embed_tokens.weight", "lm_head.weight"]),
      adapter: TinyModel.factors("lm_head", in: 4, out: 6),
      model: [
        "architectures": ["ThingForCausalLM"], "tie_word_embeddings": true, "tie_embedding": true,
        "language_config": ["tie_word_embeddings": true], "vision_config": ["tie_word_embeddings": true],
      ])
    let plan = try tiny.plan()
    #expect(plan.unties && plan.addedTensors.isEmpty)
    let output = try merged(plan, to: tiny.output)
    let base = try Checkpoint.open(tiny.base)
    #expect(try bytes("lm_head.weight", output) != bytes("lm_head.weight", base))
    #expect(try bytes("model.embed_tokens.weight", output) == bytes("model.embed_tokens.weight", base))
    let written = try config(tiny.output)
    for object in [written, written["language_config"] ?? .null] {
      #expect(object["tie_word_embeddings"]?.bool == false)
    }
    #expect(written["tie_embedding"]?.bool == false)
    #expect(written["vision_config"]?["tie_word_embeddings"]?.bool == true)
  }

  /// A head that only its bias gives away is written when the embedding changes, under the name that the library has.
  @Test(
    arguments: [
      (["lm_head.bias"], ["lm_head.weight"]),
      (["lm_head.bias", "lm_head.dense.bias"], ["lm_head.decoder.bias", "lm_head.decoder.weight"]),
    ])
  func aHeadThatOnlyItsBiasGivesAwayIsWrittenWhenTheEmbeddingChanges(_ biases: [String], _ added: [String]) throws {
    var weights = Self.matrix(["thing.embeddings.word_embeddings.weight"])
    for name in biases {
      let count: UInt64 = name.contains("dense") ? 4 : Self.rows
      weights.add(name, .f32, [count], values: TinyModel.numbers(Int(count), 5))
    }
    let tiny = try TinyModel(
      weights, adapter: Self.embeddingFactors("thing.embeddings.word_embeddings"),
      model: ["architectures": ["ThingForMaskedLM"], "tie_word_embeddings": true])
    let plan = try tiny.plan()
    #expect(plan.addedTensors == added && plan.unties)
    let output = try merged(plan, to: tiny.output)
    let old = try Checkpoint.open(tiny.base)
    #expect(try bytes(added[added.count - 1], output) == bytes("thing.embeddings.word_embeddings.weight", old))
    if added.count == 2 { #expect(try bytes(added[0], output) == bytes("lm_head.bias", old)) }
  }

  @Test func anEmbeddingThatTheConfigTiesToAnUnknownTensorIsSaid() throws {
    func warnings(_ name: String) throws -> [String] {
      try TinyModel(
        Self.matrix(["thing.embeddings.word_embeddings.weight"]),
        adapter: Self.embeddingFactors("thing.embeddings.word_embeddings"),
        model: ["architectures": [.string(name)], "tie_word_embeddings": true]
      ).plan().warnings
    }
    #expect(try warnings("ThingForSomething").contains { $0.contains("to what is not known") })
    #expect(try warnings("ThingForSequenceClassification").isEmpty)
  }
}
