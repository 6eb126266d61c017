import LoRAIO
import LoRAKernels
import Safetensors

/// A matrix update computed in float64, element by element, from the files.
struct ReferenceMerge {
  private let update: MatrixUpdate
  private let sources: [SafetensorsFile]
  /// The columns that are computed, in order.
  let columns: [Int]
  /// The elements of R of every delta, column by column of `columns`.
  private let rights: [[Double]]
  /// m / ‖W + Δ‖ for every delta whose outputs are columns, by `columns`; empty for others.
  private var columnFactors: [[Double]] = []

  /// A computation of some columns: of all, or where whole columns must be read for their norms, of `sampled` ones.
  init(_ update: MatrixUpdate, sampled: [Int], _ sources: [SafetensorsFile]) throws(IOError) {
    self.update = update
    self.sources = sources
    let needsNorms = update.deltas.contains { $0.magnitude?.axis == .columns }
    columns = needsNorms ? sampled : Array(0..<update.columns)
    var rights: [[Double]] = []
    for delta in update.deltas {
      let elements = try delta.right.elements(outer: 0..<update.columns, ranks: delta.rank, from: sources)
      rights.append(columns.flatMap { elements[$0 * delta.rank..<($0 + 1) * delta.rank] })
    }
    self.rights = rights
    if needsNorms { columnFactors = try normFactors() }
  }

  /// The numbers of one row of W' in `columns`, before they are rounded.
  func row(_ row: Int) throws(IOError) -> [Double] {
    let base = try self.base(row)
    var result = base
    for (number, delta) in update.deltas.enumerated() {
      let change = try self.change(number, row)
      for position in columns.indices { result[position] += change[position] }
      switch delta.magnitude?.axis {
      case nil: continue
      case .columns?: for position in columns.indices { result[position] *= columnFactors[number][position] }
      case .rows?:
        let norm = zip(base, change).reduce(0) { $0 + ($1.0 + $1.1) * ($1.0 + $1.1) }.squareRoot()
        let magnitude = try self.magnitude(number, at: Int(update.firstRow) + row)
        for position in columns.indices where norm != 0 { result[position] *= magnitude / norm }
      }
    }
    return result
  }

  private func base(_ row: Int) throws(IOError) -> [Double] {
    let bytes = try sources[update.base.source].contents.bytes(
      at: update.base.offset + UInt64(row * update.baseRowBytes), count: update.baseRowBytes)
    return columns.map { ReferenceNumbers.value(ReferenceNumbers.code(bytes, $0, update.baseDType), update.baseDType) }
  }

  /// One row of scale · L · R of a delta.
  private func change(_ number: Int, _ row: Int) throws(IOError) -> [Double] {
    let delta = update.deltas[number]
    let left = try delta.left?.elements(outer: row..<row + 1, ranks: delta.rank, from: sources) ?? [1]
    return columns.indices.map { position in
      var sum = 0.0
      for rank in 0..<delta.rank { sum += left[rank] * rights[number][position * delta.rank + rank] }
      return delta.scale * sum
    }
  }

  private func magnitude(_ number: Int, at output: Int) throws(IOError) -> Double {
    guard let magnitude = update.deltas[number].magnitude else { return 1 }
    let bytes = try sources[magnitude.values.source].contents.bytes(
      at: magnitude.values.offset, count: Int(magnitude.values.count))
    return ReferenceNumbers.value(ReferenceNumbers.code(bytes, output, magnitude.values.dtype), magnitude.values.dtype)
  }

  private func normFactors() throws(IOError) -> [[Double]] {
    var squares = update.deltas.map { _ in [Double](repeating: 0, count: columns.count) }
    for row in 0..<update.rows {
      let base = try self.base(row)
      for number in update.deltas.indices where update.deltas[number].magnitude != nil {
        let change = try self.change(number, row)
        for position in columns.indices {
          squares[number][position] += (base[position] + change[position]) * (base[position] + change[position])
        }
      }
    }
    var factors: [[Double]] = []
    for (number, squares) in squares.enumerated() {
      var row: [Double] = []
      for (position, square) in squares.enumerated() {
        row.append(square == 0 ? 1 : try magnitude(number, at: columns[position]) / square.squareRoot())
      }
      factors.append(row)
    }
    return factors
  }
}

extension StoredFactor {
  /// Elements (i, k) for the outer indices i and all ranks k, i by i.
  fileprivate func elements(outer: Range<Int>, ranks: Int, from sources: [SafetensorsFile]) throws(IOError) -> [Double]
  {
    let bytes = try sources[source.source].contents.bytes(at: source.offset, count: Int(source.count))
    var elements: [Double] = []
    elements.reserveCapacity(outer.count * ranks)
    for index in outer {
      for rank in 0..<ranks {
        let position = layout.offset + index * layout.stride + rank * layout.rankStride
        elements.append(ReferenceNumbers.value(ReferenceNumbers.code(bytes, position, source.dtype), source.dtype))
      }
    }
    return elements
  }
}
