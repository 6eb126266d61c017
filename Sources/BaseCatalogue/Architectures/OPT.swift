extension Architecture {
  static let opt = Architecture("opt", heads: ModelClass.decoder(tied: true)) { config in
    let hidden = config.size("hidden_size", 768)
    let width = config.optionalSize("word_embed_proj_dim") ?? hidden
    let inner = config.size("ffn_dim", 3072)
    let bias = config.bool("enable_bias", true)
    let hasNorms = config.bool("layer_norm_elementwise_affine", true)
    scope("decoder") {
      tokens("embed_tokens", config.size("vocab_size", 50272), width)
      // Positions begin at 2.
      embedding("embed_positions", config.size("max_position_embeddings", 2048) + 2, hidden)
      if width != hidden {
        linear("project_out", hidden, width)
        linear("project_in", width, hidden)
      }
      if hasNorms, config.bool("do_layer_norm_before", true), !config.bool("_remove_final_layer_norm", false) {
        norm("final_layer_norm", hidden, bias: true)
      }
      layers("layers", config.size("num_hidden_layers", 12)) { _ in
        for name in ["k_proj", "v_proj", "q_proj", "out_proj"] {
          linear("self_attn.\(name)", hidden, hidden, bias: bias)
        }
        linear("fc1", hidden, inner, bias: bias)
        linear("fc2", inner, hidden, bias: bias)
        if hasNorms {
          norm("self_attn_layer_norm", hidden, bias: true)
          norm("final_layer_norm", hidden, bias: true)
        }
      }
    }
  }
}
