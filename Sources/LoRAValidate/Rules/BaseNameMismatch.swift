import LoRAIO
import LoRAModel
import TensorCore

extension Rule {
  /// The config names another base than the one at hand.
  static let baseNameMismatch = Rule(
    .baseNameMismatch, "The config names another base model",
    meaning: """
      `base_model_name_or_path` of the adapter is another model than the base says it is. The owner of a repository does \
      not count, since mirrors keep the model's name; a local path counts as the same when its last part is alike.
      """,
    consequence: """
      Two models of one family have the same shapes, so everything loads. An adapter for the base model on the instruct \
      model (or another generation) gives answers that are plausible and worse.
      """,
    remedy: """
      Check which base the training used. If it really is the same model under another name, correct the config or the \
      base's `_name_or_path`. vLLM's filesystem resolver wants the served name exactly.
      """,
    example: """
      warning  base-name-mismatch  the adapter was trained on meta-llama/Llama-3.1-8B, but the base is meta-llama/Llama-3.1-8B-Instruct
      """
  ) { context in
    guard let config = context.adapter.config, let trained = config.baseModel, let served = context.base?.name,
      ModelName(served).isRepository, !ModelName(trained).mayBe(ModelName(served))
    else { return [] }
    let quantised = ["-bnb-4bit", "-bnb-8bit", "-gptq", "-awq", "-4bit", "-8bit", "-int4", "-fp8"]
    let suffix = quantised.first { ModelName(trained).name.hasSuffix($0) }
    return [
      Finding(
        .baseNameMismatch,
        "the adapter was trained on \(escaped(trained, limit: 120)), but the base is \(escaped(served, limit: 120))",
        file: config.path, expected: escaped(served, limit: 120), found: escaped(trained, limit: 120),
        hint: suffix == nil
          ? "check which base the training used"
          : "the training saw a quantised variant of its base; check the answers before serving on full-precision weights"
      )
    ]
  }
}

/// What a `base_model_name_or_path` says about the model: a repository id, or a path whose last part is its name.
private struct ModelName {
  /// The model's name without owner and folders, in lower case.
  let name: String
  /// Whether it has the form `owner/name`.
  let isRepository: Bool

  init(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    isRepository = parts.count == 2 && parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && !$0.hasPrefix("~") }
    // A folder of the Hugging Face cache: models--owner--name/snapshots/….
    let cached = parts.first { $0.hasPrefix("models--") }?.split(separator: "-").dropFirst(2).joined(separator: "-")
    name = (cached ?? Folder.lastComponent(text)).lowercased()
  }

  /// Whether it can be the model that a repository id names: equal for ids, alike for folders, which people shorten.
  func mayBe(_ other: ModelName) -> Bool {
    if name == other.name { return true }
    guard !isRepository else { return false }
    let (left, right) = (name.filter { $0.isLetter || $0.isNumber }, other.name.filter { $0.isLetter || $0.isNumber })
    return left.contains(right) || right.contains(left)
  }
}
