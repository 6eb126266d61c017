public import Diagnostics
import JSON
import LoRAModel
import Safetensors

extension RuleID {
  /// The name of the rule below.
  public static let policyMetadata = RuleID("policy-metadata")
}

extension Rule {
  /// Metadata that the policy asks for is missing.
  static let policyMetadata = Rule(
    .policyMetadata, "Metadata that the policy asks for is missing",
    meaning: "The metadata of the weights file lacks a key that the policy asks for, or has another value.",
    consequence: "Without run id, owner or licence it cannot be told where an adapter in production came from.",
    remedy: """
      Write the metadata when saving: `save_file(tensors, path, metadata={...})`.
      """,
    repair: .no("what the fields should say is for you to write."),
    example: """
      error  policy-metadata  the file's metadata has no "training_run", which the policy asks for
      """
  ) { context in
    guard let policy = context.options.policy, let file = context.adapter.file else { return [] }
    return policy.metadata.compactMap { key, value in
      let found = file.header.metadata(key)
      guard found == nil || (value != nil && value != found) else { return nil }
      return Finding(
        .policyMetadata,
        found == nil
          ? "the file's metadata has no \"\(escaped(key, limit: 80))\", which the policy asks for"
          : "the file's metadata has another \"\(escaped(key, limit: 80))\" than the policy asks for",
        file: context.adapter.weightsPath, expected: value.map { escaped($0, limit: 80) } ?? "some value",
        found: found.map { escaped($0, limit: 80) } ?? "no such key",
        hint: "write the metadata when saving, or change \(policy.path)")
    }
  }
}
