import TensorCore

/// Row-major codes with scales on a grid: FP8, MXFP4, NVFP4, int8, packed integers, MLX.
///
/// The tensor is a stack of matrices `[stack, rows, columns]`; element (i, j) of a matrix has the scale at (i / height,
/// j / width) of the matrix's own grid: v = levels[code] · scale · factor + offset.
struct GridValues: QuantizedValues {
  /// What is added to the scaled level.
  enum Offset: Sendable {
    case none
    /// Another number for each cell of the grid, as MLX has it.
    case bias(StoredPart)
    /// −zero · scale, with a code for each cell in 32-bit words that run along the rows, lowest bits first
    /// (compressed-tensors): `[ceil(rows · bits / 32), cells of a row]`.
    case packedZeros(StoredPart)
    /// −zero · scale, with a number for each cell.
    case zeros(StoredPart)
  }

  /// The codes: `bits` each, lowest bits first, every row beginning at a multiple of `rowBytes`.
  let codes: StoredPart
  let bits: Int
  let rowBytes: Int
  let levels: [Double]
  /// Rows of all matrices, of one matrix, and columns.
  let rows: Int, rowsOfMatrix: Int, columns: Int
  /// Rows and columns of a cell of the grid, and the grid of one matrix.
  let height: Int, width: Int
  var gridRows: Int { (rowsOfMatrix + height - 1) / height }
  var gridColumns: Int { (columns + width - 1) / width }
  let scales: StoredPart
  /// Whether scales are exponents of 2 in 8 bits.
  var scalesAreExponents = false
  /// Scales of one matrix of a stack; 0 where one serves all of them, nil where they are those of the grid.
  var scaleStride: Int?
  /// A number for the whole tensor, by which scales are multiplied.
  var factor = 1.0
  /// A number by which they are divided.
  var divisor = 1.0
  var offset = Offset.none
  /// The cell of every column where columns were sorted before they were grouped.
  var groups: [Int32]?

  func fill(_ output: UnsafeMutableBufferPointer<Double>, from first: Int) throws(QuantizationError) {
    guard let target = output.baseAddress, columns > 0, !output.isEmpty else { return }
    let end = first + output.count
    let (firstRow, lastRow) = (first / columns, (end - 1) / columns)
    let firstColumn = bits == 8 ? first % columns : 0
    let begin = firstRow * rowBytes + firstColumn
    let stop = bits == 8 && rowBytes == columns ? end : (lastRow + 1) * rowBytes
    let stream = try codes.bytes(from: begin, count: stop - begin)
    var row = firstRow
    var done = 0
    while row <= lastRow {
      // Rows that share their scales.
      let matrix = row / rowsOfMatrix
      let cellRow = row % rowsOfMatrix / height
      let last = min(lastRow, matrix * rowsOfMatrix + min(rowsOfMatrix, (cellRow + 1) * height) - 1)
      let (scale, shift) = try cells(from: matrix * (scaleStride ?? gridRows * gridColumns) + cellRow * gridColumns)
      while row <= last {
        let start = row == firstRow ? first % self.columns : 0
        let columns = start..<(row == lastRow ? end - row * self.columns : self.columns)
        let at = row * rowBytes - begin
        unsafe stream.withUnsafeBufferPointer { stream in
          guard let base = stream.baseAddress else { return }
          unsafe self.row(base, at: at, columns, scale, shift, target + done)
        }
        done += columns.count
        row += 1
      }
    }
  }

  /// One row's part; `stream + at` is where the row begins, which may be before the stream does.
  private func row(
    _ stream: UnsafePointer<UInt8>, at: Int, _ range: Range<Int>, _ scales: [Double], _ shifts: [Double],
    _ output: UnsafeMutablePointer<Double>
  ) {
    unsafe levels.withUnsafeBufferPointer { levels in
      guard let levels = levels.baseAddress else { return }
      if let groups {
        let codes = unsafe stream + at
        for (place, column) in range.enumerated() {
          let group = Int(groups[column])
          unsafe output[place] = levels[CodeLoops.code(codes, column, bits: bits)] * scales[group] + shifts[group]
        }
        return
      }
      var column = range.lowerBound
      while column < range.upperBound {
        let cell = column / width
        let count = min(range.upperBound, (cell + 1) * width) - column
        let target = unsafe output + (column - range.lowerBound)
        switch bits {
        case 8: unsafe CodeLoops.bytes(stream + (at + column), count, levels, scales[cell], shifts[cell], target)
        case 4:
          unsafe CodeLoops.nibbles(
            stream + at, from: column, count, .lowFirst, levels, scales[cell], shifts[cell], target)
        default:
          for index in 0..<count {
            let code = unsafe CodeLoops.code(stream + at, column + index, bits: bits)
            unsafe target[index] = levels[code] * scales[cell] + shifts[cell]
          }
        }
        column += count
      }
    }
  }

  /// Scales and offsets of one row of cells.
  private func cells(from first: Int) throws(QuantizationError) -> (scales: [Double], shifts: [Double]) {
    let range = first..<first + gridColumns
    var numbers =
      scalesAreExponents
      ? try scales.bytes(from: range.lowerBound, count: range.count).map { CodeLevels.e8m0[Int($0)] }
      : try scales.numbers(range)
    if let bad = numbers.firstIndex(where: { !$0.isFinite }) {
      throw .invalid(scales.name, "scale \(range.lowerBound + bad) is \(numbers[bad])")
    }
    for index in numbers.indices { numbers[index] = numbers[index] * factor / divisor }
    switch offset {
    // x + -0 is x, also where x is -0.
    case .none: return (numbers, [Double](repeating: -0.0, count: numbers.count))
    case .bias(let part): return (numbers, try part.numbers(range))
    case .zeros(let part): return (numbers, zip(try part.numbers(range), numbers).map { -$0 * $1 })
    case .packedZeros(let part):
      let bit = first / gridColumns * bits
      let word = bit / 32
      let low = try part.words(word * gridColumns..<(word + 1) * gridColumns)
      let isSplit = bit % 32 + bits > 32
      let high = isSplit ? try part.words((word + 1) * gridColumns..<(word + 2) * gridColumns) : low
      let shifts = numbers.indices.map { index in
        var code = UInt64(low[index]) >> UInt64(bit % 32)
        if isSplit { code |= UInt64(high[index]) << UInt64(32 - bit % 32) }
        return -levels[Int(code & (1 << UInt64(bits) - 1))] * numbers[index]
      }
      return (numbers, shifts)
    }
  }
}
