public import Diagnostics
import JSON
import LoRAModel
package import Safetensors
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let tensorUnknown = RuleID("tensor-unknown")
}

extension Rule {
  /// A tensor's name follows no known grammar.
  static let tensorUnknown = Rule(
    .tensorUnknown, "A tensor has a name that nothing knows",
    meaning: """
      The name ends in none of the parts that the format has (`lora_A.weight`, `lora_B.weight`, `lora_embedding_A`, …), \
      or the file holds no adapter tensors at all.
      """,
    consequence: """
      PEFT drops tensors that it does not know without any message; vLLM refuses the whole adapter. Either way what was \
      trained does not arrive.
      """,
    remedy: """
      Export with `save_pretrained` of PEFT instead of saving a state dict by hand. Tensors that are no part of the \
      adapter (optimizer state, the base's own weights) do not belong in the file.
      """,
    repair: .exactly(
      """
      factors that lack `.weight` are renamed, buffers of the base and of optimizers are dropped; tensors that \
      may be trained are left.
      """),
    example: """
      error  tensor-unknown  2 tensors end in "lora_a.weight", which no LoRA format that is known here uses
             fix: PEFT writes lora_A.weight
      """
  ) { context in
    let adapter = context.adapter
    guard let file = adapter.file, adapter.foreignMethod == nil else { return [] }
    if let trainer = adapter.trainer, adapter.modules.isEmpty {
      return [
        Finding(
          .tensorUnknown,
          "the file is one of \(trainer.name), whose names for its \(counted(file.header.tensors.count, "tensor")) neither "
            + "PEFT nor the engines read",
          file: adapter.weightsPath, tensor: file.header.tensors.first?.name,
          expected: "names that end in lora_A.weight and lora_B.weight",
          found: escaped(file.header.tensors.first?.name ?? "", limit: 120), hint: trainer.remedy)
      ]
    }
    if adapter.modules.isEmpty && adapter.replacements.isEmpty && !file.header.tensors.isEmpty {
      return [
        Finding(
          .tensorUnknown,
          "the file holds \(counted(file.header.tensors.count, "tensor")) but none of a LoRA adapter",
          file: adapter.weightsPath, tensor: file.header.tensors.first?.name,
          expected: "names that end in lora_A.weight and lora_B.weight",
          found: escaped(file.header.tensors.first?.name ?? "", limit: 120),
          hint: "hand in the adapter's file; this one looks like the weights of a model")
      ]
    }
    var groups = Groups<String, TensorInfo>()
    for tensor in adapter.unknown + context.strays { groups.add(ending(of: tensor.name), tensor) }
    return groups.all.compactMap { ending, places in
      guard let first = places.first else { return nil }
      let subject = places.count == 1 ? "a tensor ends" : "\(counted(places.count, "tensor")) end"
      return Finding(
        .tensorUnknown,
        "\(subject) in \"\(escaped(ending, limit: 100))\", which no LoRA format that is known here uses",
        file: adapter.weightsPath, tensor: first.name, found: escaped(first.name),
        hint: closest(to: ending).map { "PEFT writes \($0)" }
          ?? "drop the tensor, or export with PEFT's save_pretrained",
        byteOffset: first.headerOffset)
    }
  }

  /// The last components that say what a tensor is: two, or three after an adapter's name.
  private static func ending(of name: String) -> String {
    name.split(separator: ".").suffix(2).joined(separator: ".").template
  }

  private static func closest(to ending: String) -> String? {
    let text = ending.lowercased()
    let known = [
      ("embedding_a", "lora_embedding_A"), ("embedding_b", "lora_embedding_B"), ("lora_a", "lora_A.weight"),
      ("lora_b", "lora_B.weight"), ("magnitude", "lora_magnitude_vector"), ("lora_down", "lora_A.weight"),
      ("lora_up", "lora_B.weight"),
    ]
    return known.first { text.contains($0.0) }?.1
  }
}

extension ValidationContext {
  /// Tensors that would replace one of the base but lack the prefix that the others have: no part of the adapter.
  package var strays: [TensorInfo] {
    let bare = Set(adapter.misnamed.filter { $0.problem == .missingPrefix }.map(\.tensor.name))
    guard bare.count < adapter.file?.header.tensors.count ?? 0 else { return [] }
    return adapter.replacements.map(\.tensor).filter { bare.contains($0.name) }
  }
}
