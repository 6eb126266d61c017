public import Diagnostics

extension RuleID {
  /// The name of the rule below.
  public static let fleetMixedRanks = RuleID("fleet-mixed-ranks", .note)
}

extension Rule {
  /// Adapters of different ranks share padded slots.
  static let fleetMixedRanks = Rule(
    .fleetMixedRanks, "The adapters have different ranks",
    meaning: """
      The adapters that were checked together do not all have the same largest rank. The finding says how many bytes of \
      slot memory would be padding at the planned `max_lora_rank` (the largest rank unless `--max-lora-rank` is given).
      """,
    consequence: """
      vLLM and others reserve every slot for the largest rank and compute at that rank: one adapter of rank 128 makes \
      all the others of rank 8 cost sixteen times their size.
      """,
    remedy: """
      Resize the few large ones (`lora-tool resize ADAPTER --rank R` says what that costs), or serve them from an engine \
      of their own.
      """,
    repair: .no("it is about several adapters; `lora-tool resize --pad` gives them one rank."),
    example: """
      note  fleet-mixed-ranks  the adapters have ranks 8 (19 adapters), 128 (1 adapter); in slots of rank 128 89 % of the memory is padding
      """)
}
