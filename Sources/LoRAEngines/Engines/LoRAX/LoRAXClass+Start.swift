import BaseCatalogue
import JSON
import LoRAModel
import TensorCore

extension LoRAXClass {
  /// What a class wants of a base's config, without which it fails while it starts (`models/custom_modeling`).
  enum Need: Sendable {
    /// Heads that share the hidden states among them; it reads no `head_dim`.
    case sharedWidth
    /// As many heads of keys as of queries; it reads no `num_key_value_heads`.
    case ungroupedHeads
    /// `hidden_act`, which configs of newer libraries have under another name.
    case activationName
    /// An output head that is the embedding.
    case tiedHead
  }

  /// Why the class does not start with the base, whatever the adapter; nil when it does.
  func startFailure(_ base: BaseModel) -> String? {
    guard let config = base.config else { return nil }
    let shape = AttentionShape(config)
    if needs.contains(.sharedWidth), let heads = shape.queryHeads, let width = shape.headWidth,
      let hidden = config["hidden_size"]?.int64, width.multipliedReportingOverflow(by: heads).partialValue != hidden
    {
      return "heads of width \(width), where its class wants \(hidden)/\(heads)"
    }
    if needs.contains(.ungroupedHeads), let heads = shape.queryHeads, let keys = shape.keyValueHeads, keys != heads {
      return "\(keys) key-value heads, where its class wants as many as there are queries (\(heads))"
    }
    if needs.contains(.activationName), config["hidden_act"]?.string == nil {
      return "a config without hidden_act, which its class reads"
    }
    if needs.contains(.tiedHead), config["tie_word_embeddings"]?.bool == false {
      return "an output head of its own, which its class looks for under another name"
    }
    return nil
  }
}
