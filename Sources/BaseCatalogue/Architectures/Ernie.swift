extension Architecture {
  static let ernie45 = Architecture("ernie4_5", heads: Head.decoder(tied: true)) { config in
    let sizes = Decoder(
      config, vocabulary: 103424, hidden: 1024, intermediate: 3072, layers: 18, heads: 16, keyValueHeads: 2,
      headWidth: 128)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { _ in
      attention("self_attn", sizes, bias: config.bool("use_bias", false))
      gatedBlock("mlp", sizes.hidden, sizes.intermediate, bias: config.bool("use_bias", false))
      norm("input_layernorm", sizes.hidden)
      norm("post_attention_layernorm", sizes.hidden)
    }
    norm("norm", sizes.hidden)
  }
}
