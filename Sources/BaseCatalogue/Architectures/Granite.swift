extension Architecture {
  static let granite = Architecture("granite", heads: ModelClass.decoder()) { config in
    let sizes = DecoderSizes(config, vocabulary: 32000, hidden: 4096, intermediate: 11008, layers: 32, heads: 32)
    llamaBody(sizes, bias: config.bool("attention_bias", false), blockBias: config.bool("mlp_bias", false))
  }
}
