public import Diagnostics
import LoRAKernels

extension RuleID {
  /// The name of the rule below.
  public static let valueInf = RuleID("value-inf")
}

extension Rule {
  /// A tensor holds an infinity.
  static let valueInf = Rule(
    .valueInf, "A tensor holds an infinity",
    meaning: """
      At least one element is infinite as it is stored. The finding names the tensor, the index of the first such \
      element and its offset in the file.
      """,
    consequence: """
      Infinity times zero is NaN, so the first padded or masked position turns the answer into garbage.
      """,
    remedy: """
      Either the training diverged, or a conversion to float16 overflowed: convert to bfloat16, which has the range of \
      float32, from the original again.
      """,
    repair: .no("numbers that are lost do not come back; nothing is computed from them."),
    example: """
      error  value-inf  …layers.3.mlp.up_proj.lora_B.weight holds an infinity in 1 of 131,072 elements, first at index 4,711
      """
  ) { context in
    context.nonFinite(.valueInf, "an infinity", "a conversion to float16 overflowed or the training diverged") {
      ($0.infinityCount, $0.firstInfinity)
    }
  }
}
