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
    for delta in update.deltas {
      let elements = ReferenceNumbers.values(try delta.right.bytes(from: sources), delta.right.source.dtype)
      let layout = delta.right.layout
      rights.append(
        (0..<delta.rank).flatMap { rank in
          columns.map { elements[layout.offset + $0 * layout.stride + rank * layout.rankStride] }
        })
      lefts.append(try delta.left?.bytes(from: sources))
    }
    (self.rights, self.lefts) = (rights, lefts)
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
    let all = ReferenceNumbers.values(bytes, update.baseDType)
    return columns.count == update.columns ? Array(all.prefix(update.columns)) : columns.map { all[$0] }
  }

  /// Columns whose sums stay in the nearest cache while the ranks go by.
  private static let blockColumns = 1024

  /// One row of scale · L · R of a delta, each element summed in the order of the ranks.
  private func change(_ number: Int, _ row: Int) throws(IOError) -> [Double] {
    let delta = update.deltas[number]
    let left = (0..<delta.rank).map { rank in
      guard let factor = delta.left, let bytes = lefts[number] else { return 1.0 }
      let position = factor.layout.offset + row * factor.layout.stride + rank * factor.layout.rankStride
      return ReferenceNumbers.value(ReferenceNumbers.code(bytes, position, factor.source.dtype), factor.source.dtype)
    }
    let width = columns.count
    var sums = [Double](repeating: 0, count: width)
    unsafe sums.withUnsafeMutableBufferPointer { sums in
      unsafe rights[number].withUnsafeBufferPointer { right in
        for start in stride(from: 0, to: width, by: Self.blockColumns) {
          let end = min(start + Self.blockColumns, width)
          for rank in 0..<delta.rank {
            for position in start..<end { unsafe sums[position] += left[rank] * right[rank * width + position] }
          }
          for position in start..<end { unsafe sums[position] *= delta.scale }
        }
      }
    }
    return sums
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
  fileprivate func bytes(from sources: [SafetensorsFile]) throws(IOError) -> [UInt8] {
    try sources[source.source].contents.bytes(at: source.offset, count: Int(source.count))
  }
}
