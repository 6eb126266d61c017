import BaseCatalogue

extension AttentionShape {
  /// Query, key and value rows of a matrix that holds all three, by the sizes of its heads; nil when they do not tell.
  package func pieces(ofFused rows: UInt64) -> [FusedSlice]? {
    guard let query = queryHeads, let keyValue = keyValueHeads, query <= 1 << 20, keyValue <= query else { return nil }
    let parts = query + 2 * keyValue
    guard rows % parts == 0 else { return nil }
    let width = rows / parts
    return [
      FusedSlice(rows: query * width, heads: query), FusedSlice(rows: keyValue * width, heads: keyValue),
      FusedSlice(rows: keyValue * width, heads: keyValue),
    ]
  }
}
