package import JSON
package import LoRAModel
import TensorCore

/// The config of an adapter whose ranks and alphas change while its modules stay.
package struct PEFTConfigEdit: Sendable {
  package var members: JSONObject

  /// The rank and alpha of a module; its scale is their ratio.
  package struct Strength: Sendable {
    package let module: String
    package let rank: UInt64
    package let alpha: Double

    package init(module: String, rank: UInt64, alpha: Double) {
      (self.module, self.rank, self.alpha) = (module, rank, alpha)
    }
  }

  /// The config of an adapter: its own where it is one of PEFT's, else one that says what its tensors say.
  package init(_ adapter: Adapter) {
    if let own = adapter.rawConfig, adapter.config != nil {
      members = own
      // torchtune's config does not know these fields; its tensors do.
      guard adapter.format != .peft else { return }
      members["use_dora"] = .bool(adapter.modules.contains { $0.magnitude != nil })
      members["lora_bias"] = .bool(adapter.modules.contains { $0.bBias != nil })
      return
    }
    var draft = PEFTConfigDraft(
      adapter.modules.map {
        PEFTConfigDraft.Module(name: $0.name, kind: $0.kind, rank: $0.rank, alpha: $0.scale * Double($0.rank))
      })
    draft.usesDoRA = adapter.modules.contains { $0.magnitude != nil }
    draft.hasLoRABias = adapter.modules.contains { $0.bBias != nil }
    draft.baseModel = adapter.config?.baseModel
    members = draft.config()
  }

  /// Says rank and alpha of all modules, without rsLoRA.
  ///
  /// `r` is the largest rank, which engines reserve memory for; every other rank and every alpha that differs has a
  /// pattern of its own.
  package mutating func set(_ strengths: [Strength]) {
    guard let largest = strengths.map(\.rank).max(),
      let usual = strengths.first(where: { $0.rank == largest })
    else { return }
    let keys = PatternKeys(strengths.map(\.module))
    var (ranks, alphas) = (JSONObject(), JSONObject())
    for strength in strengths.ordered(by: { $0.module < $1.module }) {
      let key = keys.key(for: strength.module)
      if strength.rank != largest { ranks[key] = JSONValue(strength.rank) }
      if strength.alpha != usual.alpha { alphas[key] = JSONValue.number(strength.alpha) }
    }
    members["r"] = JSONValue(largest)
    members["lora_alpha"] = JSONValue.number(usual.alpha)
    members["rank_pattern"] = .object(ranks)
    members["alpha_pattern"] = .object(alphas)
    members["use_rslora"] = .bool(false)
  }
}
