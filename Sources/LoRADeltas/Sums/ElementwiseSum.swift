package import LoRAKernels

/// One delta of a sum, with its factors in memory.
package struct SummedDelta: Sendable {
  /// s, of the adapter.
  let scale: Double
  /// What the delta counts for.
  let weight: Double
  /// B, `[out, rank]`.
  let up: ColumnMatrix
  /// Aᵀ, `[in, rank]`.
  let down: ColumnMatrix
  /// Position of the adapter on the command line.
  let adapter: Int

  package init(scale: Double, weight: Double, up: ColumnMatrix, down: ColumnMatrix, adapter: Int) {
    (self.scale, self.weight, self.up, self.down, self.adapter) = (scale, weight, up, down, adapter)
  }

  /// Some rows of s·B·A, row by row.
  func rows(_ range: Range<Int>) -> [Double] {
    let columns = down.rows
    var result = Array(repeating: 0.0, count: range.count * columns)
    unsafe result.withUnsafeMutableBufferPointer { result in
      unsafe down.elements.withUnsafeBufferPointer { down in
        guard let result = result.baseAddress, let down = down.baseAddress else { return }
        for (place, row) in range.enumerated() {
          for rank in 0..<up.columns {
            unsafe addMultiple(scale * up[row, rank], of: down + rank * columns, to: result + place * columns, columns)
          }
        }
      }
    }
    return result
  }
}

/// Deltas merged entry by entry, as PEFT's `*_svd` types do before they cut the result (peft 0.21,
/// `utils/merge_utils.py`).
struct ElementwiseSum: Sendable {
  let deltas: [SummedDelta]
  let options: CombineOptions
  /// Name of the module, and the place of the first entry in it: stacks of experts count on.
  let name: String
  let firstEntry: UInt64

  private static let bandEntries = 1 << 16

  /// The merged matrix; rows × columns are B's and A's.
  func matrix() -> DenseMatrix {
    let (rows, columns) = (deltas[0].up.rows, deltas[0].down.rows)
    let step = max(1, Self.bandEntries / columns)
    var cuts = options.method.draws ? [] : deltas.map(cut)
    var elements = Array(repeating: 0.0, count: rows * columns)
    for first in stride(from: 0, to: rows, by: step) {
      let range = first..<min(first + step, rows)
      let pruned = deltas.indices.map { index in
        var entries = deltas[index].rows(range)
        if options.method.draws {
          draw(&entries, of: deltas[index], from: firstEntry + UInt64(first * columns))
        } else {
          cuts[index].apply(to: &entries)
        }
        return entries
      }
      for entry in 0..<range.count * columns { elements[first * columns + entry] = merged(pruned, entry) }
    }
    return DenseMatrix(rows: rows, columns: columns, elements: elements)
  }

  /// Which entries of a delta are the largest.
  private func cut(_ delta: SummedDelta) -> MagnitudeCut {
    let whole = delta.rows(0..<delta.up.rows)
    return MagnitudeCut(keeping: Int(options.density * Double(whole.count)), of: whole)
  }

  private func draw(_ entries: inout [Double], of delta: SummedDelta, from first: UInt64) {
    let numbers = RandomEntries(seed: options.seed, stream: UInt64(delta.adapter), name: name)
    for index in entries.indices {
      let isKept = numbers[first + UInt64(index)] < options.density
      entries[index] = isKept ? entries[index] / options.density : 0
    }
  }

  /// One entry of the result.
  ///
  /// A vote of zero elects the positive sign, as PEFT has it.
  private func merged(_ pruned: [[Double]], _ entry: Int) -> Double {
    guard options.method.elects else {
      return deltas.indices.reduce(0) { $0 + deltas[$1].weight * pruned[$1][entry] }
    }
    let vote = deltas.indices.reduce(0.0) { sum, index in
      let value = pruned[index][entry]
      return sum + (options.sign == .total ? value : value > 0 ? 1 : value < 0 ? -1 : 0)
    }
    var (sum, count) = (0.0, 0.0)
    for index in deltas.indices {
      let value = pruned[index][entry]
      guard vote >= 0 ? value > 0 : value < 0 else { continue }
      sum += deltas[index].weight * value
      count += 1
    }
    return count > 0 ? sum / count : 0
  }
}
