public import Diagnostics
import JSON
import LoRAModel
import Safetensors
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let baseHeadMissing = RuleID("base-head-missing", .note)
}

extension Rule {
  /// The adapter brings a trained head that the base's class does not have.
  static let baseHeadMissing = Rule(
    .baseHeadMissing, "The adapter brings a head that the base does not have",
    meaning: """
      A whole tensor in the adapter belongs to a head (`score`, `classifier`, `qa_outputs`, …) that the base at hand does \
      not have: the adapter was trained for classification or another task on top of a language model.
      """,
    consequence: """
      PEFT loads the head when the base is loaded as the class of that task, which adds one. In the base's own class the \
      head has no place: PEFT drops it, and engines that serve the language model refuse the adapter or drop the head.
      """,
    remedy: """
      Load or serve the base as the class of the task (such as `AutoModelForSequenceClassification`). Nothing is wrong \
      with the adapter itself.
      """,
    repair: .no("nothing is wrong with it."),
    example: """
      note  base-head-missing  the adapter brings a trained head, score, which this base (Qwen2ForCausalLM) does not have
      """
  ) { context in
    let values = valueHeads(context)
    guard values.isEmpty, let base = context.base, base.isKnown else { return values }
    let heads = context.adapter.replacements.compactMap { replacement -> (name: String, tensor: String)? in
      let owner = String(replacement.name.dropLast(replacement.name.lastComponent.count + 1))
      guard replacement.role == .full, replacement.isOfHead, base.match(owner) == nil else { return nil }
      return (owner, replacement.tensor.name)
    }
    guard let first = heads.first else { return [] }
    let names = heads.map(\.name).uniqued
    let className = base.config?["architectures"]?.array?.first?.string.map { " (\(escaped($0, limit: 80)))" } ?? ""
    let task = context.adapter.config?.taskType.map { "for \(escaped($0, limit: 40))" } ?? "of the training"
    return [
      Finding(
        .baseHeadMissing,
        "the adapter brings \(names.count == 1 ? "a trained head" : "trained heads"), \(listing(names)), which this "
          + "base\(className) does not have",
        file: context.adapter.weightsPath, tensor: first.tensor, module: first.name,
        hint: "load or serve the base as the class \(task), which adds the head")
    ]
  }

  /// The value head of a reward model or of PPO: no class of transformers has one, so that PEFT drops it wherever the
  /// adapter is loaded; TRL and LLaMA-Factory keep it in a file of its own.
  private static func valueHeads(_ context: ValidationContext) -> [Finding] {
    let saved = context.adapter.config?.modulesToSave ?? []
    let tensors = context.adapter.replacements.filter { replacement in
      let heads = replacement.name.dottedComponents.filter { $0 == "v_head" || $0 == "value_head" }
      return heads.contains { !saved.contains(String($0)) }
    }
    guard context.adapter.config != nil, let first = tensors.first else { return [] }
    return [
      Finding(
        .baseHeadMissing, severity: .warning,
        "the adapter holds a value head (\(listing(tensors.map(\.name).uniqued))), which PEFT drops without a word",
        file: context.adapter.weightsPath, tensor: first.tensor.name, module: first.name,
        hint: "keep it beside the adapter, as value_head.safetensors or in pytorch_model.bin, where TRL and "
          + "LLaMA-Factory look for it")
    ]
  }

}

extension Replacement {
  /// Whether it belongs to a module outside the layers that is called like a head which a task's class puts on a model.
  var isOfHead: Bool {
    let owner = name.dottedComponents.dropLast()
    guard name.layer == nil || owner.count <= 3 else { return false }
    let heads: Set<Substring> = [
      "score", "classifier", "qa_outputs", "classification_head", "v_head", "value_head", "pre_classifier",
      "logits_proj",
      "regression_head", "summary",
    ]
    return owner.contains { heads.contains($0) }
  }
}
