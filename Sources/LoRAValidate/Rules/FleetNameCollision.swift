public import Diagnostics

extension RuleID {
  /// The name of the rule below.
  public static let fleetNameCollision = RuleID("fleet-name-collision", .warning)
}

extension Rule {
  /// Several adapters would be served under one name.
  static let fleetNameCollision = Rule(
    .fleetNameCollision, "Adapters with the same name",
    meaning: """
      Folders of different parents have the same last component, which is the name that resolvers and routers look an \
      adapter up by.
      """,
    consequence: "Only one of them is served; which one depends on the order in which they were registered.",
    remedy: "Rename the folders, or register the adapters under full names.",
    repair: .no("which of the adapters should have another name is for you to say."),
    example: """
      warning  fleet-name-collision  2 adapters would be served as "support": de/support, fr/support
      """)
}
