extension Architecture {
  /// Its norms have no parameters.
  static let olmo = Architecture("olmo", heads: ModelClass.decoder()) { config in
    let sizes = DecoderSizes(config, vocabulary: 50304, hidden: 4096, intermediate: 11008, layers: 32, heads: 32)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { _ in
      attention("self_attn", sizes, bias: config.bool("attention_bias", false))
      gatedBlock("mlp", sizes.hidden, sizes.intermediate)
    }
  }

  static let olmo2 = Architecture("olmo2", heads: ModelClass.decoder()) { config in
    let sizes = DecoderSizes(config, vocabulary: 50304, hidden: 4096, intermediate: 11008, layers: 32, heads: 32)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { _ in
      attention("self_attn", sizes, bias: config.bool("attention_bias", false))
      norm("self_attn.q_norm", sizes.query)
      norm("self_attn.k_norm", sizes.keyValue)
      gatedBlock("mlp", sizes.hidden, sizes.intermediate)
      norm("post_attention_layernorm", sizes.hidden)
      norm("post_feedforward_layernorm", sizes.hidden)
    }
    norm("norm", sizes.hidden)
  }
}
