import LoRAIO
import LoRAKernels
import Safetensors

/// A matrix update computed in float64, element by element, from the files.
struct ReferenceMerge {
  private let update: MatrixUpdate
  private let sources: [SafetensorsFile]
  /// The columns that are computed, in order.
  let columns: [Int]
  /// The elements of R of every delta, rank by rank, each with its `columns`.
  private let rights: [[Double]]
  /// The bytes of L of every delta that has one.
  private let lefts: [[UInt8]?]
  /// m of every delta that has magnitudes.
  private let magnitudes: [[Double]?]
  /// m / ‖W + Δ‖ for every delta whose outputs are columns, by `columns`; empty for others.
  private var columnFactors: [[Double]] = []

  /// A computation of some columns: of all, or where whole columns must be read for their norms, of `sampled` ones.
  init(_ update: MatrixUpdate, sampled: [Int], _ sources: [SafetensorsFile]) throws(IOError) {
    self.update = update
    self.sources = sources
    let needsNorms = update.deltas.contains { $0.magnitude?.axis == .columns }
    let columns = needsNorms ? sampled : Array(0..<update.columns)
    self.columns = columns
    var rights: [[Double]] = []
    var lefts: [[UInt8]?] = []
    var magnitudes: [[Double]?] = []
    for delta in update.deltas {
      let elements = ReferenceNumbers.values(try delta.right.source.read(from: sources), delta.right.source.dtype)
      let layout = delta.right.layout
      rights.append(
        (0..<delta.rank).flatMap { rank in
          columns.map { elements[layout.offset + $0 * layout.stride + rank * layout.rankStride] }
        })
      lefts.append(try delta.left?.source.read(from: sources))
      let values = delta.magnitude?.values
      magnitudes.append(
        try values.map { values throws(IOError) in
          ReferenceNumbers.values(try values.read(from: sources), values.dtype)
        })
    }
    (self.rights, self.lefts, self.magnitudes) = (rights, lefts, magnitudes)
    if needsNorms { columnFactors = try normFactors() }
  }

  /// Rows that are computed together: neighbours, as many as stay in a near cache.
  ///
  /// - Parameter rows: in order.
  static func batches(_ rows: [Int], columns: Int) -> [Range<Int>] {
    let most = max(1, min(16, 1 << 15 / max(columns, 1)))
    var batches: [Range<Int>] = []
    for row in rows {
      if let last = batches.last, last.upperBound == row, last.count < most {
        batches[batches.count - 1] = last.lowerBound..<row + 1
      } else {
        batches.append(row..<row + 1)
      }
    }
    return batches
  }

  /// The numbers of rows of W' in `columns`, row by row, before they are rounded.
  func rows(_ rows: Range<Int>) throws(IOError) -> [Double] {
    let base = try base(rows)
    var result = base
    let width = columns.count
    for (number, delta) in update.deltas.enumerated() {
      add(number, rows, to: &result)
      switch delta.magnitude?.axis {
      case nil: continue
      case .columns?: for place in result.indices { result[place] *= columnFactors[number][place % width] }
      case .rows?:
        var changed = base
        add(number, rows, to: &changed)
        for (position, row) in rows.enumerated() {
          let places = position * width..<(position + 1) * width
          let norm = changed[places].reduce(0) { $0 + $1 * $1 }.squareRoot()
          guard norm != 0 else { continue }
          let factor = magnitude(number, at: Int(update.firstRow) + row) / norm
          for place in places { result[place] *= factor }
        }
      }
    }
    return result
  }

  private func base(_ rows: Range<Int>) throws(IOError) -> [Double] {
    let bytes = try sources[update.base.source].contents.bytes(
      at: update.base.offset + UInt64(rows.lowerBound * update.baseRowBytes), count: rows.count * update.baseRowBytes)
    let all = ReferenceNumbers.values(bytes, update.baseDType)
    if columns.count == update.columns { return all }
    return rows.indices.flatMap { row in
      columns.map { all[(row - rows.lowerBound) * update.columns + $0] }
    }
  }

  /// Adds scale · L · R of a delta to rows, each element summed in the order of the ranks.
  private func add(_ number: Int, _ rows: Range<Int>, to sums: inout [Double]) {
    let delta = update.deltas[number]
    var left = [Double](repeating: 1, count: rows.count * delta.rank)
    if let factor = delta.left, let bytes = lefts[number] {
      let dtype = factor.source.dtype
      for (position, row) in rows.enumerated() {
        for rank in 0..<delta.rank {
          let place = factor.layout.offset + row * factor.layout.stride + rank * factor.layout.rankStride
          left[position * delta.rank + rank] = ReferenceNumbers.value(ReferenceNumbers.code(bytes, place, dtype), dtype)
        }
      }
    }
    Kernels.addReference(
      left, rights[number], rank: delta.rank, columns: columns.count, scale: delta.scale, to: &sums)
  }

  private func magnitude(_ number: Int, at output: Int) -> Double { magnitudes[number]?[output] ?? 1 }

  private func normFactors() throws(IOError) -> [[Double]] {
    var squares = update.deltas.map { _ in [Double](repeating: 0, count: columns.count) }
    for rows in Self.batches(Array(0..<update.rows), columns: columns.count) {
      let base = try base(rows)
      for number in update.deltas.indices where update.deltas[number].magnitude != nil {
        var changed = base
        add(number, rows, to: &changed)
        for (place, value) in changed.enumerated() { squares[number][place % columns.count] += value * value }
      }
    }
    return squares.enumerated().map { number, squares in
      squares.enumerated().map { position, square in
        square == 0 ? 1 : magnitude(number, at: columns[position]) / square.squareRoot()
      }
    }
  }
}

extension TensorSource {
  fileprivate func read(from sources: [SafetensorsFile]) throws(IOError) -> [UInt8] {
    try sources[source].contents.bytes(at: offset, count: Int(count))
  }
}
