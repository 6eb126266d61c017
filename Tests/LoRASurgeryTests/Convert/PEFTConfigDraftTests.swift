import JSON
import Testing

@testable import LoRAModel
@testable import LoRASurgery

/// A config says of every module what its tensors are, and of no other module anything.
@Suite struct PEFTConfigDraftTests {
  private func module(_ name: String, rank: UInt64 = 4, alpha: Double = 8) -> PEFTConfigDraft.Module {
    PEFTConfigDraft.Module(name: name, kind: .linear, rank: rank, alpha: alpha)
  }

  private func config(_ modules: [PEFTConfigDraft.Module]) throws -> AdapterConfig {
    try #require(AdapterConfig.typed(PEFTConfigDraft(modules).config(), path: "adapter_config.json").config)
  }

  @Test func everyModuleGetsItsRankAndAlphaBack() throws {
    let modules = [
      module("model.layers.0.self_attn.q_proj"), module("model.layers.1.self_attn.q_proj", rank: 2),
      module("model.layers.0.mlp.up_proj", alpha: 3.5), module("model.layers.1.mlp.up_proj", alpha: 3.5),
      module("lm_head", rank: 6), module("x.lm_head", rank: 8), module("model.layers.11.self_attn.q_proj"),
    ]
    let matching = TargetMatching(try config(modules))
    for module in modules {
      #expect(matching.rank(of: module.name) == Int(module.rank), "\(module.name)")
      #expect(matching.alpha(of: module.name) == module.alpha, "\(module.name)")
      #expect(matching.targets(module.name))
    }
  }

  @Test func layersThatAreNotAllAdaptedAreNamedOneByOne() throws {
    let config = try config([module("model.layers.1.self_attn.q_proj"), module("model.layers.2.self_attn.q_proj")])
    #expect(!TargetMatching(config).targets("model.layers.0.self_attn.q_proj"))
  }

  @Test func whereAllLayersAreAlikeTheLastComponentIsEnough() throws {
    let config = try config([module("model.layers.0.self_attn.q_proj"), module("model.layers.1.self_attn.q_proj")])
    #expect(config.targets == .names(["q_proj"]))
  }

  @Test func aBaseWithMoreLayersIsSeen() throws {
    var draft = PEFTConfigDraft([module("model.layers.0.q_proj")])
    draft.baseModules = ["model.layers.0.q_proj", "model.layers.1.q_proj"]
    #expect(draft.config()["target_modules"] == ["model.layers.0.q_proj"])
  }
}
