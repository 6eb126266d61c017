extension Architecture {
  static let stableLM = Architecture("stablelm", heads: ModelClass.decoder()) { config in
    let sizes = DecoderSizes(
      config, vocabulary: 50304, hidden: 2560, intermediate: 6912, layers: 32, heads: 32, keyValueHeads: 32,
      readsHeadWidth: false)
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { _ in
      attention("self_attn", sizes, bias: config.bool("use_qkv_bias", false), outputBias: false)
      if config.bool("qk_layernorm", false) {
        copies("self_attn.q_layernorm.norms", sizes.heads) { _ in norm("", sizes.headWidth) }
        copies("self_attn.k_layernorm.norms", sizes.keyValueHeads) { _ in norm("", sizes.headWidth) }
      }
      gatedBlock("mlp", sizes.hidden, sizes.intermediate)
      norm("input_layernorm", sizes.hidden, bias: true)
      if !config.bool("use_parallel_residual", false) { norm("post_attention_layernorm", sizes.hidden, bias: true) }
    }
    norm("norm", sizes.hidden, bias: true)
  }
}
