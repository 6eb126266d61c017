import JSON
import LoRADeltas
import LoRAIO
import LoRAModel
import LoRATestSupport
import TensorCore
import Testing

@testable import LoRASurgery

/// Numbers of a file never make an output that is wrong, endless, or out of proportion.
@Suite struct HostileConversionTests {
  /// A PEFT adapter of single modules: rank, alpha and the values of A `[rank, 2]` and B `[2, rank]`.
  private func adapter(
    _ modules: [(name: String, rank: Int, alpha: Double)], _ dtype: DType = .f32, value: Float = 1
  ) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    var file = SafetensorsBuilder()
    var ranks = JSONObject()
    var alphas = JSONObject()
    for (name, rank, alpha) in modules {
      let (path, count) = ("base_model.model." + name, UInt64(rank))
      let values = [Float](repeating: value, count: 2 * rank)
      file.add(path + ".lora_A.weight", dtype, [count, 2], values: values)
      file.add(path + ".lora_B.weight", dtype, [2, count], values: values)
      ranks[name] = .integer(Int64(rank))
      alphas[name] = .real(alpha)
    }
    try folder.write("in/adapter_model.safetensors", file.bytes)
    let config: JSONValue = [
      "peft_type": "LORA", "r": 1, "lora_alpha": 1, "rank_pattern": .object(ranks), "alpha_pattern": .object(alphas),
      "target_modules": .array(modules.map { .string($0.name) }),
    ]
    try folder.write("in/adapter_config.json", Array(config.text().utf8))
    return folder
  }

  private func layer(_ index: Int) -> String { "model.layers.\(index).self_attn.q_proj" }

  private func refusal(_ words: String) -> String {
    do {
      _ = try Conversion(words).plan()
      return "it was planned"
    } catch {
      return "\(error)"
    }
  }

  @Test func zerosMayNotMakeAnAdapterManyTimesLarger() throws {
    let many = [(layer(0), 4_096, 1.0)] + (1..<200).map { (layer($0), 1, 1.0) }
    let folder = try adapter(many)
    #expect(refusal("\(folder.path("in")) --to mlx").contains("times as large"))
    #expect(refusal("\(folder.path("in")) --to trtllm").contains("nearly empty"))
  }

  @Test func anAlphaThatF32DoesNotHaveIsRefused() throws {
    let folder = try adapter([(layer(0), 1, 1e300)])
    #expect(refusal("\(folder.path("in")) --to kohya --prefix lora_te_").contains("beyond the range of F32"))
  }

  /// Readers of kohya's files take an alpha of 0 for a scale of 1.
  @Test func aScaleOfZeroIsFolded() throws {
    let folder = try adapter([(layer(0), 1, 0), (layer(1), 1, 2)])
    let output = folder.path("out.safetensors")
    let plan = try Conversion("\(folder.path("in")) --to kohya --prefix lora_te_").write(to: output)
    #expect(plan.folded.map(\.factor) == [0])
    let found = try deltas(of: output)
    #expect(found["text_encoder.\(layer(0))"] == [0, 0, 0, 0])
    #expect(found["text_encoder.\(layer(1))"] == [2, 2, 2, 2])
  }

  @Test func aFactorThatLeavesTheRangeOfItsTypeIsRefused() throws {
    let folder = try adapter([(layer(0), 1, 1), (layer(1), 1, 1), (layer(2), 1, 64)], .f16, value: 2_000)
    let conversion = Conversion("\(folder.path("in")) --to mlx")
    #expect(throws: SurgeryError.self) { try conversion.write(to: folder.path("out")) }
    #expect(FileKind(path: folder.path("out")) == nil)
    try Conversion("\(folder.path("in")) --to mlx --dtype f32").write(to: folder.path("wide"))
    #expect(try deltas(of: folder.path("wide"))[layer(2)] == Array(repeating: 64 * 4e6, count: 4))
  }

  @Test func whatRoundingChangesIsMeasured() throws {
    let folder = try adapter([(layer(0), 1, 1), (layer(1), 1, 1), (layer(2), 1, 1 / 3.0)], .bf16)
    let plan = try Conversion("\(folder.path("in")) --to mlx").write(to: folder.path("out"))
    let rounded = plan.ledger.rounded
    #expect(rounded.map(\.tensor) == [layer(2) + ".lora_b"])
    #expect(rounded.allSatisfy { $0.error > 1e-4 && $0.error < 4e-3 })
  }
}
