import TensorCore

/// Numbers of heads as a config gives them; they decide where attention can be cut between devices.
struct AttentionHeads: Sendable {
  /// Query heads, or nil when the config does not say.
  let query: UInt64?
  /// Key and value heads, or nil when the config does not say.
  let keyValue: UInt64?

  init(_ config: JSONObject?) {
    let text = ["text_config", "language_config", "llm_config"].lazy.compactMap { config?[$0]?.object }.first ?? config
    func number(_ keys: [String]) -> UInt64? {
      for key in keys {
        if let value = text?[key]?.int64, value > 0 { return UInt64(value) }
      }
      return nil
    }
    query = number(["num_attention_heads", "n_head", "n_heads", "num_heads"])
    let isSingle = text?["multi_query"]?.bool == true
    keyValue = number(["num_key_value_heads", "num_kv_heads"]) ?? (isSingle ? 1 : query)
  }

  /// Query, key and value rows of a matrix that holds all three, by the sizes of its heads; nil when they do not tell.
  func pieces(ofFused rows: UInt64) -> [EnginePiece]? {
    guard let query, let keyValue, query <= 1 << 20, keyValue <= query else { return nil }
    let parts = query + 2 * keyValue
    guard rows % parts == 0 else { return nil }
    let width = rows / parts
    return [
      EnginePiece(rows: query * width, heads: query), EnginePiece(rows: keyValue * width, heads: keyValue),
      EnginePiece(rows: keyValue * width, heads: keyValue),
    ]
  }
}
