extension Architecture {
  static let exaone4 = Architecture("exaone4", heads: ModelClass.decoder(answering: "transformer")) { config in
    let sizes = DecoderSizes(
      config, vocabulary: 102400, hidden: 4096, intermediate: 16384, layers: 32, heads: 32, keyValueHeads: 32)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { _ in
      attention("self_attn", sizes, bias: false)
      norm("self_attn.q_norm", sizes.headWidth)
      norm("self_attn.k_norm", sizes.headWidth)
      gatedBlock("mlp", sizes.hidden, sizes.intermediate)
      norm("post_attention_layernorm", sizes.hidden)
      norm("post_feedforward_layernorm", sizes.hidden)
    }
    norm("norm", sizes.hidden)
  }
}
