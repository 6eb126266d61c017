public import Diagnostics
import LoRAKernels

extension RuleID {
  /// The name of the rule below.
  public static let valueNaN = RuleID("value-nan")
}

extension Rule {
  /// A tensor holds NaN.
  static let valueNaN = Rule(
    .valueNaN, "A tensor holds NaN",
    meaning: """
      At least one element is not a number. Every floating-point type is checked, FP8 and E8M0 codes included. The \
      finding names the tensor, the index of the first such element and its offset in the file.
      """,
    consequence: """
      One NaN in a factor makes every activation behind it NaN: each request with this adapter returns garbage, and in \
      some engines so do the others of the same batch.
      """,
    remedy: "The training diverged, or the file was damaged. Take an earlier checkpoint and look at the loss curve.",
    repair: .no("numbers that are lost do not come back; nothing is computed from them."),
    example: """
      error  value-nan  …layers.3.mlp.up_proj.lora_B.weight holds NaN in 12 of 131,072 elements, first at index 4,711
      """
  ) { context in
    context.nonFinite(.valueNaN, "NaN", "the training diverged or the file was damaged; take an earlier checkpoint") {
      ($0.nanCount, $0.firstNaN)
    }
  }
}
