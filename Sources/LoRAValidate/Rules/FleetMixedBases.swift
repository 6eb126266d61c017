public import Diagnostics

extension RuleID {
  /// The name of the rule below.
  public static let fleetMixedBases = RuleID("fleet-mixed-bases", .warning)
}

extension Rule {
  /// Adapters of different bases.
  static let fleetMixedBases = Rule(
    .fleetMixedBases, "The adapters name different base models",
    meaning: "The configs of the adapters that were checked together name more than one base model.",
    consequence:
      "One engine serves one base. The adapters of the others load when the shapes agree, and answer wrongly.",
    remedy: "Check and deploy each group with its own base.",
    repair: .no("it is about several adapters, none of which is broken."),
    example: """
      warning  fleet-mixed-bases  the adapters name 2 different base models: meta-llama/Llama-3.1-8B (18 adapters), Qwen/Qwen3-8B (2 adapters)
      """)
}
