public import Diagnostics

extension RuleID {
  /// The name of the rule below.
  public static let fleetMixedTokenizers = RuleID("fleet-mixed-tokenizers", .warning)
}

extension Rule {
  /// Adapters that bring different tokenizers.
  static let fleetMixedTokenizers = Rule(
    .fleetMixedTokenizers, "The adapters bring different tokenizers or chat templates",
    meaning: """
      Of the adapters that were checked together, those that bring a tokenizer do not all bring the same, or those that \
      bring a chat template. Spellings and white space do not count, and adapters that bring none are left out.
      """,
    consequence:
      "An engine has one tokenizer and one chat template for all adapters. Those trained with another answer worse.",
    remedy:
      "Check each adapter against the base, train the odd ones again, or serve each group from an engine of its own.",
    repair: .no("it is about several adapters, none of which is broken."),
    example: """
      warning  fleet-mixed-tokenizers  the adapters bring 2 different tokenizers: one with tenant-a and 17 more, one with tenant-z
      """)
}
