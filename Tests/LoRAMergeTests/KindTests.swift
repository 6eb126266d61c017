import Foundation
import JSON
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import LoRAMerge

/// What the kinds of adapted things change besides the tensors that the reference settles: files, flags, refusals.
@Suite struct KindTests {
  private func plan(
    _ adapters: [String], on base: String, weights: [Double] = [], options: MergeOptions = MergeOptions()
  )
    throws -> MergePlan
  {
    let weighted = adapters.enumerated().map { position, name in
      WeightedAdapter(Fixtures.adapter(name), weight: position < weights.count ? weights[position] : 1)
    }
    return try MergePlan.make(base: Fixtures.base("models/" + base), adapters: weighted, options: options)
  }

  private func merged(_ plan: MergePlan, in folder: TemporaryFolder) throws -> String {
    let output = folder.path("merged")
    _ = try MergeExecutor(plan).run(to: output)
    var verifier = MergeVerifier(plan)
    verifier.depth = .full
    let verification = try verifier.run(on: output)
    #expect(verification.isSound, "\(verification.discrepancies)")
    return output
  }

  private func config(_ folder: String) throws -> JSONValue {
    try JSONValue(parsing: [UInt8](Data(contentsOf: URL(fileURLWithPath: folder + "/config.json"))))
  }

  private func refusals(_ body: () throws -> Void) rethrows -> String {
    do {
      try body()
      return ""
    } catch MergeError.refused(let refusals) {
      return refusals.map(\.description).joined(separator: "\n")
    }
  }

  // MARK: Tying

