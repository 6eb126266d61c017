extension Architecture {
  static let falcon = Architecture("falcon", heads: ModelClass.transformer(tied: true)) { config in
    let hidden = config.optionalSize("n_embed") ?? config.size("hidden_size", 4544)
    let heads = config.size("num_attention_heads", 71)
    let isNew = config.bool("new_decoder_architecture", false)
    let isMultiQuery = config.bool("multi_query", true)
    let keyValueHeads = isNew ? config.optionalSize("num_kv_heads") ?? heads : isMultiQuery ? 1 : heads
    let intermediate = config.optionalSize("ffn_hidden_size") ?? 4 * hidden
    let bias = config.bool("bias", false)
    tokens("word_embeddings", config.size("vocab_size", 65024), hidden)
    layers("h", config.size("num_hidden_layers", 32)) { _ in
      linear("self_attention.query_key_value", hidden, hidden + 2 * keyValueHeads * (hidden / heads), bias: bias)
      linear("self_attention.dense", hidden, hidden, bias: bias)
      linear("mlp.dense_h_to_4h", hidden, intermediate, bias: bias)
      linear("mlp.dense_4h_to_h", intermediate, hidden, bias: bias)
      if !config.bool("parallel_attn", true) {
        norm("post_attention_layernorm", hidden, bias: true)
        norm("input_layernorm", hidden, bias: true)
      } else if (config.optionalSize("num_ln_in_parallel_attn") ?? (isNew ? 2 : 1)) == 2 {
        norm("ln_attn", hidden, bias: true)
        norm("ln_mlp", hidden, bias: true)
      } else {
        norm("input_layernorm", hidden, bias: true)
      }
    }
    norm("ln_f", hidden, bias: true)
  }
}
