import LoRAIO
import TensorCore

/// What a `base_model_name_or_path` says about the model: a repository id, or a path whose last part is its name.
package struct ModelName: Sendable {
  /// The model's name without owner and folders, in lower case.
  package let name: String
  /// Whether it has the form `owner/name`.
  package let isRepository: Bool
  /// Whether it names a model: a repository, one of the cache, or a word without a folder; a path is people's own.
  package let isCertain: Bool

  package init(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    isRepository = parts.count == 2 && parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && !$0.hasPrefix("~") }
    // A folder of the Hugging Face cache: models--owner--name/snapshots/….
    let cached = parts.first { $0.hasPrefix("models--") }?.split(separator: "-").dropFirst(2).joined(separator: "-")
    isCertain = isRepository || cached != nil || parts.count == 1
    name = (cached ?? Folder.lastComponent(text)).lowercased()
  }

  /// Whether the two names are one but for words that say how the weights are quantised.
  package func isVariant(of other: ModelName) -> Bool {
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
  package func mayBe(_ other: ModelName) -> Bool {
    if name == other.name { return true }
    guard !isRepository else { return false }
    let (left, right) = (name.filter { $0.isLetter || $0.isNumber }, other.name.filter { $0.isLetter || $0.isNumber })
    return left.contains(right) || right.contains(left)
  }
}
