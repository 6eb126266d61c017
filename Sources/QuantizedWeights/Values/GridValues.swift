import LoRAKernels
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
  var levels: [Double]
  /// Rows of all matrices, of one matrix, and columns.
  let rows: Int, rowsOfMatrix: Int, columns: Int
  /// Rows and columns of a cell of the grid, and the grid of one matrix.
  let height: Int, width: Int
  var gridRows: Int { (rowsOfMatrix + height - 1) / height }
  var gridColumns: Int { (columns + width - 1) / width }
  var scales: StoredPart
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

  func fill(_ output: UnsafeMutableBufferPointer<Double>, from first: Int) throws(QuantizationError) -> Bool {
    guard let target = output.baseAddress, columns > 0, !output.isEmpty else { return true }
    let end = first + output.count
    let (firstRow, lastRow) = (first / columns, (end - 1) / columns)
    let firstColumn = bits == 8 ? first % columns : 0
    let begin = firstRow * rowBytes + firstColumn
    let stop = bits == 8 && rowBytes == columns ? end : (lastRow + 1) * rowBytes
    let stream = try codes.bytes(from: begin, count: stop - begin)
    let loop = Loop(self)
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
          unsafe self.row(loop, base, at: at, columns, scale, shift, target + done)
        }
        done += columns.count
        row += 1
      }
    }
    return isFinite(loop, stream)
  }

  /// How the elements of a cell are computed.
  private enum Loop {
    /// By the kernel of a floating-point type of 8 bits.
    case widen(DType)
    /// By the numbers of every byte of two codes.
    case pairs([SIMD2<Double>])
    /// By the number of every code.
    case levels

    init(_ values: GridValues) {
      self = .levels
      guard values.groups == nil else { return }
      if values.bits == 4 { self = .pairs(CodeLoops.pairs(values.levels, .lowFirst)) }
      if values.bits == 8, values.codes.dtype.isFloat8, case .none = values.offset { self = .widen(values.codes.dtype) }
    }
  }

  /// Whether no code and no scale of what was read stands for anything but a finite number.
  private func isFinite(_ loop: Loop, _ stream: [UInt8]) -> Bool {
    // Finite scales were asked for; products of numbers of F32 are far from the largest of F64.
    guard case .none = offset, factor.isFinite, divisor.isFinite, divisor != 0 else { return false }
    guard case .widen(let dtype) = loop else { return levels.allSatisfy(\.isFinite) }
    let found = unsafe stream.withUnsafeBytes { unsafe Kernels.scan($0, dtype: dtype) }
    return found.nanCount == 0 && found.infinityCount == 0
  }

  /// One row's part; `stream + at` is where the row begins, which may be before the stream does.
  private func row(
    _ loop: Loop, _ stream: UnsafePointer<UInt8>, at: Int, _ range: Range<Int>, _ scales: [Double],
    _ shifts: [Double], _ output: UnsafeMutablePointer<Double>
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
        switch loop {
        case .widen(let dtype):
          let codes = unsafe UnsafeRawBufferPointer(start: stream + (at + column), count: count)
          let numbers = unsafe UnsafeMutableBufferPointer(start: target, count: count)
          unsafe Kernels.widen(codes, dtype: dtype, times: scales[cell], to: numbers)
        case .pairs(let pairs):
          unsafe pairs.withUnsafeBufferPointer { pairs in
            guard let pairs = pairs.baseAddress else { return }
            unsafe CodeLoops.nibbles(stream + at, from: column, count, pairs, scales[cell], shifts[cell], target)
          }
        case .levels where bits == 8:
          unsafe CodeLoops.bytes(stream + (at + column), count, levels, scales[cell], shifts[cell], target)
        case .levels:
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

extension DType {
  /// Whether it is a floating-point type of 8 bits with a sign.
  fileprivate var isFloat8: Bool { [.f8e4m3, .f8e5m2, .f8e4m3fnuz, .f8e5m2fnuz].contains(self) }
}
