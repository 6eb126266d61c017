package import JSON

/// The heads of a decoder's attention, as its config gives them.
///
/// Keys are those of transformers' configurations, older spellings included.
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

  /// Reads the shape off a config, of a text model or of a larger one around it.
  package init(_ config: JSONObject) {
    let section = TextSection(config).config
    func size(_ keys: String...) -> UInt64? {
      for key in keys {
        guard let value = section[key]?.int64, !section.isNull(key) else { continue }
        return value > 0 && value < 1 << 31 ? UInt64(value) : nil
      }
      return nil
    }
    layers = size("num_hidden_layers", "n_layer", "n_layers", "num_layers")
    let query = size("num_attention_heads", "n_head", "n_heads", "num_heads")
    queryHeads = query
    let hasNewBlocks = section["new_decoder_architecture"]?.bool == true
    let nested = section["attn_config"]?.object?["kv_n_heads"]?.int64
    let stated = size("num_key_value_heads", "num_kv_heads", "n_head_kv")
    if let nested, nested > 0, nested < 1 << 31 {
      keyValueHeads = UInt64(nested)
    } else if section["multi_query"]?.bool == true, !hasNewBlocks {
      // Falcon and StarCoder's predecessors: one head for all queries, unless Falcon's newer blocks say how many.
      keyValueHeads = 1
    } else {
      keyValueHeads = stated ?? query
    }
    let width = size("hidden_size", "n_embd", "d_model")
    headWidth = size("head_dim") ?? query.flatMap { heads in width.map { $0 / heads } }
    latent = size("kv_lora_rank").map { ($0, size("qk_rope_head_dim") ?? 0) }
  }

  /// Whether two shapes are the same.
  package static func == (left: AttentionShape, right: AttentionShape) -> Bool {
    left.layers == right.layers && left.queryHeads == right.queryHeads && left.keyValueHeads == right.keyValueHeads
      && left.headWidth == right.headWidth && left.latent?.width == right.latent?.width
      && left.latent?.rotary == right.latent?.rotary
  }
}

extension JSONObject {
  fileprivate func isNull(_ key: String) -> Bool { self[key]?.isNull ?? true }
}
