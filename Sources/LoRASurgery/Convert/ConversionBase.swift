import BaseCatalogue
import JSON
package import LoRAModel

/// What a conversion asks of the base model: its type, heads, layers, and modules.
package struct ConversionBase: Sendable {
  package let model: BaseModel
  /// `model_type` of the language model, in it or as the whole.
  let modelType: String?
  private let attention: AttentionShape?

  package init(_ model: BaseModel) {
    self.model = model
    modelType = model.config.flatMap { TextSection($0).modelType } ?? model.modelType
    attention = model.config.map { AttentionShape($0) }
  }

  /// Heads whose rows a query (or key) projection has, by the last component of its name; nil for other modules, and
  /// where the config does not say.
  func heads(ofProjection name: Substring) -> UInt64? {
    switch name {
    case "q_proj": attention?.queryHeads
    case "k_proj": attention?.keyValueHeads
    default: nil
    }
  }

  /// Query heads, key and value heads; nil where the config does not say.
  var heads: (query: UInt64, keyValue: UInt64)? {
    guard let query = attention?.queryHeads, let keyValue = attention?.keyValueHeads else { return nil }
    return (query, keyValue)
  }

  /// Outputs of a module of the base; nil when it has none of this name or does not tell.
  func outputs(of module: String) -> UInt64? {
    model.match(module).map(\.module.outFeatures).flatMap { $0 > 0 ? $0 : nil }
  }

  /// Whether the output head is the input embedding.
  var tiesEmbeddings: Bool { model.tiesEmbeddings }
}
