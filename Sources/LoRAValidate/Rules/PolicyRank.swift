public import Diagnostics
import LoRAModel

extension RuleID {
  /// The name of the rule below.
  public static let policyRank = RuleID("policy-rank")
}

extension Rule {
  /// A rank that the policy does not allow.
  static let policyRank = Rule(
    .policyRank, "A rank that the policy does not allow",
    meaning: "A module's rank is above the policy's largest rank or not among its list.",
    consequence: "Mixed ranks waste slot memory: every slot is padded to the largest one.",
    remedy: """
      Train or resize to an allowed rank.
      """,
    repair: .no("another rank is another adapter, and what it costs is for you to weigh."),
    example: """
      error  policy-rank  all 224 modules have rank 64, but the policy allows 8, 16
      """
  ) { context in
    guard let policy = context.options.policy else { return [] }
    return context.policyFindings(.policyRank, policy) { module in
      let isAllowed =
        module.rank <= policy.maxRank ?? .max && (policy.ranks.isEmpty || policy.ranks.contains(module.rank))
      let allowed =
        policy.ranks.isEmpty ? "at most \(policy.maxRank ?? 0)" : listing(policy.ranks.map { "\($0)" }, limit: 8)
      return isAllowed ? nil : ("rank \(module.rank)", allowed)
    }
  }
}
