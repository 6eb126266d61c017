import LoRADeltas
import LoRAModel
import LoRASurgery
import LoRATestSupport
import TensorCore
import Testing

/// What is compared with what, and what is not compared.
@Suite struct DiffTests {
  private func adapter(
    _ folder: TemporaryFolder, _ name: String, modules: [String], rank: UInt64 = 2, base: String = "example/tiny",
    sizes: (UInt64, UInt64) = (6, 4), dtype: DType = .f32, value: Float = 0.5
  ) throws -> Adapter {
    var file = SafetensorsBuilder()
    for module in modules {
      let (up, down) = (Int(sizes.0 * rank), Int(sizes.1 * rank))
      file.add(
        "base_model.model.\(module).lora_A.weight", dtype, [rank, sizes.1],
        values: (0..<down).map { Float($0 % 5) - 1.5 })
      file.add(
        "base_model.model.\(module).lora_B.weight", dtype, [sizes.0, rank],
        values: (0..<up).map { value * Float($0 % 3) })
    }
    let config = """
      {"peft_type": "LORA", "r": \(rank), "lora_alpha": 4, "target_modules": ["q_proj"], "bias": "none", \
      "base_model_name_or_path": "\(base)"}
      """
    _ = try folder.write("\(name)/adapter_config.json", config)
    _ = try folder.write("\(name)/adapter_model.safetensors", file)
    return Adapter.load(folder.path(name))
  }

  private func diff(_ a: Adapter, _ b: Adapter) throws -> AdapterDiff {
    try AdapterDiff(a, b, workers: 2, control: SurgeryControl())
  }

  @Test func prefixesOfLibrariesDoNotMatter() throws {
    let folder = try TemporaryFolder()
    let a = try adapter(folder, "a", modules: ["model.layers.0.self_attn.q_proj"])
    let b = try adapter(folder, "b", modules: ["model.language_model.layers.0.self_attn.q_proj"])
    #expect(try diff(a, b).status == .equal)
  }

  @Test func twoComponentsOfAPipelineAreNotOne() throws {
    let folder = try TemporaryFolder()
    let a = try adapter(folder, "a", modules: ["text_encoder.encoder.q_proj"])
    let b = try adapter(folder, "b", modules: ["text_encoder_2.encoder.q_proj"])
    let diff = try diff(a, b)
    #expect(diff.status == .notComparable)
    #expect(diff.modules.map(\.onlyIn) == [.a, .b])
  }

  @Test func otherBasesAreNotComparable() throws {
    let folder = try TemporaryFolder()
    let a = try adapter(folder, "a", modules: ["q_proj"], base: "meta-llama/Llama-3.1-8B")
    let b = try adapter(folder, "b", modules: ["q_proj"], base: "Qwen/Qwen3-8B")
    let same = try adapter(folder, "c", modules: ["q_proj"], base: "unsloth/Llama-3.1-8B-bnb-4bit")
    let local = try adapter(folder, "d", modules: ["q_proj"], base: "/data/run/base")
    #expect(try diff(a, b).reasons.first?.contains("different bases") == true)
    #expect(try diff(a, same).status == .equal)
    #expect(try diff(a, local).status == .equal)
  }

  @Test func otherShapesAreNotComparable() throws {
    let folder = try TemporaryFolder()
    let a = try adapter(folder, "a", modules: ["a.q_proj", "b.q_proj"])
    let b = try adapter(folder, "b", modules: ["a.q_proj", "b.q_proj"], sizes: (6, 5))
    let diff = try diff(a, b)
    #expect(diff.status == .notComparable)
    #expect(diff.reasons.count == 1)
    #expect(diff.reasons.first?.contains("6 x 4 here and 6 x 5") == true)
    #expect(diff.reasons.first?.contains("and 1 more") == true)
  }

  @Test func valuesThatAreNotFiniteAreRefused() throws {
    let folder = try TemporaryFolder()
    let a = try adapter(folder, "a", modules: ["a.q_proj"])
    let b = try adapter(folder, "b", modules: ["a.q_proj"], value: .infinity)
    let diff = try diff(a, b)
    #expect(diff.status == .notComparable)
    #expect(diff.reasons.first?.contains("not finite") == true)
  }

  @Test func aRankFarAboveTheSizesCostsNothing() throws {
    let folder = try TemporaryFolder()
    let a = try adapter(folder, "a", modules: ["a.q_proj"], rank: 1024, sizes: (1, 1))
    let diff = try diff(a, a)
    #expect(diff.status == .notComparable)
    #expect(diff.reasons.first?.contains("far above its sizes") == true)
  }

  @Test func aMissingModuleCountsAsZero() throws {
    let folder = try TemporaryFolder()
    let a = try adapter(folder, "a", modules: ["a.q_proj", "b.q_proj"])
    let zero = try adapter(folder, "z", modules: ["a.q_proj", "c.q_proj"], value: 0)
    let more = try adapter(folder, "m", modules: ["a.q_proj"], value: 0)
    #expect(try diff(a, zero).status == .different)
    // Neither does anything, whatever the modules are.
    #expect(try diff(zero, more).status == .equal)
  }

  @Test func anythingThatIsNoLoRAIsNotCompared() throws {
    let a = Adapter.load(Fixtures.path("formats/peft-ia3"))
    let b = Adapter.load(Fixtures.path("adapters/llama-nano"))
    #expect(try diff(a, b).status == .notComparable)
    #expect(try diff(Adapter.load("/nowhere"), b).status == .notComparable)
  }
}
