extension Architecture {
  static let smolLM3 = Architecture("smollm3", heads: ModelClass.decoder(tied: true, answering: "transformer")) {
    config in
    let sizes = DecoderSizes(
      config, vocabulary: 128256, hidden: 2048, intermediate: 11008, layers: 36, heads: 16, keyValueHeads: 4)
    llamaBody(sizes, bias: config.bool("attention_bias", false), blockBias: config.bool("mlp_bias", false))
  }
}
