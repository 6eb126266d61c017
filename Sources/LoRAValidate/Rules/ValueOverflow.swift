public import Diagnostics
import JSON
import LoRAEngines
import LoRAKernels
import LoRAModel
import Safetensors
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let valueOverflow = RuleID("value-overflow")
}

extension Rule {
  /// Finite in the file, infinite in the serving type.
  static let valueOverflow = Rule(
    .valueOverflow, "A value overflows in the serving type",
    meaning: """
      An element is finite in the file and becomes infinite when the engine casts it to the type that it serves in \
      (`--serving-dtype`, bf16 unless given). For B this is checked with the scale folded in as vLLM does it: first the \
      cast, then the product with alpha/r, rounded to the same type.
      """,
    consequence: "The file is fine in every other check and gives NaN answers in production only.",
    remedy: """
      Serve in bfloat16 instead of float16. If the values are meant, split the scale: a smaller alpha with larger \
      factors does not help, a smaller B with a larger A does.
      """,
    repair: .exactly(
      "a power of two is moved between A and B, where both fit then; what overflows all the same is left."),
    example: """
      error  value-overflow  …q_proj.lora_B.weight holds 70,000 at index 17, which is infinite in f16
      """
  ) { context in
    guard let values = context.values, let file = context.adapter.file else { return [] }
    let type = context.options.serving.servingDType
    var scales: [String: Double] = [:]
    for module in context.adapter.modules {
      if let b = module.b { scales[b.name] = module.scale }
    }
    var groups = Groups<Bool, (tensor: TensorInfo, largest: Double)>()
    for tensor in file.header.tensors {
      guard let largest = values[tensor.name]?.maxMagnitude, largest > 0 else { continue }
      let cast = type.rounded(largest)
      if cast.isInfinite {
        groups.add(false, (tensor, largest))
      } else if let scale = scales[tensor.name], type.rounded(cast * Double(Float(scale))).isInfinite {
        groups.add(true, (tensor, largest))
      }
    }
    return groups.all.compactMap { isScaled, places in
      guard let (tensor, largest) = places.first else { return nil }
      let index = AdapterValues.firstIndex(ofMagnitude: largest, in: tensor, of: file)
      let scale = isScaled ? " once multiplied by the scale \(scales[tensor.name] ?? 1)" : ""
      let more =
        places.count > 1
        ? "; \(counted(places.count - 1, "more tensor")) overflow\(places.count == 2 ? "s" : "") too" : ""
      return Finding(
        .valueOverflow,
        "\(escaped(tensor.name)) holds \(largest)\(index.map { " at index \(grouped($0))" } ?? ""), which is infinite in "
          + "\(type.rawValue)\(scale)\(more)",
        file: context.adapter.weightsPath, tensor: tensor.name,
        expected: "magnitudes below \(type.overflowThreshold)", found: "\(largest)",
        hint: type == .f16
          ? "serve in bf16, which has the range of float32" : "the training diverged; take an earlier checkpoint",
        byteOffset: index.map { file.offset(of: tensor) + $0 * tensor.dtype.bits / 8 })
    }
  }
}
