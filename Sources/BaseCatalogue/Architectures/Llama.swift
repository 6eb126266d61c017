extension Architecture {
  static let llama = Architecture("llama", heads: ModelClass.decoder(answering: "transformer")) { config in
    let sizes = DecoderSizes(config, vocabulary: 32000, hidden: 4096, intermediate: 11008, layers: 32, heads: 32)
    llamaBody(sizes, bias: config.bool("attention_bias", false), blockBias: config.bool("mlp_bias", false))
  }

  /// The body that many families share: separate projections, a gated block, two norms.
  @RowBuilder
  static func llamaBody(_ sizes: DecoderSizes, bias: Bool, outputBias: Bool? = nil, blockBias: Bool = false) -> [Row] {
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { _ in
      attention("self_attn", sizes, bias: bias, outputBias: outputBias)
      gatedBlock("mlp", sizes.hidden, sizes.intermediate, bias: blockBias)
      norm("input_layernorm", sizes.hidden)
      norm("post_attention_layernorm", sizes.hidden)
    }
    norm("norm", sizes.hidden)
  }
}
