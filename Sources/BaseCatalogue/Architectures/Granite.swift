extension Architecture {
  static let granite = Architecture("granite", heads: Head.decoder()) { config in
    let sizes = Decoder(config, vocabulary: 32000, hidden: 4096, intermediate: 11008, layers: 32, heads: 32)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { _ in
      attention("self_attn", sizes, bias: config.bool("attention_bias", false))
      gatedBlock("mlp", sizes.hidden, sizes.intermediate, bias: config.bool("mlp_bias", false))
      norm("input_layernorm", sizes.hidden)
      norm("post_attention_layernorm", sizes.hidden)
    }
    norm("norm", sizes.hidden)
  }
}
