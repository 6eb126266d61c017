import LoRAModel
import TensorCore

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
    example: """
      error  policy-targets  32 of 256 modules (model.layers.0.mlp.router, …) have target router, but the policy allows q_proj, v_proj
      """
  ) { context in
    guard let policy = context.options.policy else { return [] }
    var extra = context.policyFindings(.policyTargets, policy) { module in
      guard !policy.allowedTargets.isEmpty, !policy.allowedTargets.contains(module.lastComponent) else { return nil }
      return ("target \(escaped(module.lastComponent))", listing(policy.allowedTargets, limit: 8))
    }
    let replaced = context.replacedTargets.subtracting(policy.allowedTargets).sorted()
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
    let present = Set(context.adapter.modules.map(\.lastComponent))
    let absent = policy.requiredTargets.filter { !present.contains($0) }
    guard !absent.isEmpty, context.adapter.file != nil else { return extra }
    return extra + [
      Finding(
        .policyTargets, "the adapter does not adapt \(listing(absent)), which the policy asks for",
        file: context.adapter.weightsPath, expected: listing(policy.requiredTargets, limit: 8),
        found: listing(present.sorted(), limit: 8), hint: "train with these targets, or change \(policy.path)")
    ]
  }
}

extension ValidationContext {
  /// Last name components of the modules whose tensors the adapter replaces: of `modules_to_save` and trained biases.
  fileprivate var replacedTargets: Set<String> {
    Set(adapter.replacements.compactMap { $0.name.split(separator: ".").dropLast().last.map { String($0) } })
  }
}
