import TensorCore

/// Codes of which the first part of all rows lies in the highest bits of every word and the last in the lowest (HQQ).
///
/// The flattened tensor is a matrix of `rows` rows, packed to one by as many as a word has codes; v = (code − zero) ·
/// scale with a scale for every row or for every column. Words are bytes, or 32 bits with ten codes of 3 bits.
struct HalvedValues: QuantizedValues {
  let codes: StoredPart
  let bits: Int
  let rows: Int, columns: Int
  /// Whether every row is a group; else every column is.
  let groupsAreRows: Bool
  let scales: StoredPart
  let zeros: StoredPart

  /// How many codes of 1, 2, 3, 4 or 8 bits a word has.
  static func codesOfWord(bits: Int) -> Int { bits == 3 ? 10 : 8 / bits }

  func fill(_ output: UnsafeMutableBufferPointer<Double>, from first: Int) throws(QuantizationError) -> Bool {
    guard !output.isEmpty, columns > 0 else { return true }
    let end = first + output.count
    let parts = Self.codesOfWord(bits: bits)
    let height = (rows + parts - 1) / parts
    let span = first / columns..<(end - 1) / columns + 1
    let groups = groupsAreRows ? span : 0..<columns
    let (scale, zero) = (try scales.numbers(groups), try zeros.numbers(groups))
    let mask = 1 << bits - 1
    let size = Int(codes.dtype.bits / 8)
    var row = span.lowerBound
    while row < span.upperBound {
      // Rows of one part lie one behind the other.
      let part = row / height
      let stop = min(span.upperBound, (part + 1) * height)
      let packed = try codes.bytes(from: row % height * columns * size, count: (stop - row) * columns * size)
      let shift = bits * (parts - 1 - part)
      for (line, row) in (row..<stop).enumerated() {
        let start = row == span.lowerBound ? first % columns : 0
        let range = start..<(row == span.upperBound - 1 ? end - row * columns : columns)
        for column in range {
          let group = groupsAreRows ? row - span.lowerBound : column
          let place = line * columns + column
          let word = size == 1 ? Int(packed[place]) : Int(packed.word(place))
          let code = Double(word >> shift & mask)
          unsafe output[row * columns + column - first] = (code - zero[group]) * scale[group]
        }
      }
      row = stop
    }
    return false
  }
}
