public import Diagnostics
import LoRAModel

extension RuleID {
  /// The name of the rule below.
  public static let valueZeroDelta = RuleID("value-zero-delta", .warning)
}

extension Rule {
  /// The adapter's factors all multiply to zero.
  static let valueZeroDelta = Rule(
    .valueZeroDelta, "The adapter does nothing",
    meaning: """
      Every module's A or B is all zeros, or alpha is 0 (of some modules alone too), so B·A adds nothing. LoRA starts \
      with B at zero: this is an adapter that was never trained, or whose trained weights were not the ones that were saved.
      """,
    consequence: "The adapter loads everywhere and the base answers. It goes unnoticed until users complain.",
    remedy: """
      Check that the optimizer had the adapter's parameters, and that the export ran after the training and on the \
      process that holds the weights (ZeRO-3 and FSDP shard them).
      """,
    repair: .no("there is nothing to restore."),
    example: """
      warning  value-zero-delta  lora_B of all 224 modules is zero, so the adapter does nothing
      """
  ) { context in
    let adapter = context.adapter
    guard !adapter.modules.isEmpty else { return [] }
    let rest = adapter.replacements.isEmpty ? "the adapter does nothing" : "nothing but its whole tensors has an effect"
    let unscaled = context.oddModules { $0.scale == 0 }
    if let first = unscaled.first {
      let effect =
        unscaled.count == adapter.modules.count ? rest : "\(unscaled.count == 1 ? "it does" : "they do") nothing"
      return [
        Finding(
          .valueZeroDelta,
          "the scale of \(phrase(unscaled.map(\.name), of: adapter.modules.count)) is 0, so \(effect)",
          file: adapter.configPath, module: first.name, expected: "an alpha other than 0", found: "alpha 0",
          hint: "write the alpha that the adapter was trained with")
      ]
    }
    let zero = context.zeroFactors
    guard zero.count == adapter.modules.count, let first = zero.first else { return [] }
    let factors = Set(zero.map(\.factor)).count == 1 ? "lora_\(first.factor)" : "a factor"
    return [
      Finding(
        .valueZeroDelta,
        "\(factors) of \(phrase(adapter.modules.map(\.name), of: adapter.modules.count)) is zero, so \(rest)",
        file: adapter.weightsPath, tensor: first.tensor, module: first.module, expected: "trained values",
        found: "zeros",
        hint: "the adapter was saved untrained, or by a process that does not hold the trained weights")
    ]
  }
}
