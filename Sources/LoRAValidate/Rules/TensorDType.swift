public import Diagnostics
import LoRAModel
import Safetensors
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let tensorDType = RuleID("tensor-dtype")
}

extension Rule {
  /// A factor is not stored as floating-point numbers.
  static let tensorDType = Rule(
    .tensorDType, "A factor is not stored as real floating-point numbers",
    meaning: """
      A `lora_A` or `lora_B` has an integer, boolean or complex type. Factors are real numbers; integers are packed or \
      quantised values whose scales the file does not explain.
      """,
    consequence: "Engines cast the integers as they are, and the adapter adds numbers that mean nothing.",
    remedy: "Export the adapter in float32, bfloat16 or float16; quantise the base, not the adapter.",
    repair: .no("the scales of quantised factors are not in the file."),
    example: """
      error  tensor-dtype  all 224 modules have factors stored as U8
             expected F32, BF16 or F16, found U8
      """
  ) { context in
    let adapter = context.adapter
    var groups = Groups<DType, (module: AdapterModule, tensor: TensorInfo)>()
    for module in context.oddModules(where: { $0.total({ $0.dtype.isFloat ? 0 : 1 }) > 0 }) {
      if let tensor = module.tensors.first(where: { !$0.dtype.isFloat }) { groups.add(tensor.dtype, (module, tensor)) }
    }
    return groups.all.compactMap { dtype, places in
      guard let first = places.first else { return nil }
      let verb = places.count == 1 ? "has" : "have"
      return Finding(
        .tensorDType,
        "\(phrase(places.map(\.module.name), of: adapter.modules.count)) \(verb) factors stored as \(dtype.name)",
        file: adapter.weightsPath, tensor: first.tensor.name, module: first.module.name, expected: "F32, BF16 or F16",
        found: dtype.name, hint: "export the adapter without quantising it", byteOffset: first.tensor.headerOffset)
    }
  }
}
