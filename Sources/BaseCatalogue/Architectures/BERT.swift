extension Architecture {
  static let bert = Architecture("bert", heads: bertHeads) { config in
    let sizes = EncoderSizes(config)
    tokens("embeddings.word_embeddings", config.size("vocab_size", 30522), sizes.hidden)
    embeddingsAndLayers(config, sizes)
  }

  private static let bertHeads: [ModelClass] = [
    ModelClass("ForMaskedLM", "bert", rows: predictions),
    ModelClass("LMHeadModel", "bert", rows: predictions),
    ModelClass("ForPreTraining", "bert") { config, body in
      pooler("bert.pooler", body.hidden)
      predictions(config, body)
      linear("cls.seq_relationship", body.hidden, 2, bias: true)
    },
    ModelClass("Model", "") { _, body in pooler("pooler", body.hidden) },
    ModelClass("ForNextSentencePrediction", "bert") { _, body in
      pooler("bert.pooler", body.hidden)
      linear("cls.seq_relationship", body.hidden, 2, bias: true)
    },
    ModelClass("ForSequenceClassification", "bert") { config, body in
      pooler("bert.pooler", body.hidden)
      linear("classifier", body.hidden, config.labels, bias: true)
    },
    ModelClass("ForMultipleChoice", "bert") { _, body in
      pooler("bert.pooler", body.hidden)
      linear("classifier", body.hidden, 1, bias: true)
    },
    .tokenClassifier("bert", "classifier"), .answering("bert"),
  ]

  @Sendable @RowBuilder
  private static func predictions(_ config: Config, _ body: Body) -> [Row] {
    scope("cls.predictions") {
      linear("transform.dense", body.hidden, body.hidden, bias: true)
      norm("transform.LayerNorm", body.hidden, bias: true)
      vocabularyHead(config, body)
    }
  }

  static let roberta = Architecture("roberta", heads: robertaHeads) { config in
    let sizes = EncoderSizes(config)
    tokens("embeddings.word_embeddings", config.size("vocab_size", 50265), sizes.hidden)
    embeddingsAndLayers(config, sizes)
  }

  private static let robertaHeads: [ModelClass] = [
    ModelClass("ForMaskedLM", "roberta", rows: robertaHead),
    ModelClass("ForCausalLM", "roberta", rows: robertaHead),
    ModelClass("Model", "") { _, body in pooler("pooler", body.hidden) },
    ModelClass("ForSequenceClassification", "roberta") { config, body in
      linear("classifier.dense", body.hidden, body.hidden, bias: true)
      linear("classifier.out_proj", body.hidden, config.labels, bias: true)
    },
    ModelClass("ForMultipleChoice", "roberta") { _, body in
      pooler("roberta.pooler", body.hidden)
      linear("classifier", body.hidden, 1, bias: true)
    },
    .tokenClassifier("roberta", "classifier"), .answering("roberta"),
  ]

  @Sendable @RowBuilder
  private static func robertaHead(_ config: Config, _ body: Body) -> [Row] {
    scope("lm_head") {
      linear("dense", body.hidden, body.hidden, bias: true)
      norm("layer_norm", body.hidden, bias: true)
      vocabularyHead(config, body)
    }
  }

  /// A decoder whose bias is stored as `bias` beside it; when untied both have one of their own.
  @RowBuilder
  private static func vocabularyHead(_ config: Config, _ body: Body) -> [Row] {
    let isTied = config.tied(true)
    linear("decoder", body.hidden, body.vocabulary, bias: !isTied, tied: isTied)
    tensor("bias", body.vocabulary)
  }

  private static func pooler(_ path: Path, _ hidden: Size) -> Row {
    scope(path) { linear("dense", hidden, hidden, bias: true) }
  }

  /// The sizes of an encoder, which both read alike.
  private struct EncoderSizes {
    let hidden: Size
    let intermediate: Size
    let layers: Size

    init(_ config: Config) {
      hidden = config.size("hidden_size", 768)
      intermediate = config.size("intermediate_size", 3072)
      layers = config.size("num_hidden_layers", 12)
    }
  }

  @RowBuilder
  private static func embeddingsAndLayers(_ config: Config, _ sizes: EncoderSizes) -> [Row] {
    embedding("embeddings.position_embeddings", config.size("max_position_embeddings", 512), sizes.hidden)
    embedding("embeddings.token_type_embeddings", config.size("type_vocab_size", 2), sizes.hidden)
    norm("embeddings.LayerNorm", sizes.hidden, bias: true)
    layers("encoder.layer", sizes.layers) { _ in
      encoderAttention("attention", sizes.hidden)
      if config.bool("add_cross_attention", false) { encoderAttention("crossattention", sizes.hidden) }
      linear("intermediate.dense", sizes.hidden, sizes.intermediate, bias: true)
      linear("output.dense", sizes.intermediate, sizes.hidden, bias: true)
      norm("output.LayerNorm", sizes.hidden, bias: true)
    }
  }

  private static func encoderAttention(_ path: Path, _ hidden: Size) -> Row {
    scope(path) {
      for name in ["self.query", "self.key", "self.value", "output.dense"] {
        linear("\(name)", hidden, hidden, bias: true)
      }
      norm("output.LayerNorm", hidden, bias: true)
    }
  }
}
