import LoRADeltas
import LoRAModel
import TensorCore

/// What llama.cpp calls the types of models and their tensors (gguf 0.19, `tensor_mapping.py`), and in which order its
/// converter puts the rows (llama.cpp 0b03ada, `convert_hf_to_gguf.py`).
enum GGUFNames {
  /// How a type's rows differ from transformers'.
  enum RowOrder {
    case same
    /// The rows of queries and keys are in pairs, as for all that descends from Llama.
    case paired
    /// Queries, keys and values of a fused module, which transformers keeps by heads, are one after the other.
    case unfused
  }

  static let architectures: [String: (name: String, order: RowOrder)] = [
    "llama": ("llama", .paired), "mistral": ("llama", .paired), "mixtral": ("llama", .paired),
    "granite": ("granite", .paired), "smollm3": ("smollm3", .paired), "arcee": ("arcee", .paired),
    "qwen2": ("qwen2", .same), "qwen2_moe": ("qwen2moe", .same), "qwen3": ("qwen3", .same),
    "qwen3_moe": ("qwen3moe", .same), "gemma": ("gemma", .same), "gemma2": ("gemma2", .same),
    "gemma3_text": ("gemma3", .same), "phi": ("phi2", .same), "phi3": ("phi3", .same),
    "starcoder2": ("starcoder2", .same), "olmo2": ("olmo2", .same), "cohere": ("command-r", .same),
    "gpt2": ("gpt2", .same), "gpt_neox": ("gptneox", .unfused), "bloom": ("bloom", .unfused),
    "falcon": ("falcon", .unfused),
  ]

  /// The tensor of the base that a module adapts, without `.weight`; nil where llama.cpp has none.
  static func tensor(of module: String) -> String? {
    if let layer = module.layer { return inLayer[String(layer.after.dropFirst())].map { "blk.\(layer.index).\($0)" } }
    return outer[String(module.lastComponent)]
  }

  private static let outer = [
    "embed_tokens": "token_embd", "wte": "token_embd", "word_embeddings": "token_embd", "embed_in": "token_embd",
    "lm_head": "output", "embed_out": "output",
  ]

  private static let inLayer = [
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "self_attn.dense": "attn_output", "self_attn.qkv_proj": "attn_qkv",
    "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "self_attention.query_key_value": "attn_qkv",
    "self_attention.dense": "attn_output", "attention.query_key_value": "attn_qkv", "attention.dense": "attn_output",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "mlp.gate_up_proj": "ffn_up",
    "mlp.fc1": "ffn_up", "mlp.fc2": "ffn_down", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
    "mlp.dense_h_to_4h": "ffn_up", "mlp.dense_4h_to_h": "ffn_down", "mlp.gate": "ffn_gate_inp",
    "block_sparse_moe.gate": "ffn_gate_inp", "mlp.shared_expert.gate_proj": "ffn_gate_shexp",
    "mlp.shared_expert.up_proj": "ffn_up_shexp", "mlp.shared_expert.down_proj": "ffn_down_shexp",
    "mlp.experts.gate_proj": "ffn_gate_exps", "mlp.experts.up_proj": "ffn_up_exps",
    "mlp.experts.down_proj": "ffn_down_exps", "block_sparse_moe.experts.gate_proj": "ffn_gate_exps",
    "block_sparse_moe.experts.up_proj": "ffn_up_exps", "block_sparse_moe.experts.down_proj": "ffn_down_exps",
  ]

  /// Where the rows of a module go; nil when they stay.
  ///
  /// - Throws: `SurgeryError.refused` for rows that are not those of the base's heads.
  static func moves(of module: ModuleDraft, _ order: RowOrder, _ input: ConversionInput, _ base: ConversionBase)
    throws(SurgeryError) -> [Int]?
  {
    let rows = module.b.count
    let last = module.name.lastComponent
    var moves: [Int]?
    switch order {
    case .same: return nil
    case .paired:
      guard last == "q_proj" || last == "k_proj" else { return nil }
      moves = base.heads(ofProjection: last).flatMap { RotaryRows.paired(rows: rows, heads: $0) }
    case .unfused:
      guard last == "query_key_value" else { return nil }
      if let heads = base.heads, let sizes = FusedRows.attentionSizes(of: rows, heads),
        let grouped = FusedRows.grouped(sizes, heads)
      {
        moves = FusedRows.places(grouped)
      }
    }
    guard let moves else {
      throw .refused(
        input.path, subject: module.name, "its \(rows) outputs are not those of the heads that the base's config gives")
    }
    return moves
  }
}
