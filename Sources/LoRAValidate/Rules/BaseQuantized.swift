public import Diagnostics
import JSON
import LoRAModel
import QuantizedWeights
import Safetensors
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let baseQuantized = RuleID("base-quantized")
}

extension Rule {
  /// The base stores a target's weight quantised.
  static let baseQuantized = Rule(
    .baseQuantized, "The base stores the target quantised",
    meaning: """
      The weight that the adapter changes is stored packed or quantised in the base (bitsandbytes, GPTQ, AWQ, FP8 with \
      scales, …). A delta cannot be added to packed bytes.
      """,
    consequence: """
      A merge makes a plain model of the base (`merge --dequantize`); packing the result again in 4 bits erases the delta. Engines that keep \
      the adapter apart can serve it; with `--engine` this is a note for that reason.
      """,
    remedy: """
      Merge with `--dequantize`, which is the best merge for an adapter that was trained on these quantised weights, or \
      into the 16-bit original of the base if it was trained on that, or serve unmerged. Check the answers when the training saw the \
      quantised weights and serving does not, or the other way round.
      """,
    repair: .no("it is the base that is quantised, and the base is never written to."),
    example: """
      error  base-quantized  the base stores the weights of all 224 modules quantised (gptq)
      """
  ) { context in
    let places = context.matched.filter { $0.match.module.isQuantized }
    guard let first = places.first, let base = context.base else { return [] }
    let method = base.quantizationText.map { " (\($0))" } ?? ""
    let subject = phrase(places.map(\.module.name), of: context.adapter.modules.count)
    return [
      Finding(
        .baseQuantized, severity: context.options.engine == nil ? nil : .note,
        "the base stores the weights of \(subject) quantised\(method), so no delta can be added to them",
        file: base.path, tensor: first.match.module.weightName, module: first.module.name,
        expected: "weights in F32, F16 or BF16",
        found: first.match.module.weight?.info.dtype.name ?? base.quantization.map { escaped($0, limit: 40) },
        hint: "merge with --dequantize or into the 16-bit original of the base, or serve the adapter unmerged")
    ]
      + (base.quantized?.problems.prefix(3) ?? []).map { problem in
        Finding(
          .baseQuantized, severity: .warning,
          "the base's \"\(escaped(problem.tensor))\" cannot be dequantised: \(escaped(problem.reason, limit: 500))",
          file: base.path, tensor: problem.tensor, hint: problem.hint)
      }
  }
}
