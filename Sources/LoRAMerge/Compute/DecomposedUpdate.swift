import LoRAIO
import LoRAKernels
import Safetensors
import TensorCore

/// A matrix update with magnitudes (DoRA), in float64 throughout, rounded once at the end.
///
/// V starts as W. Every delta in turn is added, and where it has magnitudes every output of V is multiplied by
/// m / ‖W + Δ‖: the norm is that of the unmerged base plus this delta alone, so that several adapters compose as PEFT
/// computes them unmerged (facts: section 3.3).
struct DecomposedUpdate: Sendable {
  private let update: MatrixUpdate
  private let sources: [SafetensorsFile]
  private let deltas: [Delta]

  /// A delta with its right factor in memory.
  private struct Delta: Sendable {
    let stored: LowRankDelta
    /// R, rank by rank.
    let right: [Double]
    /// m of every row, or m / norm of every column; empty for a delta without magnitudes.
    var factors: [Double] = []
    var axis: Magnitude.Axis? { stored.magnitude?.axis }
  }

  /// Loads the right factors and magnitudes; where the outputs are columns, W is read once for their norms.
  init(_ update: MatrixUpdate, _ sources: [SafetensorsFile]) throws(IOError) {
    self.update = update
    self.sources = sources
    var deltas: [Delta] = []
    for stored in update.deltas {
      var delta = Delta(
        stored: stored, right: try stored.right.elements(outer: 0..<update.columns, ranks: stored.rank, from: sources))
      if let magnitude = stored.magnitude {
        delta.factors = try magnitude.elements(from: sources)
        if magnitude.axis == .columns {
          let norms = try Self.columnNorms(of: delta, update, sources)
          for column in 0..<update.columns {
            delta.factors[column] = Self.factor(delta.factors[column], norm: norms[column])
          }
        }
      }
      deltas.append(delta)
    }
    self.deltas = deltas
  }

  /// Merges whole rows; returns how each row was rounded.
  ///
  /// - Parameters:
  ///   - base: W of these rows, in the type of the base.
  ///   - output: W' of these rows, in the type of the output; may be the same memory.
  func merge(base: UnsafeRawBufferPointer, rows: Range<Int>, output: UnsafeMutableRawBufferPointer) throws(IOError)
    -> [RoundingStatistics]
  {
    let columns = update.columns
    let lefts = try Self.lefts(deltas, rows: rows, from: sources)
    var original = [Double](repeating: 0, count: columns)
    var value = original
    var scratch = original
    var roundings: [RoundingStatistics] = []
    roundings.reserveCapacity(rows.count)
    for row in rows {
      let position = row - rows.lowerBound
      let bytes = unsafe UnsafeRawBufferPointer(
        rebasing: base[position * update.baseRowBytes..<(position + 1) * update.baseRowBytes])
      unsafe original.withUnsafeMutableBufferPointer {
        unsafe Kernels.widen(bytes, dtype: update.baseDType, to: $0)
      }
      value = original
      for (delta, left) in zip(deltas, lefts) {
        apply(delta, left, position, row: row, original, &value, &scratch)
      }
      let target = unsafe UnsafeMutableRawBufferPointer(
        rebasing: output[position * update.outputRowBytes..<(position + 1) * update.outputRowBytes])
      unsafe value.withUnsafeBufferPointer { unsafe Kernels.narrow($0, to: update.outputDType, output: target) }
      unsafe scratch.withUnsafeMutableBufferPointer {
        unsafe Kernels.widen(UnsafeRawBufferPointer(target), dtype: update.outputDType, to: $0)
      }
      var rounding = RoundingStatistics()
      for column in 0..<columns {
        rounding.count(base: original[column], exact: value[column], stored: scratch[column])
      }
      roundings.append(rounding)
    }
    return roundings
  }

  /// One delta on one row of V.
  private func apply(
    _ delta: Delta, _ left: [Double], _ position: Int, row: Int, _ original: [Double], _ value: inout [Double],
    _ scratch: inout [Double]
  ) {
    switch delta.axis {
    case nil: Self.add(delta, left, position, to: &value)
    case .columns?:
      Self.add(delta, left, position, to: &value)
      for column in value.indices { value[column] *= delta.factors[column] }
    case .rows?:
      scratch = original
      Self.add(delta, left, position, to: &scratch)
      let norm = scratch.reduce(0) { $0 + $1 * $1 }.squareRoot()
      Self.add(delta, left, position, to: &value)
      let factor = Self.factor(delta.factors[Int(update.firstRow) + row], norm: norm)
      for column in value.indices { value[column] *= factor }
    }
  }

