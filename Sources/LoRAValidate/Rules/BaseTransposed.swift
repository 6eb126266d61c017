public import Diagnostics
import LoRAModel
import Safetensors
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let baseTransposed = RuleID("base-transposed")
}

extension Rule {
  /// Shapes fit only after transposition.
  static let baseTransposed = Rule(
    .baseTransposed, "The factors fit only after transposition",
    meaning: """
      Either A is stored `[in, rank]` and B `[rank, out]` under PEFT's names (MLX and some converters store them so), \
      or the adapter's input and output sizes are those of the base's module the other way round (a mix-up around \
      GPT-2's Conv1D and `fan_in_fan_out`).
      """,
    consequence: """
      Engines copy the numbers as they lie. For square matrices nothing stops them, and the adapter adds noise.
      """,
    remedy: "Convert with a tool that knows the source format, or transpose A and B when exporting.",
    repair: .withChoice("--base", "the factors are transposed, when the sizes leave no doubt about any module."),
    example: """
      error  base-transposed  the factors of all 128 modules are stored transposed: A is [4096, 8] and B is [8, 4096]
             expected A [8, 4096] and B [4096, 8]
      """
  ) { context in
    var groups = Groups<Transposition, AdapterModule>()
    guard context.hasTranspositions else { return [] }
    for module in context.adapter.modules {
      if let transposition = context.transposition(of: module) { groups.add(transposition, module) }
    }
    return groups.all.compactMap { problem, places in
      guard let first = places.first, let a = first.a, let b = first.b else { return nil }
      let subject = phrase(places.map(\.name), of: context.adapter.modules.count)
      switch problem {
      case .factors:
        return Finding(
          .baseTransposed, "the factors of \(subject) are stored transposed: A is \(a.shape) and B is \(b.shape)",
          file: context.adapter.weightsPath, tensor: a.name, module: first.name,
          expected: "A [\(a.shape[1]), \(a.shape[0])] and B [\(b.shape[1]), \(b.shape[0])]",
          found: "A \(a.shape) and B \(b.shape)",
          hint: "transpose both factors; MLX and some converters store them so", byteOffset: a.headerOffset)
      case .base:
        return Finding(
          .baseTransposed,
          "\(subject) maps \(first.inFeatures) inputs to \(first.outFeatures) outputs, and the base's module has them "
            + "the other way round",
          file: context.adapter.weightsPath, tensor: a.name, module: first.name,
          expected: "in \(first.outFeatures), out \(first.inFeatures)",
          found: "in \(first.inFeatures), out \(first.outFeatures)",
          hint: "the factors were swapped or computed for the transposed weight; export again from the trained model",
          byteOffset: a.headerOffset)
      }
    }
  }
}
