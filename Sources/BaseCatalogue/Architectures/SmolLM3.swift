extension Architecture {
  static let smolLM3 = Architecture("smollm3", heads: Head.decoder(tied: true, answering: "transformer")) { config in
    let sizes = Decoder(
      config, vocabulary: 128256, hidden: 2048, intermediate: 11008, layers: 36, heads: 16, keyValueHeads: 4)
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
