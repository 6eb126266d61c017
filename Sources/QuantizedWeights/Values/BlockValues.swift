/// Codes of 4 bits over the flattened tensor, with an absolute maximum for each block of it (bitsandbytes).
///
/// v = map[code] · absmax[block]; blocks may cross rows, and the last one may be short.
struct BlockValues: QuantizedValues {
  /// The maximum of every block.
  enum Maxima: Sendable {
    /// Numbers as stored.
    case plain(StoredPart)
    /// Codes of 8 bits with maxima of their own ("double quantisation"), whose arithmetic is defined in f32:
    /// map[code] · nested[block / size] + offset.
    case nested(StoredPart, map: [Float], maxima: StoredPart, size: Int, offset: Float)

    var name: String {
      switch self {
      case .plain(let part), .nested(let part, _, _, _, _): part.name
      }
    }
  }

  let codes: StoredPart
  /// The numbers of the 16 codes, as the file has them.
  let map: [Double]
  let maxima: Maxima
  /// Elements of a block.
  let size: Int

  func fill(_ output: UnsafeMutableBufferPointer<Double>, from first: Int) throws(QuantizationError) -> Bool {
    guard let target = output.baseAddress, !output.isEmpty else { return true }
    let end = first + output.count
    let start = first / 2
    let stream = try codes.bytes(from: start, count: (end + 1) / 2 - start)
    let blocks = first / size..<(end - 1) / size + 1
    let scales = try self.scales(blocks)
    if let bad = scales.firstIndex(where: { !$0.isFinite }) {
      throw .invalid(maxima.name, "the scale of block \(blocks.lowerBound + bad) is \(scales[bad])")
    }
    let pairs = CodeLoops.pairs(map, .highFirst)
    unsafe stream.withUnsafeBufferPointer { stream in
      unsafe pairs.withUnsafeBufferPointer { pairs in
        guard let stream = stream.baseAddress, let pairs = pairs.baseAddress else { return }
        for block in blocks {
          let range = max(first, block * size)..<min(end, (block + 1) * size)
          unsafe CodeLoops.nibbles(
            stream, from: range.lowerBound - start * 2, range.count, pairs, scales[block - blocks.lowerBound], -0.0,
            target + (range.lowerBound - first))
        }
      }
    }
    // Products of two numbers of F32 are far from the largest of F64.
    return map.allSatisfy(\.isFinite)
  }

  private func scales(_ blocks: Range<Int>) throws(QuantizationError) -> [Double] {
    switch maxima {
    case .plain(let part): return try part.numbers(blocks)
    case .nested(let part, let map, let outer, let size, let offset):
      let codes = try part.bytes(from: blocks.lowerBound, count: blocks.count)
      let first = blocks.lowerBound / size
      let scales = try outer.numbers(first..<(blocks.upperBound - 1) / size + 1)
      return zip(blocks, codes).map { block, code in
        let product: Float = map[Int(code)] * Float(scales[block / size - first])
        return Double(product + offset)
      }
    }
  }
}
