public import Diagnostics
import LoRAModel

extension RuleID {
  /// The name of the rule below.
  public static let policyAlpha = RuleID("policy-alpha")
}

extension Rule {
  /// An alpha or scale that the policy does not allow.
  static let policyAlpha = Rule(
    .policyAlpha, "An alpha or scale that the policy does not allow",
    meaning:
      "A module's alpha, or the scale that follows from it (alpha/r, or alpha/√r), is outside the policy's limits.",
    consequence: "A scale that is far off the usual one makes an adapter overpower the base or do next to nothing.",
    remedy: """
      Train with an allowed alpha. Changing the number in the config alone changes the adapter.
      """,
    repair: .no("another alpha is another adapter."),
    example: """
      error  policy-alpha  all 224 modules have scale 8.0, but the policy allows 0.5 to 4.0
      """
  ) { context in
    guard let policy = context.options.policy else { return [] }
    return context.policyFindings(.policyAlpha, policy) { module in
      if let range = policy.alpha, let alpha = module.alpha, !range.contains(alpha) {
        return ("alpha \(alpha)", Policy.phrase(range))
      }
      guard let range = policy.scale, !range.contains(module.scale) else { return nil }
      return ("scale \(module.scale)", Policy.phrase(range))
    }
  }
}
