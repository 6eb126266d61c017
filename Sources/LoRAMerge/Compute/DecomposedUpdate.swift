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
    let right: RightFactor
    var magnitudes = DecomposedDelta.Magnitudes.none
  }

  /// Loads the right factors and magnitudes; where the outputs are columns, W is read once for their norms.
  init(_ update: MatrixUpdate, _ sources: [SafetensorsFile]) throws(IOError) {
    self.update = update
    self.sources = sources
    var deltas: [Delta] = []
    for stored in update.deltas {
      var right = RightFactor(rank: stored.rank, columns: update.columns)
      try stored.right.load(into: &right, ranks: stored.rank, at: 0, from: sources)
      var delta = Delta(stored: stored, right: right)
      if let magnitude = stored.magnitude {
        let numbers = try magnitude.elements(from: sources)
        switch magnitude.axis {
        case .rows: delta.magnitudes = .rows(numbers, first: Int(update.firstRow))
        case .columns:
          let norms = try Self.columnNorms(of: delta, update, sources)
          // A column of zeros has no direction and stays zero.
          delta.magnitudes = .columns(zip(numbers, norms).map { $1 == 0 ? 1 : $0 / $1 })
        }
      }
      deltas.append(delta)
    }
    self.deltas = deltas
  }

  /// Merges whole rows; returns how they were rounded.
  ///
  /// - Parameters:
  ///   - base: W of these rows, in the type of the base.
  ///   - output: W' of these rows, in the type of the output; may be the same memory.
  func merge(base: UnsafeRawBufferPointer, rows: Range<Int>, output: UnsafeMutableRawBufferPointer) throws(IOError)
    -> MergeStatistics
  {
    var prepared: [DecomposedDelta] = []
    for delta in deltas {
      var magnitudes = delta.magnitudes
      if case .rows(let numbers, let first) = magnitudes { magnitudes = .rows(numbers, first: first + rows.lowerBound) }
      prepared.append(
        DecomposedDelta(
          left: try delta.stored.loadLeft(rows: rows, from: sources), right: delta.right, magnitudes: magnitudes))
    }
    var statistics: MergeStatistics? = MergeStatistics()
    unsafe Kernels.merge(
      base: base, baseDType: update.baseDType, rows: rows.count, columns: update.columns, deltas: prepared,
      output: output, outputDType: update.outputDType, statistics: &statistics)
    return statistics ?? MergeStatistics()
  }

  /// ‖W + Δ‖ of every column, over all rows.
  private static func columnNorms(of delta: Delta, _ update: MatrixUpdate, _ sources: [SafetensorsFile])
    throws(IOError) -> [Double]
  {
    let step = max(1, (1 << 20) / max(1, update.baseRowBytes))
    var squares = [Double](repeating: 0, count: update.columns)
    for first in stride(from: 0, to: update.rows, by: step) {
      let rows = first..<min(update.rows, first + step)
      let bytes = try sources[update.base.source].contents.bytes(
        at: update.base.offset + UInt64(first * update.baseRowBytes), count: rows.count * update.baseRowBytes)
      let left = try delta.stored.loadLeft(rows: rows, from: sources)
      unsafe bytes.withUnsafeBytes {
        unsafe Kernels.addColumnSquares(
          base: $0, baseDType: update.baseDType, rows: rows.count, left: left, right: delta.right, to: &squares)
      }
    }
    return squares.map { $0.squareRoot() }
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
