import LoRAIO
import LoRAModel
import TensorCore

extension Rule {
  /// The config names another base than the one at hand.
  static let baseNameMismatch = Rule(
    .baseNameMismatch, "The config names another base model",
    meaning: """
      `base_model_name_or_path` of the adapter is another repository than the base says it is. Names are compared when \
      both look like repository ids; the owner does not count, since mirrors keep the model's name.
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
    guard let config = context.adapter.config, let trained = config.baseModel, let base = context.base,
      let served = base.repository, isRepository(trained), modelName(trained) != modelName(served)
    else { return [] }
    let quantised = ["-bnb-4bit", "-bnb-8bit", "-gptq", "-awq", "-4bit", "-8bit", "-int4", "-fp8"]
    let suffix = quantised.first { modelName(trained).hasSuffix($0) }
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

  fileprivate static func isRepository(_ text: String) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && !$0.hasPrefix("~") }
  }

  /// The model's name without owner, in lower case.
  private static func modelName(_ repository: String) -> String {
    Folder.lastComponent(repository).lowercased()
  }
}

extension BaseModel {
  /// The repository that the base says it is: `_name_or_path`, or the folder of the Hugging Face cache that it lies in.
  fileprivate var repository: String? {
    if let name, Rule.isRepository(name) { return name }
    for part in path.split(separator: "/") where part.hasPrefix("models--") {
      let components = part.split(separator: "-", omittingEmptySubsequences: false)
      // "models--owner--name" splits into "models", "", "owner…", "", "name…".
      guard let gap = components.dropFirst(2).firstIndex(of: "") else { continue }
      return components[2..<gap].joined(separator: "-") + "/" + components[(gap + 1)...].joined(separator: "-")
    }
    return nil
  }
}
