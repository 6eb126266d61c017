/// How the rows of queries, keys and values lie in a module that holds all three.
package enum FusedRows {
  /// Rows of queries, keys and values in a matrix that holds all three; nil when they are not those of the heads.
  package static func attentionSizes(of total: UInt64, _ heads: (query: UInt64, keyValue: UInt64)) -> [UInt64]? {
    guard heads.query <= 1 << 20, heads.keyValue > 0, heads.keyValue <= heads.query,
      total % (heads.query + 2 * heads.keyValue) == 0
    else { return nil }
    let width = total / (heads.query + 2 * heads.keyValue)
    return [heads.query * width, heads.keyValue * width, heads.keyValue * width]
  }

  /// The row of the whole that each row of each part is, the parts one after the other.
  package static func stacked(_ sizes: [UInt64]) -> [[Int]] {
    var first = 0
    return sizes.map { size in
      defer { first += Int(size) }
      return Array(first..<first + Int(size))
    }
  }

  /// The same where every head of keys has its queries, then the key, then the value; nil for sizes that are not those
  /// of the heads.
  package static func grouped(_ sizes: [UInt64], _ heads: (query: UInt64, keyValue: UInt64)) -> [[Int]]? {
    guard sizes.count == 3, sizes.allSatisfy({ $0 <= 1 << 24 }), heads.keyValue > 0, heads.query <= 1 << 20,
      heads.query % heads.keyValue == 0, sizes[0] % heads.query == 0,
      sizes[1] == sizes[0] / heads.query * heads.keyValue, sizes[2] == sizes[1]
    else { return nil }
    let (width, queries) = (Int(sizes[0] / heads.query), Int(heads.query / heads.keyValue))
    let group = (queries + 2) * width
    return sizes.enumerated().map { part, size in
      let heads = part == 0 ? queries : 1
      let first = part == 0 ? 0 : (queries + part - 1) * width
      return (0..<Int(size)).map { row in row / (heads * width) * group + first + row % (heads * width) }
    }
  }

  /// The row among all parts that each row of the whole becomes, for rows of parts that are together all of the whole.
  package static func places(_ parts: [[Int]]) -> [Int] {
    var places = [Int](repeating: 0, count: parts.reduce(0) { $0 + $1.count })
    for (target, source) in parts.joined().enumerated() { places[source] = target }
    return places
  }
}