  @Test(
    arguments: [
      ("tied-embedding", true), ("tied-head", true), ("tied-both", true), ("tied-ensured", false),
      ("tied-ensured-apart", true), ("tokens-tied", false), ("llama-tied", false),
    ])
  func aTiedBaseIsUntiedExactlyWhenTheTwoBecomeDifferent(_ adapter: String, _ unties: Bool) throws {
    let folder = try TemporaryFolder()
    let plan = try plan([adapter], on: "llama-tied-bf16")
    let output = try merged(plan, in: folder)
    #expect(plan.unties == unties)
    #expect(plan.addedTensors == (unties ? ["lm_head.weight"] : []))
    let base = try config(Fixtures.path("models/llama-tied-bf16"))
    #expect(base["tie_word_embeddings"]?.bool == true)
    #expect(try config(output)["tie_word_embeddings"]?.bool == !unties)
    let weights = try Checkpoint.open(output)
    #expect((weights.tensors["lm_head.weight"] != nil) == unties)
    // The rest of the config is as it was, byte for byte.
    let text = try String(contentsOfFile: output + "/config.json", encoding: .utf8)
    let original = try String(contentsOfFile: Fixtures.path("models/llama-tied-bf16/config.json"), encoding: .utf8)
    #expect(
      text.replacingOccurrences(of: "\"tie_word_embeddings\": false", with: "\"tie_word_embeddings\": true") == original
    )
  }

  /// A whole weight that `modules_to_save` does not name is loaded into the one parameter that embedding and head are
  /// (peft 0.21, `llama-tied` in `engines/peft-0.21-odd.jsonl.zst`); two that differ leave open which one counts.
  @Test(arguments: [["lm_head"], ["model.embed_tokens"], ["lm_head", "model.embed_tokens"]], [true, false])
  func aWeightThatIsNotSavedApartReplacesBoth(_ owners: [String], _ areEqual: Bool) throws {
    let folder = try TemporaryFolder()
    let base = try Checkpoint.open(Fixtures.path("models/llama-tied-bf16"))
    let shape = try #require(base.tensors["model.embed_tokens.weight"]).info.shape.dimensions
    let source = try SafetensorsFile.open(Fixtures.path("adapters/llama-tied/adapter_model.safetensors"))
    var weights = SafetensorsBuilder()
    for tensor in source.header.tensors {
      weights.add(tensor.name, tensor.dtype, tensor.shape.dimensions, data: try source.bytes(of: tensor))
    }
    for (number, owner) in owners.enumerated() {
      let value: Float = areEqual ? 2 : Float(2 + number)
      let values = Array(repeating: value, count: Int(shape[0] * shape[1]))
      weights.add("base_model.model.\(owner).weight", .bf16, shape, values: values)
    }
    try folder.write("in/adapter_model.safetensors", weights)
    try folder.write(
      "in/adapter_config.json",
      String(contentsOfFile: Fixtures.path("adapters/llama-tied/adapter_config.json"), encoding: .utf8))
    let adapter = WeightedAdapter(Adapter.load(folder.path("in")), weight: 1)
    if owners.count == 2, !areEqual {
      let said = try refusals {
        _ = try MergePlan.make(base: Fixtures.base("models/llama-tied-bf16"), adapters: [adapter])
      }
      #expect(said.contains("keeps it as one with"))
      return
    }
    let plan = try MergePlan.make(base: Fixtures.base("models/llama-tied-bf16"), adapters: [adapter])
    let output = try Checkpoint.open(merged(plan, in: folder))
    #expect(!plan.unties && output.tensors["lm_head.weight"] == nil)
    let written = try #require(output.tensors["model.embed_tokens.weight"])
    let two = SafetensorsBuilder.bytes(of: Array(repeating: 2, count: Int(shape[0] * shape[1])), as: .bf16)
    #expect(try output.files[written.file].bytes(of: written.info) == two)
  }

  // MARK: Vocabulary

  @Test(arguments: ["resized", "resized-embedding"])
  func aResizedVocabularyNewSizeInTheConfigTheAdaptersTokenizer(_ adapter: String) throws {
    let folder = try TemporaryFolder()
    let output = try merged(plan([adapter], on: "llama-f16"), in: folder)
    #expect(try config(output)["vocab_size"]?.int64 == 75)
    for name in ["tokenizer.json", "tokenizer_config.json"] {
      let beside = FileManager.default.contents(atPath: Fixtures.path("adapters/\(adapter)/\(name)"))
      let written = FileManager.default.contents(atPath: output + "/" + name)
      #expect(written == beside && beside != nil)
    }
    let old = FileManager.default.contents(atPath: Fixtures.path("models/llama-f16/tokenizer.json"))
    #expect(FileManager.default.contents(atPath: output + "/tokenizer.json") != old)
  }

  @Test func withoutATokenizerBesideTheAdapterTheBasesIsCopiedAndItIsSaid() throws {
    let folder = try TemporaryFolder()
    for name in ["adapter_config.json", "adapter_model.safetensors"] {
      let data = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("adapters/resized/" + name)))
      try folder.write("adapter/" + name, [UInt8](data))
    }
    let plan = try MergePlan.make(
      base: Fixtures.base("models/llama-f16"), adapters: [WeightedAdapter(Adapter.load(folder.path("adapter")))])
    #expect(plan.warnings.contains { $0.contains("no tokenizer") })
    let output = try merged(plan, in: folder)
    #expect(FileManager.default.fileExists(atPath: output + "/tokenizer.json"))
  }

  @Test func anEmbeddingThatWasResizedWithoutItsHeadIsRefused() throws {
    var weights = SafetensorsBuilder()
    weights.add("model.embed_tokens.weight", .f32, [6, 4], values: TinyModel.numbers(24))
    weights.add("lm_head.weight", .f32, [6, 4], values: TinyModel.numbers(24))
    var factors = SafetensorsBuilder()
    factors.add("base_model.model.model.embed_tokens.weight", .f32, [8, 4], values: TinyModel.numbers(32))
    #expect(try TinyModel(weights, adapter: factors).refusals().contains("different numbers of rows (6 and 8)"))
  }

  // MARK: Replacements

  /// Replacement tensors take the base's type; tensors that the base has not are refused.
  @Test func replacementTensorsTakeTheBasesType() throws {
    var weights = SafetensorsBuilder()
    weights.add("norm.weight", .bf16, [4], values: TinyModel.numbers(4))
    var factors = SafetensorsBuilder()
    let values = TinyModel.numbers(4, 9)
    factors.add("base_model.model.norm.weight", .f32, [4], values: values)
    let model = try TinyModel(weights, adapter: factors)
    let plan = try model.plan()
    #expect(plan.replacedTensors == ["norm.weight"] && plan.mergedTensors == [])
    _ = try MergeExecutor(plan).run(to: model.output)
    let file = try SafetensorsFile.open(model.output + "/model.safetensors")
    #expect(try file.bytes(of: #require(file.header["norm.weight"])) == SafetensorsBuilder.bytes(of: values, as: .bf16))
    #expect(try MergeVerifier(plan).run(on: model.output).isSound)
    #expect(try refusals { _ = try model.plan(weight: 0.5) }.contains("weight of 0.5"))

    factors.add("base_model.model.score.weight", .f32, [2, 4])
    #expect(try TinyModel(weights, adapter: factors).refusals().contains("the base has no such tensor"))
    var wrong = SafetensorsBuilder()
    wrong.add("base_model.model.norm.weight", .f32, [5])
    #expect(try TinyModel(weights, adapter: wrong).refusals().contains("it is [5] but the base's tensor is [4]"))
  }

  @Test func trainedRowsIndicesOutOfRangeTwiceOrMissingAreRefused() throws {
    var weights = SafetensorsBuilder()
    weights.add("embed_tokens.weight", .f32, [6, 4], values: TinyModel.numbers(24))
    var factors = SafetensorsBuilder()
    let values = TinyModel.numbers(8, 9)
    factors.add("base_model.model.embed_tokens.token_adapter.trainable_tokens_delta", .f32, [2, 4], values: values)
    let model = try TinyModel(weights, adapter: factors, config: ["trainable_token_indices": [5, 1]])
    _ = try MergeExecutor(model.plan()).run(to: model.output)
    let file = try SafetensorsFile.open(model.output + "/model.safetensors")
    var expected = TinyModel.numbers(24)
    expected.replaceSubrange(20..<24, with: values[0..<4])
    expected.replaceSubrange(4..<8, with: values[4..<8])
    #expect(
      try file.bytes(of: #require(file.header["embed_tokens.weight"]))
        == SafetensorsBuilder.bytes(of: expected, as: .f32))
    for indices: JSONValue in [[5, 6], [1, 1], [1]] {
      let model = try TinyModel(weights, adapter: factors, config: ["trainable_token_indices": indices])
      #expect(try !model.refusals().isEmpty)
    }
    #expect(try TinyModel(weights, adapter: factors).refusals().contains("trainable_token_indices"))
  }

  @Test func aBiasOfBWithoutTheFlagOrWithoutABiasInTheBaseIsRefused() throws {
    var weights = SafetensorsBuilder()
    weights.add("x.weight", .f32, [6, 4], values: TinyModel.numbers(24))
    var factors = TinyModel.factors("x", in: 4, out: 6)
    factors.add("base_model.model.x.lora_B.bias", .f32, [6], values: TinyModel.numbers(6))
    #expect(try TinyModel(weights, adapter: factors).refusals().contains("does not say lora_bias"))
    #expect(
      try TinyModel(weights, adapter: factors, config: ["lora_bias": true]).refusals().contains("has none to add it to")
    )
    weights.add("x.bias", .f32, [6], values: TinyModel.numbers(6))
    #expect(try TinyModel(weights, adapter: factors, config: ["lora_bias": true]).refusals() == "")
  }

  // MARK: DoRA

  private func values(_ plan: MergePlan, _ name: String) throws -> [Float] {
    let folder = try TemporaryFolder()
    let output = try merged(plan, in: folder)
    let file = try SafetensorsFile.open(output + "/model.safetensors")
    let bytes = try file.bytes(of: #require(file.header[name]))
    return (0..<bytes.count / 4).map { Float(ReferenceNumbers.value(ReferenceNumbers.code(bytes, $0, .f32), .f32)) }
  }

  @Test func doRAByHandRowsGetTheLengthOfTheMagnitudes() throws {
    var weights = SafetensorsBuilder()
    weights.add("x.weight", .f32, [6, 4], values: TinyModel.numbers(24))
    var factors = TinyModel.factors("x", in: 4, out: 6)
    factors.add("base_model.model.x.lora_magnitude_vector", .f32, [6], values: [1, 2, 3, 4, 5, 6])
    let model = try TinyModel(weights, adapter: factors, config: ["use_dora": true])
    let result = try values(model.plan(), "x.weight")
    for row in 0..<6 {
      let norm = result[row * 4..<row * 4 + 4].reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(abs(norm - Float(row + 1)) < 1e-5)
    }
    #expect(try refusals { _ = try model.plan(weight: 2) }.contains("not proportional to a weight"))
    #expect(try TinyModel(weights, adapter: factors).refusals().contains("does not say use_dora"))
    let plain = TinyModel.factors("x", in: 4, out: 6)
    #expect(
      try TinyModel(weights, adapter: plain, config: ["use_dora": true]).refusals().contains("no magnitude vector"))
  }

  /// Two DoRA adapters on one module compose in order, each with the norm over the base alone.
  @Test func twoDoRAAdaptersOnOneModuleComposeInOrder() throws {
    var weights = SafetensorsBuilder()
    weights.add("x.weight", .f32, [1, 2], values: [3, 4])
    func adapter(_ a: [Float], _ b: Float, _ magnitude: Float) throws -> TinyModel {
      var factors = SafetensorsBuilder()
      factors.add("base_model.model.x.lora_A.weight", .f32, [1, 2], values: a)
      factors.add("base_model.model.x.lora_B.weight", .f32, [1, 1], values: [b])
      factors.add("base_model.model.x.lora_magnitude_vector", .f32, [1], values: [magnitude])
      return try TinyModel(weights, adapter: factors, rank: 1, alpha: 1, config: ["use_dora": true])
    }
    // W + Δ₁ = (6, 8), length 10; W + Δ₂ = (5, 12), length 13.
    let first = try adapter([3, 4], 1, 20)
    let second = try adapter([1, 4], 2, 26)
    let base = try BaseModel.open(first.base)
    func merge(_ adapters: [String]) throws -> [Float] {
      try values(MergePlan.make(base: base, adapters: adapters.map { WeightedAdapter(Adapter.load($0)) }), "x.weight")
    }
    // 2·((20/10)·(6, 8) + (2, 8)) and (20/10)·(2·(5, 12) + (3, 4)).
    #expect(try merge([first.adapter, second.adapter]) == [28, 48])
    #expect(try merge([second.adapter, first.adapter]) == [26, 56])
  }

  // MARK: Several adapters

  @Test func adaptersAddUpWithTheirWeightsBeforeTheOneRoundingInOnePass() throws {
    let folder = try TemporaryFolder()
    let names = ["llama-all-linear", "llama-second"]
    let plan = try plan(names, on: "llama-bf16-sharded", weights: [0.75, -0.5])
    #expect(plan.adapters.map(\.weight) == [0.75, -0.5])
    _ = try merged(plan, in: folder)
    // The full check computes the sum in float64; here only that both take part.
    let both = plan.shards.flatMap(\.steps).filter {
      if case .merge(let update) = $0.work { update.deltas.count == 2 } else { false }
    }
    #expect(both.count == 9)
  }

  @Test func anAdapterAndItsNegativeGiveBackTheBaseByteForByte() throws {
    let folder = try TemporaryFolder()
    var options = MergeOptions()
    options.provenance = .none
    let plan = try plan(["llama-f64", "llama-f64"], on: "llama-f32", weights: [1, -1], options: options)
    let output = try merged(plan, in: folder)
    let base = try Fixtures.contents(of: Fixtures.path("models/llama-f32"))
    #expect(try Fixtures.contents(of: output)["model.safetensors"] == base["model.safetensors"])
  }

  /// PEFT saves the base's embedding beside the factors of an adapted one; that copy is no change of its own.
  @Test(arguments: [("llama-embedding", "embed_tokens"), ("llama-head", "lm_head")])
  func anAdapterThatBringsTheBasesOwnEmbeddingIsWeighted(_ name: String, _ adapted: String) throws {
    let folder = try TemporaryFolder()
    let output = try merged(plan([name, name], on: "llama-f16", weights: [0.25, 0.75]), in: folder)
    let reference = try SafetensorsFile.open(Fixtures.path("merged/\(name).safetensors"))
    #expect(reference.header.tensors.contains { $0.name.contains(adapted) })
    let found = try Checkpoint.open(output)
    for tensor in reference.header.tensors {
      let entry = try #require(found.tensors[tensor.name])
      let bytes = try found.files[entry.file].bytes(of: entry.info)
      let (count, elements, ulps) = difference(bytes, try reference.bytes(of: tensor), tensor.dtype)
      #expect(ulps <= 1 && Double(count) <= 0.001 * Double(elements), "\(tensor.name): \(count) of \(elements) differ")
    }
  }

  @Test func anAdapterThatBringsAnotherEmbeddingOrAHeadIsNotWeighted() throws {
    for name in ["resized-embedding", "save-head", "tokens"] {
      let said = try refusals { _ = try plan([name], on: "llama-f16", weights: [0.5]) }
      #expect(said.contains("a weight of 0.5 has no meaning"), "\(name): \(said)")
    }
  }

  @Test func twoAdaptersThatReplaceOneTensorOrReplaceItAndAddToItAreRefused() throws {
    #expect(
      try refusals { _ = try plan(["save-head", "save-head"], on: "llama-f16") }.contains("two adapters replace"))
    #expect(
      try refusals { _ = try plan(["save-head", "llama-head"], on: "llama-f16") }.contains("another adds to it"))
    #expect(
      try refusals { _ = try plan(["tokens", "llama-embedding"], on: "llama-f16") }.contains("single rows"))
  }

  // MARK: Experts

  @Test func theLayoutOfExpertsCanBeSaidAndIsRefusedWhereTheShapesDenyIt() throws {
    var options = MergeOptions()
    options.expertLayout = .peft
    #expect(throws: Never.self) { try plan(["mixtral-experts"], on: "mixtral-bf16", options: options) }
    #expect(throws: MergeError.self) { try plan(["mixtral-experts-peft-0.18"], on: "mixtral-bf16", options: options) }
    options.expertLayout = .peft018
    #expect(throws: Never.self) { try plan(["mixtral-experts-peft-0.18"], on: "mixtral-bf16", options: options) }
    #expect(throws: MergeError.self) { try plan(["mixtral-experts"], on: "mixtral-bf16", options: options) }
  }

  @Test func theTwoLayoutsOfBGiveDifferentModels() throws {
    let folder = try TemporaryFolder()
    var options = MergeOptions()
    let one = try merged(plan(["mixtral-experts-unsloth"], on: "mixtral-bf16", options: options), in: folder)
    options.expertLayout = .unsloth
    let other = try TemporaryFolder()
    let two = try merged(plan(["mixtral-experts-unsloth"], on: "mixtral-bf16", options: options), in: other)
    #expect(try Fixtures.contents(of: one) != Fixtures.contents(of: two))
  }
}
