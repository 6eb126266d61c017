extension Architecture {
  static let gemma = Architecture("gemma", heads: ModelClass.decoder(tied: true)) { config in
    let sizes = DecoderSizes(
      config, vocabulary: 256000, hidden: 3072, intermediate: 24576, layers: 28, heads: 16, keyValueHeads: 16,
      headWidth: 256)
    llamaBody(sizes, bias: config.bool("attention_bias", false))
  }

  static let gemma2 = Architecture("gemma2", heads: ModelClass.decoder(tied: true)) { config in
    let sizes = DecoderSizes(
      config, vocabulary: 256000, hidden: 2304, intermediate: 9216, layers: 26, heads: 8, keyValueHeads: 4,
      headWidth: 256)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { _ in
      attention("self_attn", sizes, bias: config.bool("attention_bias", false))
      gatedBlock("mlp", sizes.hidden, sizes.intermediate)
      norm("input_layernorm", sizes.hidden)
      norm("post_attention_layernorm", sizes.hidden)
      norm("pre_feedforward_layernorm", sizes.hidden)
      norm("post_feedforward_layernorm", sizes.hidden)
    }
    norm("norm", sizes.hidden)
  }
}
