import Foundation
import JSON
import LoRAModel
import LoRATestSupport
import SHA2
import TensorCore
import Testing

@testable import LoRAMerge

@Suite struct ModelCardTests {
  /// A tiny model whose adapter names this base.
  private func model(namedBy name: String) throws -> TinyModel {
    var weights = SafetensorsBuilder()
    weights.add("x.weight", .f32, [6, 4], values: TinyModel.numbers(24))
    return try TinyModel(
      weights, adapter: TinyModel.factors("x", in: 4, out: 6), config: ["base_model_name_or_path": .string(name)])
  }

  private func card(_ folder: String) throws -> String {
    try String(contentsOfFile: folder + "/README.md", encoding: .utf8)
  }

  @Test func aBaseWithoutACardGetsOneThatNamesBaseAndAdapter() throws {
    let model = try model(namedBy: "meta-llama/Llama-3.1-8B")
    _ = try MergeExecutor(model.plan()).run(to: model.output)
    let text = try card(model.output)
    #expect(text.hasPrefix("---\nbase_model: meta-llama/Llama-3.1-8B\nbase_model_relation: finetune\n"))
    let weights = try Data(contentsOf: URL(fileURLWithPath: model.adapter + "/adapter_model.safetensors"))
    #expect(text.contains("| `\(SHA256.hash(data: weights).description)` | 1.0 | 1 |"))
    #expect(text.contains("`lora-merge.json`"))
    #expect(try MergeVerifier(model.plan()).run(on: model.output).isSound)
  }

  @Test func theBasesOwnCardIsKept() throws {
    let model = try model(namedBy: "a/b")
    try model.folder.write("base/ReadMe.md", "my own words")
    _ = try MergeExecutor(model.plan()).run(to: model.output)
    #expect(try String(contentsOfFile: model.output + "/ReadMe.md", encoding: .utf8) == "my own words")
    #expect(!FileManager.default.fileExists(atPath: model.output + "/README.md"))
  }

  /// A card that an earlier merge wrote speaks of that merge, so a merge onto its result writes another.
  @Test func theCardOfAnEarlierMergeIsReplaced() throws {
    let model = try model(namedBy: "a/b")
    _ = try MergeExecutor(model.plan()).run(to: model.output)
    let path = model.folder.path("again")
    let twice = try MergePlan.make(
      base: BaseModel.open(model.output), adapters: [WeightedAdapter(Adapter.load(model.adapter), weight: 0.25)])
    _ = try MergeExecutor(twice).run(to: path)
    #expect(try card(path).contains("| 0.25 | 1 |"))
    #expect(try !card(path).contains("| 1.0 | 1 |"))
  }

  /// What can be no repository is no base of the card: a path of the machine that trained, a line that ends the fields.
  @Test(arguments: [
    "/data/models/llama", "./llama", "llama", "a/b/c", "../b", "a/..", "a/b\nlicense: mit", "a/b: c", "", "-a/b",
    String(repeating: "a", count: 60) + "/" + String(repeating: "b", count: 60),
  ])
  func aNameThatIsNoRepositoryIsLeftOut(_ name: String) throws {
    let model = try model(namedBy: name)
    _ = try MergeExecutor(model.plan()).run(to: model.output)
    #expect(try card(model.output).hasPrefix("---\ntags:\n- lora\n---\n"))
  }

  @Test func withoutProvenanceThereIsNoCard() throws {
    let model = try model(namedBy: "a/b")
    var options = MergeOptions()
    options.provenance = .none
    let plan = try MergePlan.make(
      base: BaseModel.open(model.base), adapters: [WeightedAdapter(Adapter.load(model.adapter))], options: options)
    _ = try MergeExecutor(plan).run(to: model.output)
    #expect(!FileManager.default.fileExists(atPath: model.output + "/README.md"))
  }
}
