/// What vLLM 0.33 does for one architecture beyond the rules that hold for all: read from the classes in
/// `vllm/model_executor/models`.
struct EngineTraits: Sendable {
  /// Embeddings and heads that get slots without being asked for (`embedding_modules`).
  var embeddings: Set<Substring> = []
  /// Whether gate and up of all experts are one stack there (`is_3d_moe_weight`).
  var fusesExperts = false
  /// Components of names, and beginnings of names, that read otherwise in the engine.
  var components: [Substring: String] = [:]
  var prefixes: [(from: String, to: String)] = []
  /// Whether the engine's class takes adapters at all.
  var isServed = true

  /// The traits of a `model_type`; other architectures run on transformers' own code, which has slots for the token
  /// embedding and fuses projections as the engine's own classes do.
  static func of(_ modelType: String?) -> EngineTraits {
    guard let modelType else { return EngineTraits() }
    return known[modelType] ?? EngineTraits(embeddings: ["embed_tokens"])
  }

  private static let both: Set<Substring> = ["embed_tokens", "lm_head"]

  private static let known: [String: EngineTraits] = {
    var table: [String: EngineTraits] = [:]
    for name in [
      "llama", "mixtral", "qwen3", "qwen3_moe", "exaone4", "granite", "phi3", "ernie4_5", "llama4_text",
    ] { table[name] = EngineTraits(embeddings: both) }
    for name in ["cohere", "cohere2"] { table[name] = EngineTraits(embeddings: ["embed_tokens"]) }
    for name in [
      "mistral", "qwen2", "qwen2_moe", "gemma", "gemma2", "gemma3_text", "glm4", "opt", "deepseek_v2", "deepseek_v3",
    ] { table[name] = EngineTraits() }
    table["gpt_oss"] = EngineTraits(fusesExperts: true, components: ["self_attn": "attn"])
    table["gemma3"] = EngineTraits()
    table["qwen2_vl"] = EngineTraits(
      prefixes: [("lm_head", "language_model.lm_head"), ("model.", "language_model.model.")])
    table["bert"] = EngineTraits(prefixes: [("bert.", "model."), ("encoder.", "model.encoder.")])
    table["roberta"] = EngineTraits(prefixes: [("roberta.", "model."), ("encoder.", "model.encoder.")])
    for name in ["falcon", "gpt2", "gptj", "bloom", "stablelm", "mpt", "t5", "vit", "whisper", "distilbert"] {
      table[name] = EngineTraits(isServed: false)
    }
    return table
  }()

  /// The engine's name for a module of the base, by which parts are known, not yet fused.
  func renamed(_ name: String) -> String {
    var name = name
    for (from, to) in prefixes where name.hasPrefix(from) {
      name = to + name.dropFirst(from.count)
      break
    }
    guard !components.isEmpty else { return name }
    return name.split(separator: ".", omittingEmptySubsequences: false)
      .map { components[$0] ?? String($0) }.joined(separator: ".")
  }
}
