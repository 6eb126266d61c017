extension Architecture {
  static let bloom = Architecture(
    "bloom", heads: ModelClass.transformer(tied: true),
    keys: ["num_hidden_layers": "n_layer", "num_attention_heads": "n_head"]
  ) { config in
    let hidden = config.optionalSize("n_embed") ?? config.size("hidden_size", 64)
    tokens("word_embeddings", config.size("vocab_size", 250880), hidden)
    norm("word_embeddings_layernorm", hidden, bias: true)
    layers("h", config.size("n_layer", 2)) { _ in
      norm("input_layernorm", hidden, bias: true)
      linear("self_attention.query_key_value", hidden, 3 * hidden, bias: true)
      linear("self_attention.dense", hidden, hidden, bias: true)
      norm("post_attention_layernorm", hidden, bias: true)
      linear("mlp.dense_h_to_4h", hidden, 4 * hidden, bias: true)
      linear("mlp.dense_4h_to_h", 4 * hidden, hidden, bias: true)
    }
    norm("ln_f", hidden, bias: true)
  }
}
