public import Diagnostics
import JSON
import LoRAModel

extension RuleID {
  /// The name of the rule below.
  public static let policyBase = RuleID("policy-base")
}

extension Rule {
  /// A base model that the policy does not allow.
  static let policyBase = Rule(
    .policyBase, "A base model that the policy does not allow",
    meaning: "`base_model_name_or_path` is not among the policy's base models, or is not set.",
    consequence:
      "The platform serves certain bases; an adapter for another one cannot be served, and may load all the same.",
    remedy: """
      Train on an allowed base, or correct the field if it holds a local path of the training machine.
      """,
    repair: .no("which base was meant is for you to say."),
    example: """
      error  policy-base  the adapter was trained on /scratch/llama, but the policy allows meta-llama/Llama-3.1-8B
      """
  ) { context in
    let name = context.adapter.config?.baseModel
    guard let policy = context.options.policy, !policy.bases.isEmpty, !policy.bases.contains(name ?? "") else {
      return []
    }
    let allowed = listing(policy.bases, limit: 4)
    let found = name.map { escaped($0, limit: 120) }
    return [
      Finding(
        .policyBase,
        "the adapter \(found.map { "was trained on \($0)" } ?? "does not say its base"), but the policy allows \(allowed)",
        file: context.adapter.configPath, expected: allowed, found: found ?? "no base_model_name_or_path",
        hint: "correct base_model_name_or_path, or change \(policy.path)")
    ]
  }
}
