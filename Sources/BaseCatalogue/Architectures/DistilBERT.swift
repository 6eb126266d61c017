extension Architecture {
  static let distilBERT = Architecture("distilbert", heads: distilBERTHeads, keys: distilBERTKeys) { config in
    let hidden = config.size("dim", 768)
    let inner = config.size("hidden_dim", 3072)
    tokens("embeddings.word_embeddings", config.size("vocab_size", 30522), hidden)
    embedding("embeddings.position_embeddings", config.size("max_position_embeddings", 512), hidden)
    norm("embeddings.LayerNorm", hidden, bias: true)
    layers("transformer.layer", config.size("n_layers", 6)) { _ in
      for name in ["q_lin", "k_lin", "v_lin", "out_lin"] { linear("attention.\(name)", hidden, hidden, bias: true) }
      norm("sa_layer_norm", hidden, bias: true)
      linear("ffn.lin1", hidden, inner, bias: true)
      linear("ffn.lin2", inner, hidden, bias: true)
      norm("output_layer_norm", hidden, bias: true)
    }
  }

  private static let distilBERTKeys = [
    "hidden_size": "dim", "num_attention_heads": "n_heads", "num_hidden_layers": "n_layers",
  ]

  private static let distilBERTHeads: [ModelClass] = [
    ModelClass("ForMaskedLM", "distilbert") { config, body in
      linear("vocab_transform", body.hidden, body.hidden, bias: true)
      norm("vocab_layer_norm", body.hidden, bias: true)
      linear("vocab_projector", body.hidden, body.vocabulary, bias: true, tied: config.tied(true))
    },
    .bare,
    ModelClass("ForSequenceClassification", "distilbert") { config, body in
      linear("pre_classifier", body.hidden, body.hidden, bias: true)
      linear("classifier", body.hidden, config.labels, bias: true)
    },
    ModelClass("ForMultipleChoice", "distilbert") { _, body in
      linear("pre_classifier", body.hidden, body.hidden, bias: true)
      linear("classifier", body.hidden, 1, bias: true)
    },
    .tokenClassifier("distilbert", "classifier"), .answering("distilbert"),
  ]
}
