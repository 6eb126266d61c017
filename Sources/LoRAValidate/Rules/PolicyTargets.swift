public import Diagnostics
import JSON
import LoRAModel
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let policyTargets = RuleID("policy-targets")
}

extension Rule {
  /// Targets that the policy does not allow, or asks for.
  static let policyTargets = Rule(
    .policyTargets, "Targets that the policy does not allow, or asks for",
    meaning: """
      The adapter changes or replaces modules that are not in the policy's list, or lacks modules that it asks for.
      """,
    consequence: "Engines reserve slots for a fixed set of targets; whatever lies outside is refused or ignored there.",
    remedy: """
      Train with the allowed targets.
      """,
    repair: .no("other targets are another adapter."),
    example: """
      error  policy-targets  32 of 256 modules (model.layers.0.mlp.router, …) have target router, but the policy allows q_proj, v_proj
      """
  ) { context in
    guard let policy = context.options.policy else { return [] }
    var extra = context.policyFindings(.policyTargets, policy) { module in
      guard !policy.allowedTargets.isEmpty, !module.isNamed(in: policy.allowedTargets) else { return nil }
      return ("target \(escaped(module.target))", listing(policy.allowedTargets, limit: 8))
    }
    let replaced = context.replacedTargets.subtracting(policy.allowedTargets).ordered()
    if !policy.allowedTargets.isEmpty, !replaced.isEmpty {
      extra.append(
        Finding(
          .policyTargets,
          "the adapter replaces tensors of \(listing(replaced)), but the policy allows "
            + listing(policy.allowedTargets, limit: 8),
          file: context.adapter.weightsPath,
          expected: listing(policy.allowedTargets, limit: 8), found: listing(replaced, limit: 8),
          hint: "train without modules_to_save and bias, or change \(policy.path)"))
    }
    let present = Set(context.adapter.modules.map(\.target))
    let endings = Set(context.adapter.modules.flatMap(\.name.endings))
    let absent = policy.requiredTargets.filter { !endings.contains($0[...]) }
    guard !absent.isEmpty, context.adapter.file != nil else { return extra }
    return extra + [
      Finding(
        .policyTargets, "the adapter does not adapt \(listing(absent)), which the policy asks for",
        file: context.adapter.weightsPath, expected: listing(policy.requiredTargets, limit: 8),
        found: listing(present.ordered(), limit: 8), hint: "train with these targets, or change \(policy.path)")
    ]
  }
}

extension AdapterModule {
  /// Whether a list of targets means the module, by its name or a part of it after a dot, as PEFT matches.
  fileprivate func isNamed(in targets: [String]) -> Bool {
    let endings = name.endings
    return targets.contains { endings.contains($0[...]) }
  }

  /// What it is called as a target: `q_proj`, or `to_out.0` where the last component is a number.
  fileprivate var target: String {
    let components = name.dottedComponents
    return components[(components.lastIndex { UInt64($0) == nil } ?? 0)...].joined(separator: ".")
  }
}

extension ValidationContext {
  /// Last name components of the modules whose tensors the adapter replaces: of `modules_to_save` and trained biases.
  fileprivate var replacedTargets: Set<String> {
    Set(adapter.replacements.compactMap { $0.name.split(separator: ".").dropLast().last.map { String($0) } })
  }
}
