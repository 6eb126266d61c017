import LoRAModel
import LoRATestSupport
import TensorCore
import Testing

@testable import LoRAInspect

@Suite struct GroupTests {
  /// Targets with a number at the end are told apart although the words of their names are the same.
  @Test func modulesAreRowsByPartAndTarget() throws {
    let sizes: [(module: String, rank: UInt64)] = [
      ("vision_tower.blocks.0.to_out.0", 2), ("vision_tower.blocks.1.to_out.0", 2),
      ("vision_tower.blocks.0.to_out.1", 2), ("model.layers.0.self_attn.q_proj", 2),
      ("model.layers.11.self_attn.q_proj", 4), ("model.layers.2.self_attn.q_proj", 3),
      ("model.layers.2.mlp.up_proj", 2),
    ]
    let folder = try TemporaryFolder()
    var tensors = SafetensorsBuilder()
    for (module, rank) in sizes {
      let half = module.hasSuffix("up_proj")
      tensors.add("base_model.model.\(module).lora_A.weight", half ? .f16 : .f32, [rank, 6])
      tensors.add("base_model.model.\(module).lora_B.weight", .f32, [half ? 10 : 8, rank])
    }
    try folder.write("adapter_model.safetensors", tensors)
    try folder.write("adapter_config.json", #"{"peft_type": "LORA", "r": 2, "lora_alpha": 4}"#)
    let inspection = Inspection(Adapter.load(folder.path))
    let rows = inspection.adapter.groups.map { group in
      let words: [String] = [
        group.part, group.target, "\(group.places.count)", group.outFeatures.text { "\($0)" },
        group.ranks.text { "\($0)" }, group.types.map(\.name).sorted().joined(separator: "+"), "\(group.parameters)",
        "\(group.bytes)",
      ]
      return words.joined(separator: " ")
    }
    // Modules stand in natural order, so that the text's come first.
    #expect(
      rows == [
        "text q_proj 3 8 2-4 F32 126 504", "text up_proj 1 10 2 F16+F32 32 104",
        "vision to_out.0 2 8 2 F32 56 224", "vision to_out.1 1 8 2 F32 28 112",
      ])
    let parts = inspection.adapter.groups.parts.map { "\($0.name) \($0.modules) \($0.parameters) \($0.bytes)" }
    #expect(parts == ["text 4 158 608", "vision 3 84 336"])
    #expect(inspection.targets == ["q_proj", "to_out.0", "to_out.1", "up_proj"])
    #expect(inspection.layers == [0, 1, 2, 11])
    #expect(inspection.dtypes.map { "\($0.count) \($0.name)" } == ["13 F32", "1 F16"])
    #expect(inspection.scales.map { [$0.min, $0.max] } == [2, 2])
  }

  @Test func spreadsKeepTheirEnds() {
    func range(_ values: [Double]) -> [Double]? {
      var spread = Spread<Double>()
      for value in values { spread.take(value) }
      return spread.range.map { [$0.low, $0.high] }
    }
    #expect(range([]) == nil)
    #expect(range([3]) == [3, 3])
    #expect(range([3, 1, 2, 5, 4]) == [1, 5])
    // As the library's own `min` and `max` have it, a number that is none keeps what was there.
    #expect(range([1, .nan, 2]) == [1, 2])
  }
}
