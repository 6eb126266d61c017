public import Diagnostics

extension RuleID {
  /// The name of the rule below.
  public static let fleetDuplicate = RuleID("fleet-duplicate", .warning)
}

extension Rule {
  /// Several adapters have the same weights.
  static let fleetDuplicate = Rule(
    .fleetDuplicate, "Adapters with the same weights",
    meaning: "The weights files of two or more adapters are equal byte for byte.",
    consequence: """
      A deploy script copied the wrong file and one tenant gets the adapter of another; or each copy takes a slot and \
      evicts others for nothing.
      """,
    remedy: "Check which adapter should have been there; give one adapter two names in the router, not two folders.",
    repair: .no("which of the adapters should go is for you to say."),
    example: """
      warning  fleet-duplicate  2 adapters have the same weights: tenants/a, tenants/b
      """)
}
