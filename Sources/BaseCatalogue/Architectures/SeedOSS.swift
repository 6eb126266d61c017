extension Architecture {
  static let seedOSS = Architecture("seed_oss", heads: ModelClass.decoder(answering: "transformer")) { config in
    let sizes = DecoderSizes(
      config, vocabulary: 155136, hidden: 4096, intermediate: 27648, layers: 64, heads: 80, keyValueHeads: 8,
      headWidth: 128)
    llamaBody(
      sizes, bias: config.bool("attention_bias", true), outputBias: config.bool("attention_out_bias", false),
      blockBias: config.bool("mlp_bias", false))
  }
}
