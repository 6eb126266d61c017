public import Diagnostics
import LoRAModel
import Safetensors
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let policyDType = RuleID("policy-dtype")
}

extension Rule {
  /// An element type that the policy does not allow.
  static let policyDType = Rule(
    .policyDType, "An element type that the policy does not allow",
    meaning: "A tensor is stored in a type that is not in the policy's list.",
    consequence: "Float32 adapters take twice the disk, network and load time of bfloat16; engines cast them anyway.",
    remedy: """
      Save the adapter in an allowed type.
      """,
    repair: .withChoice("--dtype", "tensors are written in the type that you name."),
    example: """
      error  policy-dtype  448 tensors are stored as F32, but the policy allows BF16
      """
  ) { context in
    guard let policy = context.options.policy, !policy.dtypes.isEmpty, let file = context.adapter.file else {
      return []
    }
    var groups = Groups<DType, TensorInfo>()
    for tensor in file.header.tensors where !policy.dtypes.contains(tensor.dtype) { groups.add(tensor.dtype, tensor) }
    return groups.all.map { dtype, places in
      let allowed = policy.dtypes.map(\.name).joined(separator: ", ")
      return Finding(
        .policyDType,
        "\(counted(places.count, "tensor")) \(places.count == 1 ? "is" : "are") stored as \(dtype.name), but the policy "
          + "allows \(allowed)",
        file: context.adapter.weightsPath, tensor: places.first?.name, expected: allowed, found: dtype.name,
        hint: "save the adapter in an allowed type, or change \(policy.path)")
    }
  }
}
