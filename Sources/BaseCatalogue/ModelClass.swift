extension ModelClass {
  /// The heads that the library generates for nearly every decoder; some keep an old name for the body of the question
  /// answering class.
  static func decoder(_ prefix: Path = "model", tied: Bool = false, answering body: Path? = nil) -> [ModelClass] {
    [
      causal("ForCausalLM", prefix, tied: tied), bare, classifier(prefix), tokenClassifier(prefix),
      answering(body ?? prefix),
    ]
  }

  /// The heads of the older decoders, whose token classifier has another name.
  static func transformer(_ suffix: String = "ForCausalLM", tied: Bool, bias: Bool = false) -> [ModelClass] {
    [
      causal(suffix, "transformer", tied: tied, bias: bias), bare, classifier("transformer"),
      tokenClassifier("transformer", "classifier"), answering("transformer"),
    ]
  }

  /// The body alone.
  static let bare = ModelClass("Model", "")

  /// A language model's output matrix; `tied` is the architecture's default.
  static func causal(
    _ suffix: String, _ prefix: Path, _ name: Path = "lm_head", tied: Bool, bias: Bool = false
  ) -> ModelClass {
    ModelClass(suffix, prefix) { config, body in
      linear(name, body.hidden, body.vocabulary, bias: bias, tied: config.tied(tied))
    }
  }

  /// A class score for a whole text.
  static func classifier(_ prefix: Path) -> ModelClass {
    ModelClass("ForSequenceClassification", prefix) { config, body in linear("score", body.hidden, config.labels) }
  }

  /// A class score for every token.
  static func tokenClassifier(_ prefix: Path, _ name: Path = "score") -> ModelClass {
    ModelClass("ForTokenClassification", prefix) { config, body in linear(name, body.hidden, config.labels, bias: true)
    }
  }

  /// Start and end of an answer in a text.
  static func answering(_ prefix: Path) -> ModelClass {
    ModelClass("ForQuestionAnswering", prefix) { _, body in linear("qa_outputs", body.hidden, 2, bias: true) }
  }
}
