/// MXFP4 of gpt-oss, stored the other way round than the tensor lies in memory.
///
/// Codes are `[experts, outputs, inputs / 32, 16]`, two to a byte, and exponents `[experts, outputs, inputs / 32]`; the
/// tensor is `[experts, inputs, outputs]`.
struct TransposedExperts: QuantizedValues {
  let codes: PackedMatrix
  let exponents: PackedMatrix
  let inputs: Int, outputs: Int

  func fill(_ output: UnsafeMutableBufferPointer<Double>, from first: Int) throws(QuantizationError) -> Bool {
    guard let target = output.baseAddress, !output.isEmpty, outputs > 0 else { return true }
    let end = first + output.count
    var done = first
    while done < end {
      let row = done / outputs
      let (expert, input) = (row / inputs, row % inputs)
      // Rows of one block of one expert; whole ones but at either end.
      let last = min((end - 1) / outputs, expert * inputs + input / 32 * 32 + 31, (expert + 1) * inputs - 1)
      let rows = input..<input + last - row + 1
      let stop = min(end, (last + 1) * outputs)
      unsafe try fill(target - first, expert, rows, done..<stop)
      done = stop
    }
    return true
  }

  /// Elements `range` of the tensor, which lie in `rows` of an expert, all of one block of inputs.
  private func fill(
    _ target: UnsafeMutablePointer<Double>, _ expert: Int, _ rows: Range<Int>, _ range: Range<Int>
  ) throws(QuantizationError) {
    let block = rows.lowerBound / 32
    let bytes = rows.lowerBound / 2..<(rows.upperBound + 1) / 2
    let (codeBytes, width) = (codes.stride, bytes.count)
    let packed = try codes.bytes(
      from: expert * outputs * codeBytes, rows: 0..<outputs, columns: bytes, of: outputs)
    let scales = try exponents.bytes(
      from: expert * outputs * exponents.stride, rows: 0..<outputs, columns: block..<block + 1, of: outputs)
    let first = (expert * inputs + rows.lowerBound) * outputs
    for output in 0..<outputs {
      guard scales[output] != 255 else {
        throw .invalid(
          exponents.part.name, "the scale of expert \(expert), output \(output) and block \(block) is 255, which is NaN"
        )
      }
      let scale = CodeLevels.e8m0[Int(scales[output])]
      for row in rows {
        let place = first + (row - rows.lowerBound) * outputs + output
        guard range.contains(place) else { continue }
        let byte = packed[output * width + row / 2 - bytes.lowerBound]
        unsafe target[place] = CodeLevels.e2m1[Int(row % 2 == 0 ? byte & 15 : byte >> 4)] * scale
      }
    }
  }
}
