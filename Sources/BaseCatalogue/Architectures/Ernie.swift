extension Architecture {
  static let ernie45 = Architecture("ernie4_5", heads: ModelClass.decoder(tied: true)) { config in
    let sizes = DecoderSizes(
      config, vocabulary: 103424, hidden: 1024, intermediate: 3072, layers: 18, heads: 16, keyValueHeads: 2,
      headWidth: 128)
    llamaBody(sizes, bias: config.bool("use_bias", false), blockBias: config.bool("use_bias", false))
  }
}
