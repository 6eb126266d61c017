package import JSON

/// The heads of a decoder's attention, as its config gives them.
///
/// Keys are those of transformers' configurations, older spellings included. What a config leaves out is as the class of
/// its type has it, where that is known.
package struct AttentionShape: Sendable, Equatable {
  /// Layers of the model, or nil when the config does not say.
  package let layers: UInt64?
  /// Query heads, or nil when the config does not say.
  package let queryHeads: UInt64?
  /// Key and value heads; as many as query heads where the config does not say otherwise.
  package let keyValueHeads: UInt64?
  /// Width of a head in elements, or nil when neither it nor the model's width is known.
  package let headWidth: UInt64?
  /// Width of the one vector that multi-head latent attention keeps, and of its rotary key; nil for plain attention.
  package let latent: (width: UInt64, rotary: UInt64)?

  /// Tokens after which windowed layers forget; nil when all layers keep all tokens.
  package let slidingWindow: UInt64?

  /// Reads the shape off a config, of a text model or of a larger one around it.
  package init(_ config: JSONObject) {
    let fields = TextFields(config)
    layers = fields.size("num_hidden_layers", "n_layer", "n_layers", "num_layers")
    let query = fields.size("num_attention_heads", "n_head", "n_heads", "num_heads")
    queryHeads = query
    if let nested = fields.config["attn_config"]?.object?["kv_n_heads"]?.int64, nested > 0, nested < 1 << 31 {
      keyValueHeads = UInt64(nested)
    } else if fields.flag("multi_query", false), !fields.flag("new_decoder_architecture", false) {
      // Falcon and StarCoder's predecessors: one head for all queries, unless Falcon's newer blocks say how many.
      keyValueHeads = 1
    } else {
      keyValueHeads = fields.size("num_key_value_heads", "num_kv_heads", "n_head_kv", else: query)
    }
    let width = fields.size("hidden_size", "n_embd", "d_model")
    let share = query.flatMap { heads in width.map { $0 / heads } }
    headWidth = fields.size("head_dim", "attention_head_dim", else: share)
    latent = fields.size("kv_lora_rank").map { ($0, fields.size("qk_rope_head_dim") ?? 0) }
    slidingWindow =
      fields.flag("use_sliding_window", true) ? fields.size("sliding_window", "attention_window_size") : nil
  }

  /// Whether two shapes are the same.
  package static func == (left: AttentionShape, right: AttentionShape) -> Bool {
    left.layers == right.layers && left.queryHeads == right.queryHeads && left.keyValueHeads == right.keyValueHeads
      && left.headWidth == right.headWidth && left.latent?.width == right.latent?.width
      && left.latent?.rotary == right.latent?.rotary && left.slidingWindow == right.slidingWindow
  }
}
