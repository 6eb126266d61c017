/// Codes of which the first part of all rows lies in the highest bits of every byte and the last in the lowest (HQQ).
///
/// The flattened tensor is a matrix of `rows` rows, packed `8 / bits` rows to one; v = (code − zero) · scale with a scale
/// for every row or for every column.
struct HalvedValues: QuantizedValues {
  let codes: StoredPart
  let bits: Int
  let rows: Int, columns: Int
  /// Whether every row is a group; else every column is.
  let groupsAreRows: Bool
  let scales: StoredPart
  let zeros: StoredPart

  func fill(_ output: UnsafeMutableBufferPointer<Double>, from first: Int) throws(QuantizationError) -> Bool {
    guard !output.isEmpty, columns > 0 else { return true }
    let end = first + output.count
    let parts = 8 / bits
    let height = (rows + parts - 1) / parts
    let span = first / columns..<(end - 1) / columns + 1
    let groups = groupsAreRows ? span : 0..<columns
    let (scale, zero) = (try scales.numbers(groups), try zeros.numbers(groups))
    let mask = UInt8(truncatingIfNeeded: 1 << bits - 1)
    var row = span.lowerBound
    while row < span.upperBound {
      // Rows of one part lie one behind the other.
      let part = row / height
      let stop = min(span.upperBound, (part + 1) * height)
      let packed = try codes.bytes(from: row % height * columns, count: (stop - row) * columns)
      let shift = UInt8(8 - bits * (part + 1))
      for (line, row) in (row..<stop).enumerated() {
        let start = row == span.lowerBound ? first % columns : 0
        let range = start..<(row == span.upperBound - 1 ? end - row * columns : columns)
        for column in range {
          let group = groupsAreRows ? row - span.lowerBound : column
          let code = Double(packed[line * columns + column] >> shift & mask)
          unsafe output[row * columns + column - first] = (code - zero[group]) * scale[group]
        }
      }
      row = stop
    }
    return false
  }
}
