import Diagnostics
import JSON
import LoRAModel
import TensorCore

/// Factors that do not fit into SGLang's slots (`mem_pool.py`, `load_lora_weight_to_buffer`).
extension EngineCheck {
  /// Sizes for which the slot is not made: shapes have to be equal.
  static let slotsOfOtherSizes = EngineCheck { question in
    let odd = question.misfits.filter { !question.isCut($0.module, $0.base) }
    guard let (first, base) = odd.first else { return nil }
    return Hit(
      message: "factors whose sizes are not those of the base's module: "
        + phrase(odd.map(\.module.name), of: question.adapter.modules.count),
      module: first.name, found: sizes(first, base), hint: "serve the adapter on the base that it was trained on",
      isConfig: false)
  }

  /// Sizes of which it takes what the slot has room for, or leaves room.
  static let cutFactors = EngineCheck { question in
    let cut = question.misfits.filter { question.isCut($0.module, $0.base) }
    guard let (first, base) = cut.first else { return nil }
    return Hit(
      message: "that \(phrase(cut.map(\.module.name), of: question.adapter.modules.count)) "
        + "\(cut.count == 1 ? "has" : "have") other sizes than the base's module, and copies a part of the factors",
      module: first.name, found: sizes(first, base), hint: "serve the adapter on the base that it was trained on",
      isConfig: false)
  }

  /// A and B of different ranks; those of q, k and v, or of gate and up, may fill their slot together.
  static let otherRanks = EngineCheck { question in
    guard
      let first = question.adapter.modules.first(where: { !$0.ranksAgree && !question.transposed.contains($0.name) })
    else { return nil }
    return Hit(
      message: "that A and B have different ranks, as in \(escaped(first.name, limit: 160)), and multiplies what does "
        + "not belong together", module: first.name, found: "ranks \(first.rankOfA ?? 0) and \(first.rankOfB ?? 0)",
      hint: "export the adapter again", isConfig: false)
  }
}

extension ServingQuestion {
  /// Modules of other sizes than the base's.
  fileprivate var misfits: [(module: AdapterModule, base: BaseModule)] {
    placed.filter { module, base in
      module.kind != .parameter && base.kind != .parameter && !transposed.contains(module.name)
        && !module.sizesFit(base)
    }
  }

  /// Whether the slot takes factors of these sizes all the same.
  ///
  /// Inputs of modules that are split by them and outputs of the others are cut to the size of the slot, on several devices
  /// whatever is split; of a head the first rows are filled.
  fileprivate func isCut(_ module: AdapterModule, _ base: BaseModule) -> Bool {
    let input = module.inFeatures == base.inFeatures
    let output = module.outFeatures == base.outFeatures
    if options.tensorParallel > 1, module.inFeatures >= base.inFeatures, module.outFeatures >= base.outFeatures {
      return true
    }
    return switch module.lastComponent {
    case "o_proj", "down_proj", "out_proj": output && module.inFeatures > base.inFeatures
    case "lm_head": input && module.outFeatures < base.outFeatures
    case "embed_tokens", "q_a_proj", "kv_a_proj_with_mqa": false
    default: input && module.outFeatures > base.outFeatures && !module.name.contains(".experts.")
    }
  }
}
