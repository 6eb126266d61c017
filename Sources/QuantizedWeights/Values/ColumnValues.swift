import TensorCore

/// Codes of a matrix `[inputs, outputs]` packed into 32-bit words, as GPTQ and AWQ have them.
///
/// The tensor is its transpose: v[o, i] = (code[i, o] − zero[group(i), o]) · scale[group(i), o].
struct ColumnValues: QuantizedValues {
  /// Which way words are packed.
  enum Packing: Sendable {
    /// Down the inputs, lowest bits first (GPTQ).
    case inputs
    /// Along the outputs, in this order of eight (AWQ).
    case outputs(places: [Int])
  }

  let codes: PackedMatrix
  let packing: Packing
  let bits: Int
  let inputs: Int, outputs: Int
  let scales: PackedMatrix
  let zeros: PackedMatrix?
  /// What is added to a stored zero point (GPTQ's first format stores one less).
  let zeroShift: Int
  /// The zero point where none are stored.
  let zero: Int
  /// The group of every input.
  let groups: [Int32]
  let groupCount: Int

  func fill(_ output: UnsafeMutableBufferPointer<Double>, from first: Int) throws(QuantizationError) -> Bool {
    guard !output.isEmpty, inputs > 0 else { return true }
    let end = first + output.count
    let rows = first / inputs..<(end - 1) / inputs + 1
    // Whole words of outputs.
    let block = rows.lowerBound / 32 * 32..<min(outputs, (rows.upperBound + 31) / 32 * 32)
    let words = try codeWords(block)
    let (scale, shift) = try cells(block)
    let height = (inputs * bits + 31) / 32
    let isWhole =
      if case .inputs = packing { words.count >= height * block.count } else { block.count * bits % 32 == 0 }
    guard isWhole, groups.count == inputs, scale.count == groupCount * block.count, shift.count == scale.count else {
      throw .invalid(codes.part.name, "its words do not cover \(inputs) inputs")
    }
    unsafe words.withUnsafeBufferPointer { words in
      unsafe scale.withUnsafeBufferPointer { scale in
        unsafe shift.withUnsafeBufferPointer { shift in
          guard let target = output.baseAddress, let words = words.baseAddress, let scale = scale.baseAddress,
            let shift = shift.baseAddress
          else { return }
          for row in rows {
            let range =
              (row == rows.lowerBound ? first % inputs : 0)..<(row == rows.upperBound - 1 ? end - row * inputs : inputs)
            let column = Column(number: row - block.lowerBound, of: block.count)
            unsafe fill(target + (row * inputs - first), range, column, words, scale, shift)
          }
        }
      }
    }
    return false
  }

  /// A column of a block of words.
  private struct Column {
    let number: Int
    let of: Int
  }

  /// Inputs `range` of one output, at `target[range]`.
  private func fill(
    _ target: UnsafeMutablePointer<Double>, _ range: Range<Int>, _ column: Column, _ words: UnsafePointer<UInt32>,
    _ scales: UnsafePointer<Double>, _ shifts: UnsafePointer<Double>
  ) {
    let (mask, width) = (UInt32(1) << UInt32(bits) - 1, column.of)
    // Where the codes lie: in every word of the column, or at one place of one word of every row.
    let (stride, offset, shift): (Int, Int, UInt32) =
      switch packing {
      case .inputs: (width, column.number, 0)
      case .outputs(let places):
        (width * bits / 32, column.number * bits / 32, UInt32(places[column.number % (32 / bits)] * bits))
      }
    unsafe groups.withUnsafeBufferPointer { groups in
      guard let groups = groups.baseAddress else { return }
      for input in range {
        var code: UInt32
        if case .inputs = packing {
          let bit = input * bits
          let word = bit / 32 * stride + offset
          code = unsafe words[word] >> UInt32(bit % 32)
          if bit % 32 + bits > 32 { code |= unsafe words[word + stride] << UInt32(32 - bit % 32) }
        } else {
          code = unsafe words[input * stride + offset] >> shift
        }
        let cell = unsafe Int(groups[input]) * width + column.number
        unsafe target[input] = Double(code & mask) * scales[cell] + shifts[cell]
      }
    }
  }

  /// The words of a block of outputs, row by row.
  private func codeWords(_ block: Range<Int>) throws(QuantizationError) -> [UInt32] {
    let (height, columns): (Int, Range<Int>) =
      switch packing {
      case .inputs: (inputs * bits / 32, block.lowerBound * 4..<block.upperBound * 4)
      case .outputs: (inputs, block.lowerBound * bits / 8..<block.upperBound * bits / 8)
      }
    let bytes = try codes.bytes(from: 0, rows: 0..<height, columns: columns, of: height)
    return (0..<bytes.count / 4).map { bytes.word($0) }
  }

  /// Scale and −zero · scale of every group and output of a block.
  private func cells(_ block: Range<Int>) throws(QuantizationError) -> (scales: [Double], shifts: [Double]) {
    let size = Int(scales.part.dtype.bits / 8)
    let bytes = try scales.bytes(
      from: 0, rows: 0..<groupCount, columns: block.lowerBound * size..<block.upperBound * size, of: groupCount)
    let numbers = CodeLevels.numbers(bytes, scales.part.dtype)
    if let bad = numbers.firstIndex(where: { !$0.isFinite }) {
      throw .invalid(
        scales.part.name,
        "the scale of group \(bad / block.count) and output \(block.lowerBound + bad % block.count) is "
          + "\(numbers[bad])")
    }
    guard let zeros else { return (numbers, numbers.map { -Double(zero) * $0 }) }
    let packed = try zeros.bytes(
      from: 0, rows: 0..<groupCount, columns: block.lowerBound * bits / 8..<zeroEnd(block), of: groupCount)
    let rowBytes = zeroEnd(block) - block.lowerBound * bits / 8
    let mask = 1 << bits - 1
    var shifts: [Double] = []
    shifts.reserveCapacity(numbers.count)
    unsafe packed.withUnsafeBufferPointer { packed in
      guard let packed = packed.baseAddress else { return }
      for group in 0..<groupCount {
        for column in 0..<block.count {
          let place =
            if case .outputs(let places) = packing { column / 8 * 8 + places[column % 8] } else { column }
          let stored = unsafe CodeLoops.code(packed + group * rowBytes, place, bits: bits)
          shifts.append(-Double((stored + zeroShift) & mask) * numbers[group * block.count + column])
        }
      }
    }
    return (numbers, shifts)
  }

  /// Where the zero points of a block end, in bytes of a row of them.
  private func zeroEnd(_ block: Range<Int>) -> Int { min(zeros?.stride ?? 0, (block.upperBound * bits + 7) / 8) }
}
