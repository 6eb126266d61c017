import LoRAIO
import LoRAKernels
import Safetensors
import Synchronization
import TensorCore

/// A matrix update computed in float64, element by element, from the files.
struct ReferenceMerge: Sendable {
  private let update: MatrixUpdate
  private let sources: [SafetensorsFile]
  /// The columns that are computed, in order.
  let columns: [Int]
  /// The elements of R of every delta, rank by rank, each with its `columns`.
  private let rights: [[Double]]
  /// R where rows can be checked in one pass: one delta, whose magnitudes if any belong to rows, and numbers of one type.
  private let right: ReferenceRight?
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
      if layout.offset == 0, layout.stride == 1, layout.rankStride == columns.count,
        elements.count == delta.rank * columns.count
      {
        rights.append(elements)
      } else {
        rights.append(
          (0..<delta.rank).flatMap { rank in
            columns.map { elements[layout.offset + $0 * layout.stride + rank * layout.rankStride] }
          })
      }
      lefts.append(try delta.left?.source.read(from: sources))
      let values = delta.magnitude?.values
      magnitudes.append(
        try values.map { values throws(IOError) in
          ReferenceNumbers.values(try values.read(from: sources), values.dtype)
        })
    }
    (self.rights, self.lefts, self.magnitudes) = (rights, lefts, magnitudes)
    let isPlain =
      update.deltas.count == 1 && !needsNorms && update.baseDType == update.outputDType
      && columns.count <= Int(UInt32.max)
    right = isPlain ? ReferenceRight(rights[0], rank: update.deltas[0].rank, columns: columns.count) : nil
    if needsNorms { columnFactors = try normFactors() }
  }

  /// How many rows are computed together, so that they stay in a near cache.
  static func batchRows(columns: Int) -> Int { max(1, min(16, 1 << 15 / max(columns, 1))) }

  /// Neighbours among rows, at most so many together.
  ///
  /// - Parameter rows: in order.
  static func batches(_ rows: [Int], most: Int) -> [Range<Int>] {
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

  /// Whether rows can be checked in one pass.
  var isPlain: Bool { right != nil }

  /// Rows that are checked in one pass while base and output stay in a near cache; more where R does not stay there, so
  /// that it is read less often.
  var rowsAtOnce: Int {
    let bytes = update.rank * update.columns < 1 << 18 ? 1 << 17 : 1 << 20
    return max(1, bytes / max(update.baseRowBytes, 1))
  }

  /// Where rows of W' are not for certain what they should be, in order, and the number that was expected there; rows that
  /// are plain.
  ///
  /// - Parameters:
  ///   - rows: as many that their elements are fewer than 2³².
  ///   - stored: their elements.
  ///   - base: memory for as many, which is written.
  func doubts(
    _ rows: Range<Int>, stored: UnsafeRawBufferPointer, base: UnsafeMutableRawBufferPointer
  ) throws(IOError) -> [(position: Int, number: Double)] {
    guard let right, let delta = update.deltas.first else { return [] }
    unsafe try sources[update.base.source].contents.read(
      into: base, at: update.base.offset + UInt64(rows.lowerBound * update.baseRowBytes))
    let outputs = Int(update.firstRow) + rows.lowerBound..<Int(update.firstRow) + rows.upperBound
    let magnitudes = magnitudes[0].map { values in outputs.map { values[$0] }[...] }
    let found = unsafe Kernels.checkReference(
      base: UnsafeRawBufferPointer(base), stored: stored, update.outputDType, rows: rows.count,
      left: left(0, rows)[...], right: right, scale: delta.scale, magnitudes: magnitudes)
    return (found ?? []).sorted { $0.position < $1.position }
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
    Kernels.addReference(
      left(number, rows), rights[number], rank: delta.rank, columns: columns.count, scale: delta.scale, to: &sums)
  }

  /// L of a delta for some rows, `[rows, rank]`.
  private func left(_ number: Int, _ rows: Range<Int>) -> [Double] {
    let delta = update.deltas[number]
    var left = [Double](repeating: 1, count: rows.count * delta.rank)
    guard let factor = delta.left, let bytes = lefts[number] else { return left }
    let (dtype, layout) = (factor.source.dtype, factor.layout)
    if layout.rankStride == 1, layout.stride == delta.rank, dtype.bits % 8 == 0 {
      let first = layout.offset + rows.lowerBound * layout.stride
      let size = Int(dtype.bits / 8)
      return ReferenceNumbers.values(Array(bytes[first * size..<(first + left.count) * size]), dtype)
    }
    for (position, row) in rows.enumerated() {
      for rank in 0..<delta.rank {
        let place = layout.offset + row * layout.stride + rank * layout.rankStride
        left[position * delta.rank + rank] = ReferenceNumbers.value(ReferenceNumbers.code(bytes, place, dtype), dtype)
      }
    }
    return left
  }

  private func magnitude(_ number: Int, at output: Int) -> Double { magnitudes[number]?[output] ?? 1 }

  private func normFactors() throws(IOError) -> [[Double]] {
    var squares = update.deltas.map { _ in [Double](repeating: 0, count: columns.count) }
    for rows in Self.batches(Array(0..<update.rows), most: Self.batchRows(columns: columns.count)) {
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

/// The computation of one matrix, shared by the threads that check its tiles: made by the first that asks, freed by the
/// last.
final class SharedReference: Sendable {
  private struct State {
    var reference: ReferenceMerge?
    var remaining: Int
  }

  private let state: Mutex<State>

  /// For a matrix that is cut into `tiles` tiles.
  init(tiles: Int) { state = Mutex(State(remaining: tiles)) }

  func reference(_ make: () throws(IOError) -> ReferenceMerge) throws(IOError) -> ReferenceMerge {
    try state.withLock { state throws(IOError) in
      if let reference = state.reference { return reference }
      let reference = try make()
      state.reference = reference
      return reference
    }
  }

  /// Counts one tile as done.
  func finishTile() {
    state.withLock { state in
      state.remaining -= 1
      if state.remaining == 0 { state.reference = nil }
    }
  }
}