  /// A row or column of zeros has no direction and stays zero.
  private static func factor(_ magnitude: Double, norm: Double) -> Double { norm == 0 ? 1 : magnitude / norm }

  /// Adds scale · L · R of one row.
  private static func add(_ delta: Delta, _ left: [Double], _ position: Int, to row: inout [Double]) {
    let rank = delta.stored.rank
    let columns = row.count
    unsafe delta.right.withUnsafeBufferPointer { right in
      unsafe row.withUnsafeMutableBufferPointer { row in
        for index in 0..<rank {
          let factor = delta.stored.scale * left[position * rank + index]
          let start = index * columns
          for column in 0..<columns { unsafe row[column] += factor * right[start + column] }
        }
      }
    }
  }

  /// L of some rows for every delta, row by row.
  private static func lefts(_ deltas: [Delta], rows: Range<Int>, from sources: [SafetensorsFile]) throws(IOError)
    -> [[Double]]
  {
    var lefts: [[Double]] = []
    for delta in deltas {
      let rank = delta.stored.rank
      let byRank =
        try delta.stored.left?.elements(outer: rows, ranks: rank, from: sources)
        ?? [Double](repeating: 1, count: rows.count * rank)
      var left = [Double](repeating: 0, count: rows.count * rank)
      for index in 0..<rank {
        for row in 0..<rows.count { left[row * rank + index] = byRank[index * rows.count + row] }
      }
      lefts.append(left)
    }
    return lefts
  }

  /// ‖W + Δ‖ of every column, over all rows.
  private static func columnNorms(of delta: Delta, _ update: MatrixUpdate, _ sources: [SafetensorsFile])
    throws(IOError) -> [Double]
  {
    let columns = update.columns
    let step = max(1, (1 << 20) / max(1, update.baseRowBytes))
    var squares = [Double](repeating: 0, count: columns)
    var row = [Double](repeating: 0, count: columns)
    for first in stride(from: 0, to: update.rows, by: step) {
      let rows = first..<min(update.rows, first + step)
      let bytes = try sources[update.base.source].contents.bytes(
        at: update.base.offset + UInt64(first * update.baseRowBytes), count: rows.count * update.baseRowBytes)
      let left = try lefts([delta], rows: rows, from: sources)[0]
      for position in 0..<rows.count {
        unsafe bytes.withUnsafeBytes { bytes in
          unsafe row.withUnsafeMutableBufferPointer {
            unsafe Kernels.widen(bytes, dtype: update.baseDType, from: position * columns, to: $0)
          }
        }
        add(delta, left, position, to: &row)
        for column in 0..<columns { squares[column] += row[column] * row[column] }
      }
    }
    return squares.map { $0.squareRoot() }
  }
}

extension StoredFactor {
  /// Elements (i, k) for the outer indices i, rank by rank, widened.
  fileprivate func elements(outer: Range<Int>, ranks: Int, from sources: [SafetensorsFile]) throws(IOError) -> [Double]
  {
    let (bytes, layout) = try read(outer: outer, ranks: 0..<ranks, from: sources)
    let stored = bytes.widened(source.dtype)
    var elements: [Double] = []
    elements.reserveCapacity(outer.count * ranks)
    for rank in 0..<ranks {
      for index in 0..<outer.count {
        elements.append(stored[layout.offset + index * layout.stride + rank * layout.rankStride])
      }
    }
    return elements
  }
}

extension Magnitude {
  /// m of every output.
  fileprivate func elements(from sources: [SafetensorsFile]) throws(IOError) -> [Double] {
    try sources[values.source].contents.bytes(at: values.offset, count: Int(values.count)).widened(values.dtype)
  }
}

extension [UInt8] {
  /// The numbers that the bytes hold, exactly.
  func widened(_ dtype: DType) -> [Double] {
    let count = self.count * 8 / Int(dtype.bits)
    return unsafe [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
      let target = unsafe UnsafeMutableBufferPointer(rebasing: buffer[..<count])
      unsafe withUnsafeBytes { unsafe Kernels.widen($0, dtype: dtype, to: target) }
      initialized = count
    }
  }
}
