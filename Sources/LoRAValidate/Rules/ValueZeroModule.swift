public import Diagnostics
import LoRAModel

extension RuleID {
  /// The name of the rule below.
  public static let valueZeroModule = RuleID("value-zero-module", .note)
}

extension Rule {
  /// Some modules' factors multiply to zero.
  static let valueZeroModule = Rule(
    .valueZeroModule, "Some modules do nothing",
    meaning: "A or B of single modules is all zeros, while others are trained.",
    consequence: """
      Often harmless: layers that were frozen, or experts that no token reached. It can also be the mark of a module \
      that got no gradient by mistake. It costs memory and time in every slot either way.
      """,
    remedy: "Check whether these modules were meant to be trained; drop them from the targets if not.",
    repair: .no("nothing is wrong with it."),
    example: """
      note  value-zero-module  lora_B of 32 of 224 modules (model.layers.0.mlp.down_proj, …) is zero, so they do nothing
      """
  ) { context in
    let zero = context.zeroFactors
    guard !zero.isEmpty, zero.count < context.adapter.modules.count else { return [] }
    var groups = Groups<String, ZeroFactor>()
    for place in zero { groups.add(place.factor, place) }
    return groups.all.compactMap { factor, places in
      guard let first = places.first else { return nil }
      return Finding(
        .valueZeroModule,
        "lora_\(factor) of \(phrase(places.map(\.module), of: context.adapter.modules.count)) is zero, so "
          + "\(places.count == 1 ? "it does" : "they do") nothing",
        file: context.adapter.weightsPath, tensor: first.tensor, module: first.module, expected: "trained values",
        found: "zeros", hint: "check whether training was meant to reach \(places.count == 1 ? "it" : "them")")
    }
  }
}
