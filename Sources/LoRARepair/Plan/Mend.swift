package import Diagnostics
package import JSON

/// One thing that was mended.
package struct Mend: Sendable, Equatable {
  /// The rule whose finding it answers.
  package let rule: RuleID
  /// What was changed, as a sentence without its full stop.
  package let what: String
  /// Whether every number that the adapter adds to the base is the same as was meant; false where values were rounded.
  package let isExact: Bool

  package init(_ rule: RuleID, _ what: String, exact isExact: Bool = true) {
    (self.rule, self.what, self.isExact) = (rule, what, isExact)
  }

  /// The mend as in section 3.9 of the contract.
  package var json: JSONValue {
    ["rule": .string(rule.rawValue), "what": .string(what), "exact": .bool(isExact)]
  }
}
