import BaseCatalogue
import Diagnostics
import JSON
import LoRAModel

extension Rule {
  /// A base config of an unknown architecture without weights.
  static let baseUnknownArchitecture = Rule(
    .baseUnknownArchitecture, "Names and shapes could not be checked against this base",
    meaning: """
      The base is a config alone, and its `model_type` is not in the architecture catalogue, so the names and shapes of \
      its modules are not known. Everything else was checked.
      """,
    consequence: "An adapter for another model, or with a wrong prefix, passes here and fails or does nothing later.",
    remedy: """
      Give a base with weights: headers are enough to know every name and shape, and weights are not read. \
      `lora-tool bases` lists the known architectures.
      """,
    repair: .no("it is about the base that was given."),
    example: """
      warning  base-unknown-architecture  the base is of type my_llama, which is not in the catalogue
      """
  ) { context in
    guard let base = context.base, !base.isKnown,
      !context.adapter.findings.contains(where: { $0.rule == .baseUnknownArchitecture })
    else { return [] }
    let type = base.modelType.map { type in
      Catalogue.modelTypes.contains(type)
        ? "is of type \(escaped(type, limit: 60)) with values that the catalogue has no rows for"
        : "is of type \(escaped(type, limit: 60)), which is not in the catalogue"
    }
    return [
      Finding(
        .baseUnknownArchitecture,
        "the base \(type ?? "does not say its model_type"), and it has no weights to read, so names and shapes were not checked",
        file: base.path, expected: "a known model_type, or weights",
        found: base.modelType.map { escaped($0, limit: 60) },
        hint: "give the model's folder with its safetensors files as base")
    ]
  }
}
