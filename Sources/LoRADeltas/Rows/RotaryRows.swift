/// The order of the rows of query and key projections, which depends on how a library rotates positions.
///
/// Transformers keeps the two numbers that are rotated together half a head apart; Meta, torchtune and the architectures
/// of llama.cpp that are derived from Llama keep them next to each other. Only outputs move: B, its bias, magnitudes.
package enum RotaryRows {
  /// Where each row goes from transformers' order to that of pairs; nil when the rows are not those of the heads.
  package static func paired(rows: UInt64, heads: UInt64) -> [Int]? {
    guard heads > 0, rows % heads == 0, rows / heads % 2 == 0, rows <= 1 << 31 else { return nil }
    let width = Int(rows / heads)
    return (0..<Int(rows)).map { row in
      let (head, rest) = (row / width, row % width)
      return head * width + 2 * (rest % (width / 2)) + rest / (width / 2)
    }
  }

  /// Where each row goes from pairs to transformers' order; nil when the rows are not those of the heads.
  package static func halves(rows: UInt64, heads: UInt64) -> [Int]? {
    guard let moves = paired(rows: rows, heads: heads) else { return nil }
    var inverse = moves
    for (source, target) in moves.enumerated() { inverse[target] = source }
    return inverse
  }
}
