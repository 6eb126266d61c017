public import Diagnostics
import JSON
import LoRAModel
import TensorCore

extension RuleID {
  /// The name of the rule below.
  public static let baseNameMismatch = RuleID("base-name-mismatch", .warning)
}

extension Rule {
  /// The config names another base than the one at hand.
  static let baseNameMismatch = Rule(
    .baseNameMismatch, "The config names another base model",
    meaning: """
      `base_model_name_or_path` of the adapter is another model than the base says it is. The owner of a repository does \
      not count, since mirrors keep the model's name; a local path counts as the same when its last part is alike. Where \
      the names differ in how the weights are quantised alone (`-bnb-4bit`, `-GPTQ-Int4`, `-FP8-dynamic`, …), as after \
      QLoRA, this is a note.
      """,
    consequence: """
      Two models of one family have the same shapes, so everything loads. An adapter for the base model on the instruct \
      model (or another generation) gives answers that are plausible and worse.
      """,
    remedy: """
      Check which base the training used. If it really is the same model under another name, correct the config or the \
      base's `_name_or_path`. vLLM's filesystem resolver wants the served name exactly.
      """,
    repair: .no("a name settles neither which base was meant nor what is right."),
    example: """
      warning  base-name-mismatch  the adapter was trained on meta-llama/Llama-3.1-8B, but the base is meta-llama/Llama-3.1-8B-Instruct
      """
  ) { context in
    guard let config = context.adapter.config, let trained = config.baseModel, let served = context.base?.name,
      ModelName(served).isRepository, !ModelName(trained).mayBe(ModelName(served))
    else { return [] }
    let isVariant = ModelName(trained).isVariant(of: ModelName(served))
    return [
      Finding(
        .baseNameMismatch, severity: isVariant ? .note : nil,
        "the adapter was trained on \(escaped(trained, limit: 120)), but the base is \(escaped(served, limit: 120))",
        file: config.path, expected: escaped(served, limit: 120), found: escaped(trained, limit: 120),
        hint: isVariant
          ? "the two are variants of one model that differ in how the weights are quantised; nothing is amiss"
          : "check which base the training used"
      )
    ]
  }
}
