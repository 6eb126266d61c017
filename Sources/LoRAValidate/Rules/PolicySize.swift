public import Diagnostics
import LoRAModel
import Safetensors
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let policySize = RuleID("policy-size")
}

extension Rule {
  /// A file that is larger than the policy allows.
  static let policySize = Rule(
    .policySize, "A file that is larger than the policy allows",
    meaning: "The weights file has more bytes than the policy's limit.",
    consequence:
      "Large adapters take longer to swap in; very large ones usually carry whole embeddings that were saved by mistake.",
    remedy: """
      Leave whole tensors out, store bfloat16, or reduce the rank.
      """,
    repair: .no("a smaller adapter is another adapter, and what it costs is for you to weigh."),
    example: """
      error  policy-size  the weights have 1,073,741,824 B (1.0 GiB), but the policy allows 268,435,456 B (256.0 MiB)
      """
  ) { context in
    guard let policy = context.options.policy, let limit = policy.maxBytes, let file = context.adapter.file,
      file.fileBytes > limit
    else { return [] }
    return [
      Finding(
        .policySize, "the weights have \(ByteCount(file.fileBytes)), but the policy allows \(ByteCount(limit))",
        file: context.adapter.weightsPath, expected: "at most \(ByteCount(limit))",
        found: "\(ByteCount(file.fileBytes))",
        hint: "store bfloat16, leave whole tensors out, or change \(policy.path)")
    ]
  }
}
