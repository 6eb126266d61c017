public import Diagnostics
import LoRAModel
import Safetensors
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let pairRankDisagree = RuleID("pair-rank-disagree")
}

extension Rule {
  /// A and B of one module have different ranks.
  static let pairRankDisagree = Rule(
    .pairRankDisagree, "A and B of one module have different ranks",
    meaning: "`lora_A` has as many rows as `lora_B` has columns; here they differ, so the product B·A does not exist.",
    consequence: """
      vLLM copies both into its padded slots without a word: the missing part counts as zero and the module acts in \
      part only. PEFT refuses the adapter.
      """,
    remedy: """
      The two factors come from different runs, or one was cut by a conversion. Export the adapter again.
      """,
    repair: .no("one of the two factors is not this module's, and nothing says which."),
    example: """
      error  pair-rank-disagree  model.layers.3.self_attn.v_proj has rank 8 in lora_A but rank 4 in lora_B
             expected lora_B of shape [4096, 8], found [4096, 4]
      """
  ) { context in
    guard context.hasPlainShapes else { return [] }
    let adapter = context.adapter
    var groups = Groups<[UInt64], AdapterModule>()
    for module in adapter.modules(where: { !$0.ranksAgree }) where context.transposition(of: module) == nil {
      if let down = module.rankOfA, let up = module.rankOfB { groups.add([down, up], module) }
    }
    return groups.all.compactMap { ranks, places in
      guard let first = places.first, let b = first.b else { return nil }
      let verb = places.count == 1 ? "has" : "have"
      let expected = first.isTransposed || b.shape.rank != 2 ? "rank \(ranks[0])" : "[\(b.shape[0]), \(ranks[0])]"
      return Finding(
        .pairRankDisagree,
        "\(phrase(places.map(\.name), of: adapter.modules.count)) \(verb) rank \(ranks[0]) in A but rank \(ranks[1]) in B",
        file: context.adapter.weightsPath, tensor: b.name, module: first.name, expected: "lora_B of \(expected)",
        found: "\(b.shape)", hint: "the factors come from different saves; export the adapter again",
        byteOffset: b.headerOffset)
    }
  }
}
