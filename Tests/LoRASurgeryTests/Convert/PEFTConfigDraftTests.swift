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

  /// Nothing but a base tells which other modules a shorter name would mean.
  @Test func withoutABaseModulesAreNamedOneByOne() throws {
    let names = ["model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.q_proj"]
    #expect(try config(names.map { module($0) }).targets == .names(names))
  }

  @Test func whereTheBaseHasNoOthersTheLastComponentIsEnough() throws {
    let names = ["model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.q_proj"]
    var draft = PEFTConfigDraft(names.map { module($0) })
    draft.baseModules = names + ["model.layers.0.self_attn.k_proj"]
    #expect(draft.config()["target_modules"] == ["q_proj"])
  }

  @Test func aBaseWithMoreLayersIsSeen() throws {
    var draft = PEFTConfigDraft([module("model.layers.0.q_proj")])
    draft.baseModules = ["model.layers.0.q_proj", "model.layers.1.q_proj"]
    #expect(draft.config()["target_modules"] == ["model.layers.0.q_proj"])
  }

  /// Every list of modules has one that is called 0, which PEFT may not be able to adapt.
  @Test func aNumberIsNamedWithItsList() throws {
    let names = ["blocks.0.attn.to_out.0", "blocks.1.attn.to_out.0"]
    var draft = PEFTConfigDraft(names.map { module($0) })
    draft.baseModules = names
    #expect(draft.config()["target_modules"] == ["to_out.0"])
    draft.baseModules.append("other.to_out.0")
    #expect(draft.config()["target_modules"] == .array(names.map { .string($0) }))
  }

  @Test func stacksOfSomeLayersAreNamedOneByOne() throws {
    let stack = PEFTConfigDraft.Module(
      name: "model.layers.0.mlp.experts.down_proj", kind: .parameter, rank: 2, alpha: 4)
    var draft = PEFTConfigDraft([stack])
    #expect(draft.config()["target_parameters"] == ["model.layers.0.mlp.experts.down_proj"])
    draft.baseModules = [stack.name]
    #expect(draft.config()["target_parameters"] == ["mlp.experts.down_proj"])
    draft.baseModules.append("model.layers.1.mlp.experts.down_proj")
    #expect(draft.config()["target_parameters"] == ["model.layers.0.mlp.experts.down_proj"])
  }
}
