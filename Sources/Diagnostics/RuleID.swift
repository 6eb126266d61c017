/// The fixed name of a rule, as reports, policies and scripts use it.
///
/// The names stand where the findings arise: beside the rule that finds them, or in the library that reads what they
/// are about.
public struct RuleID: Sendable, Hashable {
  /// The name: lower-case words with hyphens.
  public let rawValue: String
  /// What the rule weighs unless a policy says otherwise.
  public let severity: Severity

  /// The name of a rule.
  public init(_ name: String, _ severity: Severity = .error) {
    rawValue = name
    self.severity = severity
  }

  /// Two names are one when they are spelled alike.
  public static func == (one: RuleID, other: RuleID) -> Bool { one.rawValue == other.rawValue }

  /// Hashes the spelling.
  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}
