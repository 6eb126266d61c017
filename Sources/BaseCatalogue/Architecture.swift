/// How one family of models is built: rows for the body, and the heads that its model classes put on top.
package struct Architecture: Sendable {
  /// The `model_type` of its configurations.
  package let modelType: String
  let heads: [ModelClass]
  let keys: [String: String]
  let textSection: String?
  let aliases: [PathAlias]
  let body: @Sendable (Config) -> [Row]

  /// An architecture; the first of the heads is taken when a configuration names none that is known.
  ///
  /// `keys` are other names of configuration keys, as the library's attribute maps have them: other name to name.
  /// `textSection` is the key of the text model's own configuration in a multimodal one.
  init(
    _ modelType: String, heads: [ModelClass], keys: [String: String] = [:], textSection: String? = nil,
    aliases: [PathAlias] = [],
    @RowBuilder body: @escaping @Sendable (Config) -> [Row]
  ) {
    self.modelType = modelType
    self.heads = heads
    self.keys = keys
    self.textSection = textSection
    self.aliases = aliases
    self.body = body
  }

  /// The head for a class name such as `LlamaForCausalLM`: the one with the longest suffix that fits.
  func head(for className: String?) -> (head: ModelClass, isKnown: Bool)? {
    let fitting = heads.filter { className?.hasSuffix($0.classSuffix) ?? false }
    if let head = fitting.max(by: { $0.classSuffix.utf8.count < $1.classSuffix.utf8.count }) { return (head, true) }
    return heads.first.map { ($0, false) }
  }
}

/// What a model class adds around the body.
struct ModelClass: Sendable {
  typealias Rows = @Sendable (Config, Body) -> [Row]

  /// End of the class name, such as `ForCausalLM`.
  let classSuffix: String
  /// Path of the body inside this class, empty for the bare model.
  let prefix: Path
  /// The body of this class where it is not that of the architecture.
  let body: (@Sendable (Config) -> [Row])?
  let rows: Rows

  init(
    _ classSuffix: String, _ prefix: Path, body: (@Sendable (Config) -> [Row])? = nil, @RowBuilder rows: @escaping Rows
  ) {
    self.classSuffix = classSuffix
    self.prefix = prefix
    self.body = body
    self.rows = rows
  }

  /// A class that adds nothing to the body.
  init(_ classSuffix: String, _ prefix: Path, body: (@Sendable (Config) -> [Row])? = nil) {
    self.init(classSuffix, prefix, body: body) { _, _ in }
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
