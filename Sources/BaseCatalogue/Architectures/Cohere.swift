extension Architecture {
  static let cohere = Architecture("cohere", heads: ModelClass.decoder(tied: true)) { config in
    let sizes = DecoderSizes(config, vocabulary: 256000, hidden: 8192, intermediate: 22528, layers: 40, heads: 64)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { _ in
      attention("self_attn", sizes, bias: config.bool("attention_bias", false))
      if config.bool("use_qk_norm", false) {
        tensor("self_attn.q_norm.weight", sizes.heads, sizes.headWidth)
        tensor("self_attn.k_norm.weight", sizes.keyValueHeads, sizes.headWidth)
      }
      gatedBlock("mlp", sizes.hidden, sizes.intermediate)
      norm("input_layernorm", sizes.hidden)
    }
    norm("norm", sizes.hidden)
  }

  static let cohere2 = Architecture("cohere2", heads: ModelClass.decoder(tied: true)) { config in
    let sizes = DecoderSizes(config, vocabulary: 256000, hidden: 8192, intermediate: 22528, layers: 40, heads: 64)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { _ in
      attention("self_attn", sizes, bias: config.bool("attention_bias", false))
      gatedBlock("mlp", sizes.hidden, sizes.intermediate)
      norm("input_layernorm", sizes.hidden)
    }
    norm("norm", sizes.hidden)
  }
}
