extension Architecture {
  static let glm4 = Architecture("glm4", heads: ModelClass.decoder()) { config in
    let sizes = DecoderSizes(
      config, vocabulary: 151552, hidden: 4096, intermediate: 13696, layers: 40, heads: 32, keyValueHeads: 2,
      headWidth: 128)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { _ in
      attention("self_attn", sizes, bias: config.bool("attention_bias", true), outputBias: false)
      linear("mlp.gate_up_proj", sizes.hidden, 2 * sizes.intermediate)
      linear("mlp.down_proj", sizes.intermediate, sizes.hidden)
      norm("input_layernorm", sizes.hidden)
      norm("post_attention_layernorm", sizes.hidden)
      norm("post_self_attn_layernorm", sizes.hidden)
      norm("post_mlp_layernorm", sizes.hidden)
    }
    norm("norm", sizes.hidden)
  }
}
