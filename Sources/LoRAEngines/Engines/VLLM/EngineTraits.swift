import BaseCatalogue
public import LoRAModel
import TensorCore

/// What vLLM 0.33 does for one architecture beyond the rules that hold for all: read from the classes in
/// `vllm/model_executor/models`, and compared with what they do (`testdata/make/check_vllm.py`).
public struct EngineTraits: Sendable {
  /// Whether the engine's class takes adapters at all.
  public var isServed = true
  /// Embeddings and heads that get slots without being asked for (`embedding_modules`).
  public var embeddings: Set<Substring> = []
  /// Whether gate and up of all experts are one stack there (`is_3d_moe_weight`); without it, factors of whole stacks
  /// are refused.
  public var fusesExperts = false
  /// Whether q of cross-attention stands alone and k and v are one module of two slices.
  public var pairsCrossAttention = false
  /// Whether gate and up that are one matrix in the checkpoint are two slices there.
  public var splitsGateUp = false
  /// Heads of tasks that get slots; others are whole tensors in the engine, not factors.
  public var taskHeads: Set<String> = []
  /// Last parts of names that its loader refuses, although the base has such modules.
  public var refusedLeaves: Set<String> = []
  /// Endings of names of linear layers that every device keeps whole, against the rule.
  var wholeModules: [String] = []
  /// Endings of names of modules that it runs without factors: what an adapter has for them is loaded and never applied.
  var bareModules: [String] = []
  /// Components of names that transformers 5 writes and the engine does not translate into its own: what lies below
  /// them is loaded and never found.
  var lostComponents: Set<Substring> = []
  /// Components of names, and beginnings of names, that read otherwise in the engine.
  var components: [Substring: String] = [:]
  var prefixes: [(from: String, to: String)] = []

  /// The traits of a base's architecture; those without a class of their own there run on transformers' own code, which
  /// has slots for the token embedding and fuses projections as the engine's own classes do.
  public static func of(_ base: BaseModel) -> EngineTraits {
    guard let modelType = base.modelType else { return EngineTraits() }
    // Encoders that classify keep their body's name; those that embed are wrapped.
    if ["bert", "roberta"].contains(modelType), base.description?.className?.contains("Classification") ?? false {
      return modelType == "bert"
        ? EngineTraits(taskHeads: ["classifier"], bareModules: ["pooler.dense"])
        : EngineTraits(refusedLeaves: ["out_proj"], bareModules: ["classifier.dense"])
    }
    var traits = known[modelType] ?? EngineTraits(embeddings: ["embed_tokens"])
    if modelType == "gpt_bigcode", base.config?["multi_query"]?.bool ?? true { traits.bareModules = ["attn.c_attn"] }
    return traits
  }

  private static let both: Set<Substring> = ["embed_tokens", "lm_head"]

  private static let known: [String: EngineTraits] = {
    var table: [String: EngineTraits] = [:]
    for name in ["llama", "qwen3", "qwen3_moe", "exaone4", "granite", "phi3", "ernie4_5", "llama4_text"] {
      table[name] = EngineTraits(embeddings: both)
    }
    table["mixtral"] = EngineTraits(embeddings: both, lostComponents: ["mlp"])
    for name in ["cohere", "cohere2"] { table[name] = EngineTraits(embeddings: ["embed_tokens"]) }
    for name in [
      "mistral", "qwen2", "qwen2_moe", "gemma", "gemma2", "gemma3", "gemma3_text", "opt", "deepseek_v2", "deepseek_v3",
    ] { table[name] = EngineTraits() }
    table["glm4"] = EngineTraits(splitsGateUp: true, refusedLeaves: ["gate_up_proj"])
    table["gpt_oss"] = EngineTraits(fusesExperts: true, components: ["self_attn": "attn"])
    table["gpt_neox"] = EngineTraits(embeddings: ["embed_tokens"], prefixes: [("gpt_neox.", "model.")])
    table["gpt_bigcode"] = EngineTraits(
      embeddings: ["embed_tokens"], wholeModules: ["mlp.c_fc", "mlp.c_proj"], prefixes: [("transformer.", "model.")])
    table["qwen2_vl"] = EngineTraits(
      prefixes: [("lm_head", "language_model.lm_head"), ("model.", "language_model.model.")])
    for name in ["bert", "roberta"] {
      table[name] = EngineTraits(
        bareModules: ["pooler.dense"], prefixes: [(name + ".", "model."), ("encoder.", "model.encoder.")])
    }
    table["whisper"] = EngineTraits(pairsCrossAttention: true, components: ["fc1": "mlp.fc1", "fc2": "mlp.fc2"])
    for name in ["falcon", "gpt2", "gptj", "bloom", "stablelm", "mpt", "t5", "vit", "distilbert"] {
      table[name] = EngineTraits(isServed: false)
    }
    return table
  }()

  /// Whether the engine's class has the module of the base, but no factors for it.
  public func runsBare(_ name: String) -> Bool { Self.ends(name, with: bareModules) }

  /// Whether every device keeps the module whole, against the rule.
  public func keepsWhole(_ name: String) -> Bool { Self.ends(name, with: wholeModules) }

  private static func ends(_ name: String, with endings: [String]) -> Bool {
    endings.contains { name == $0 || name.hasSuffix("." + $0) }
  }

  /// Whether what an adapter has under this name is loaded and never applied.
  public func loses(_ name: String) -> Bool {
    runsBare(name) || !lostComponents.isEmpty && name.split(separator: ".").contains { lostComponents.contains($0) }
  }

  /// The engine's name for a module of the base, by which parts are known, not yet fused.
  public func renamed(_ name: String) -> String {
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
