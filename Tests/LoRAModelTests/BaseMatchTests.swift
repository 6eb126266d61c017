import Diagnostics
import LoRATestSupport
import TensorCore
import Testing

@testable import LoRAModel

private func base(_ modules: [String]) throws -> BaseModel {
  let folder = try TemporaryFolder()
  var builder = SafetensorsBuilder()
  for name in modules { builder.add(name + ".weight", .bf16, [4, 2]) }
  try folder.write("model.safetensors", builder)
  return try BaseModel.open(folder.path)
}

/// Finding modules of a base.
@Suite struct BaseMatchTests {
  private static let leaves = [
    "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj",
    "mlp.down_proj",
  ]

  private func decoder(_ prefix: String, layers: Int = 3) throws -> BaseModel {
    try base(
      ["lm_head", prefix + "embed_tokens"]
        + (0..<layers).flatMap { layer in Self.leaves.map { "\(prefix)layers.\(layer).\($0)" } })
  }

  /// Prefixes of other classes and releases are read as what they mean, and reported.
  @Test func prefixesOfOtherClassesAndReleasesAreReadAsWhatTheyMean() throws {
    let cases: [(base: String, adapter: String)] = [
      ("model.", ""), ("", "model."), ("model.language_model.", "language_model.model."),
      ("language_model.model.", "model.language_model."), ("language_model.model.", "model."),
      ("model.language_model.", "model."), ("model.", "model.language_model."), ("model.", "model.model."),
      ("transformer.", ""), ("", "transformer."),
    ]
    for (here, there) in cases {
      let base = try decoder(here)
      let exact = try #require(base.match(here + "layers.2.mlp.up_proj"))
      #expect(exact.prefixChange == nil)
      let match = try #require(base.match(there + "layers.2.mlp.up_proj"), "\(there) in \(here)")
      #expect(match.module.name == here + "layers.2.mlp.up_proj")
      let change = try #require(match.prefixChange)
      #expect(change.to + there.dropFirst(change.from.count) + "x" == here + "x", "\(change)")
      #expect(base.layer(of: there + "layers.7.mlp.up_proj")?.count == 3)
    }
  }

  @Test func otherPathsAreNotTakenForEachOther() throws {
    let base = try decoder("model.")
    for name in [
      "layers.3.mlp.up_proj", "model.layers.0.mlp.upproj", "visual.layers.0.mlp.up_proj", "mlp.up_proj", "up_proj", "",
      "model", "model.layers.0", "model.layers.00.mlp.up_proj", ".model.layers.0.mlp.up_proj",
    ] {
      #expect(base.match(name)?.module.name == nil, "\(name)")
    }
  }

  @Test func theNestingOfPEFTIsNoPartOfTheName() throws {
    let base = try base(["attn.out_proj", "mlp.gate"])
    #expect(base.match("attn.base_layer.out_proj")?.module.name == "attn.out_proj")
    #expect(base.match("mlp.gate.weight")?.module.name == "mlp.gate")
  }

  @Test func theClosestNameHasTheSamePlaceInAnotherSpelling() throws {
    let base = try decoder("model.")
    let cases = [
      ("model.layers.1.self_attn.q_porj", "model.layers.1.self_attn.q_proj"),
      ("model.layers.2.self_attn.query", "model.layers.2.self_attn.q_proj"),
      ("base.model.layers.2.mlp.up_proj", "model.layers.2.mlp.up_proj"),
      ("model.layers.1.mlp.experts.up_proj", "model.layers.1.mlp.up_proj"),
      ("model.decoder.layers.0.self_attn.v_proj", "model.layers.0.self_attn.v_proj"),
      ("model.embed_token", "model.embed_tokens"),
      // A layer that does not exist: the kind of module is right, its example stands for it.
      ("model.layers.77.mlp.down_proj", "model.layers.0.mlp.down_proj"),
    ]
    for (wrong, right) in cases { #expect(base.closest(to: wrong) == right, "\(wrong)") }
    for strange in ["", "x", "a.b.c.d.e.f", String(repeating: "a.", count: 40_000), "unet.down_blocks.0.attn1.to_q"] {
      #expect(base.closest(to: strange) == nil, "\(strange.prefix(30))")
    }
  }

  @Test func layersAreCountedByListAndTheLongestOneIsTheModels() throws {
    let base = try base([
      "model.layers.0.q", "model.layers.0.k", "model.layers.5.q", "vision.blocks.0.q", "vision.blocks.11.q",
      "model.layers.3.experts.127.up",
    ])
    #expect(base.layerCounts == ["model.layers": 6, "vision.blocks": 12])
    #expect(base.layerCount == 6)
    #expect(base.layerIndex(of: "model.layers.3.experts.127.up") == 3)
    #expect(base.layerIndex(of: "lm_head") == nil)
    #expect(base.layer(of: "vision.blocks.12.q").map { $0.index >= $0.count ?? 0 } == true)
    #expect(base.layer(of: "other.list.4.q")?.count == nil)
  }

  /// A hundred thousand modules are searched in little time, and a flood of patterns is bounded.
  @Test func aHundredThousandModulesAreSearchedInLittleTime() throws {
    var names: [String] = []
    for layer in 0..<60 {
      for expert in 0..<256 {
        for leaf in ["gate_proj", "up_proj", "down_proj"] {
          names.append("model.layers.\(layer).mlp.experts.\(expert).\(leaf)")
        }
      }
    }
    let index = BaseNames(names)
    let known = Set(names)
    let clock = ContinuousClock()
    let time = clock.measure {
      for layer in 0..<100 {
        let found = index.closest(to: "model.layers.\(layer % 60).mlp.experts.9.upproj") { known.contains($0) }
        #expect(found == "model.layers.\(layer % 60).mlp.experts.9.up_proj")
      }
    }
    // Generous: it takes well below a millisecond each even in a debug build on a busy machine.
    #expect(time < .seconds(2))
    #expect(index.layerCount == 60)
    let flood = BaseNames((0..<20_000).map { "tensor_\($0)_x" })
    #expect(clock.measure { _ = flood.closest(to: "tensor_1_y") { _ in true } } < .seconds(10))
  }
}
