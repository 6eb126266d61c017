/// How one family of models is built: rows for the body, and the heads that its model classes put on top.
public struct Architecture: Sendable {
  /// The `model_type` of its configurations.
  public let modelType: String
  let heads: [Head]
  let aliases: [PathAlias]
  let body: @Sendable (Config) -> [Row]

  /// An architecture; the first of the heads is taken when a configuration names none that is known.
  init(
    _ modelType: String, heads: [Head], aliases: [PathAlias] = [],
    @RowBuilder body: @escaping @Sendable (Config) -> [Row]
  ) {
    self.modelType = modelType
    self.heads = heads
    self.aliases = aliases
    self.body = body
  }

  /// The head for a class name such as `LlamaForCausalLM`: the one with the longest suffix that fits.
  func head(for className: String?) -> (head: Head, isKnown: Bool)? {
    let fitting = heads.filter { className?.hasSuffix($0.classSuffix) ?? false }
    if let head = fitting.max(by: { $0.classSuffix.utf8.count < $1.classSuffix.utf8.count }) { return (head, true) }
    return heads.first.map { ($0, false) }
  }
}

/// What a model class adds around the body.
struct Head: Sendable {
  /// End of the class name, such as `ForCausalLM`.
  let classSuffix: String
  /// Path of the body inside this class, empty for the bare model.
  let prefix: Path
  let rows: @Sendable (Config, Body) -> [Row]

  init(
    _ classSuffix: String, _ prefix: Path,
    @RowBuilder _ rows: @escaping @Sendable (Config, Body) -> [Row]
  ) {
    self.classSuffix = classSuffix
    self.prefix = prefix
    self.rows = rows
  }

  /// A class that adds nothing to the body.
  init(_ classSuffix: String, _ prefix: Path) {
    self.classSuffix = classSuffix
    self.prefix = prefix
    self.rows = { _, _ in [] }
  }
}

/// What a head needs to know of the body: the token embedding.
struct Body {
  /// Rows of the token embedding.
  var vocabulary: Size = .invalid
  /// Elements in one of its rows.
  var hidden: Size = .invalid
  /// Full name of its weight in the checkpoint.
  var tokens = ""
}

extension Head {
  /// The heads that the library generates for nearly every decoder; some keep an old name for the body of the question
  /// answering class.
  static func decoder(_ prefix: String = "model", tied: Bool = false, answering body: String? = nil) -> [Head] {
    [
      causal("ForCausalLM", prefix, tied: tied), bare, classifier(prefix), tokenClassifier(prefix),
      answering(body ?? prefix),
    ]
  }

  /// The body alone.
  static let bare = Head("Model", "")

  /// A language model's output matrix.
  static func causal(_ suffix: String, _ prefix: String, tied: Bool, bias: Bool = false) -> Head {
    Head(suffix, Path(stringLiteral: prefix)) { config, body in
      linear("lm_head", body.hidden, body.vocabulary, bias: bias, tiedTo: config.tied(tied) ? body.tokens : nil)
    }
  }

  /// A class score for a whole text.
  static func classifier(_ prefix: String) -> Head {
    Head("ForSequenceClassification", Path(stringLiteral: prefix)) { config, body in
      linear("score", body.hidden, config.labels)
    }
  }

  /// A class score for every token.
  static func tokenClassifier(_ prefix: String, _ name: Path = "score") -> Head {
    Head("ForTokenClassification", Path(stringLiteral: prefix)) { config, body in
      linear(name, body.hidden, config.labels, bias: true)
    }
  }

  /// Start and end of an answer in a text.
  static func answering(_ prefix: String) -> Head {
    Head("ForQuestionAnswering", Path(stringLiteral: prefix)) { _, body in
      linear("qa_outputs", body.hidden, 2, bias: true)
    }
  }
}
