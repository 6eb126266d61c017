extension Architecture {
  static let starcoder2 = Architecture("starcoder2", heads: ModelClass.decoder(tied: true)) { config in
    let sizes = DecoderSizes(
      config, vocabulary: 49152, hidden: 3072, intermediate: 12288, layers: 30, heads: 24, keyValueHeads: 2)
    let bias = config.bool("use_bias", true)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { _ in
      attention("self_attn", sizes, bias: bias)
      linear("mlp.c_fc", sizes.hidden, sizes.intermediate, bias: bias)
      linear("mlp.c_proj", sizes.intermediate, sizes.hidden, bias: bias)
      norm("input_layernorm", sizes.hidden, bias: true)
      norm("post_attention_layernorm", sizes.hidden, bias: true)
    }
    norm("norm", sizes.hidden, bias: true)
  }
}
