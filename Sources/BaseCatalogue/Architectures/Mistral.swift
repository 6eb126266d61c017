extension Architecture {
  static let mistral = Architecture("mistral", heads: ModelClass.decoder()) { config in
    let sizes = DecoderSizes(
      config, vocabulary: 32000, hidden: 4096, intermediate: 14336, layers: 32, heads: 32, keyValueHeads: 8)
    llamaBody(sizes, bias: false)
  }
}
