extension Architecture {
  static let mistral = Architecture("mistral", heads: Head.decoder()) { config in
    let sizes = Decoder(
      config, vocabulary: 32000, hidden: 4096, intermediate: 14336, layers: 32, heads: 32, keyValueHeads: 8)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { _ in
      attention("self_attn", sizes, bias: false)
      gatedBlock("mlp", sizes.hidden, sizes.intermediate)
      norm("input_layernorm", sizes.hidden)
      norm("post_attention_layernorm", sizes.hidden)
    }
    norm("norm", sizes.hidden)
  }
}
