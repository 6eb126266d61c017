public import Diagnostics
import JSON
import LoRAIO
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

  /// Whether the two names are one but for words that say how the weights are quantised.
  func isVariant(of other: ModelName) -> Bool {
    let (left, right) = (plain, other.plain)
    return left == right && !left.isEmpty
  }

  /// The name's words without those at its end that say how weights are quantised, and those that only go with them.
  private var plain: [Substring] {
    var words = name.split { "-_. ".contains($0) }
    var kept = words
    while let last = words.last, Self.quantisations.contains(last) || Self.companions.contains(last) {
      words.removeLast()
      if Self.quantisations.contains(last) { kept = words }
    }
    // A repacker's name that goes with the quantisation, as in `unsloth-bnb-4bit`.
    while kept.count < name.split(whereSeparator: { "-_. ".contains($0) }).count,
      ["unsloth", "mlx"].contains(kept.last)
    {
      kept.removeLast()
    }
    return kept
  }

  private static let quantisations: Set<Substring> = [
    "bnb", "2bit", "3bit", "4bit", "5bit", "6bit", "8bit", "gptq", "awq", "int4", "int8", "fp4", "fp8", "nf4", "nvfp4",
    "mxfp4", "mxfp8", "gguf", "w4a16", "w8a16", "w8a8", "w4a8", "w4a4", "quantized", "quantised", "quant", "exl2",
    "exl3", "hqq",
    "aqlm", "q2", "q3", "q4", "q5", "q6", "q8", "autoround", "bitsandbytes", "int4wo", "int8wo", "eetq", "quip",
  ]

  /// Words that say more about a quantisation: `FP8-dynamic`, `unsloth-bnb-4bit`, `Q4_K_M`.
  private static let companions: Set<Substring> = [
    "dynamic", "unsloth", "marlin", "sym", "asym", "kv", "block", "k", "m", "s", "l", "0", "1", "g128", "128g", "g32",
    "mlx", "ct", "static", "gs128", "hf", "inc", "qat",
  ]

  /// Whether it can be the model that a repository id names: equal for ids, alike for folders, which people shorten.
  func mayBe(_ other: ModelName) -> Bool {
    if name == other.name { return true }
    guard !isRepository else { return false }
    let (left, right) = (name.filter { $0.isLetter || $0.isNumber }, other.name.filter { $0.isLetter || $0.isNumber })
    return left.contains(right) || right.contains(left)
  }
}
