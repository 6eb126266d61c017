extension Architecture {
  static let qwen2 = Architecture("qwen2", heads: ModelClass.decoder(answering: "transformer")) { config in
    let sizes = DecoderSizes(
      config, vocabulary: 151936, hidden: 4096, intermediate: 22016, layers: 32, heads: 32, keyValueHeads: 32)
    llamaBody(sizes, bias: true, outputBias: false)
  }

  static let qwen3 = Architecture("qwen3", heads: ModelClass.decoder(answering: "transformer")) { config in
    let sizes = DecoderSizes(
      config, vocabulary: 151936, hidden: 4096, intermediate: 22016, layers: 32, heads: 32, keyValueHeads: 32,
      headWidth: 128)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { _ in
      attention("self_attn", sizes, bias: config.bool("attention_bias", false))
      norm("self_attn.q_norm", sizes.headWidth)
      norm("self_attn.k_norm", sizes.headWidth)
      gatedBlock("mlp", sizes.hidden, sizes.intermediate)
      norm("input_layernorm", sizes.hidden)
      norm("post_attention_layernorm", sizes.hidden)
    }
    norm("norm", sizes.hidden)
  }
}
