/// Edits (insert, remove, replace one character) that turn one short text into the other; only the first 200 bytes count.
package func editDistance(_ left: String, _ right: String) -> Int {
  let right = Array(right.utf8.prefix(200))
  var row = Array(0...right.count)
  for (index, byte) in left.utf8.prefix(200).enumerated() {
    var diagonal = row[0]
    row[0] = index + 1
    for column in right.indices {
      let above = row[column + 1]
      row[column + 1] = min(above + 1, row[column] + 1, diagonal + (byte == right[column] ? 0 : 1))
      diagonal = above
    }
  }
  return row[right.count]
}

/// The known name that was probably meant, or nil when none is near: less than half of its characters may differ.
package func closest(to name: String, among known: some Sequence<String>) -> String? {
  let ranked = known.map { (name: $0, distance: editDistance(name.lowercased(), $0.lowercased())) }
  guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
  return 2 * best.distance <= max(best.name.utf8.count, 3) ? best.name : nil
}
