import LoRAIO
import LoRAKernels
import QuantizedWeights
import Safetensors
import Synchronization
import TensorCore

/// What the threads that quantise one weight again share: its factors, and its new scales, which take a look at every
/// element before the first code can be written.
final class RequantizationState: Sendable {
  private struct State {
    var scales: (values: [Double], bytes: [UInt8])?
    var remaining: Int
    var rows: [(first: Int, rows: [RoundingStatistics])] = []
  }

  let work: Requantization
  private let sources: [SafetensorsFile]
  private let updates: [UpdateState]
  private let state: Mutex<State>

  /// A weight whose codes are made in `tiles` tiles.
  init(_ work: Requantization, tiles: Int, _ sources: [SafetensorsFile]) {
    self.work = work
    self.sources = sources
    updates = work.updates.map { _ in UpdateState(tiles: .max) }
    state = Mutex(State(remaining: tiles))
  }

  /// Rows at a time, so that they take about a megabyte in F64.
  private var step: Int { max(1, (1 << 17) / max(1, work.grid.columns)) }

  /// The new scales, computed by the first thread that asks while the others wait.
  func scales() throws(IOError) -> (values: [Double], bytes: [UInt8]) {
    try state.withLock { state throws(IOError) in
      if let scales = state.scales { return scales }
      let grid = work.grid
      var largest = [Float](repeating: 0, count: grid.cells)
      for first in stride(from: 0, to: grid.rows, by: step) {
        let rows = first..<min(grid.rows, first + step)
        let (_, merged) = try numbers(rows)
        for row in rows {
          let start = (row - rows.lowerBound) * grid.columns
          for begin in stride(from: 0, to: grid.columns, by: grid.width) {
            let cell = grid.cell(row: row, column: begin)
            largest[cell] = Self.largest(
              merged[start + begin..<start + min(begin + grid.width, grid.columns)], largest[cell])
          }
        }
      }
      if largest.contains(where: { !$0.isFinite }) {
        throw IOError(
          "quantise", work.tensor, .damaged("a changed weight is not finite, which no scale can make an 8-bit float"))
      }
      let made = largest.map { grid.scale(forLargest: Double($0)) }
      let scales = (made.map(\.value), made.flatMap(\.bytes))
      if state.remaining == 0 { for update in updates { update.release() } }
      state.scales = scales
      return scales
    }
  }

  /// The largest magnitude of some numbers and another, NaN if there is one.
  private static func largest(_ values: ArraySlice<Float>, _ other: Float) -> Float {
    unsafe values.withUnsafeBufferPointer { values in
      var (most, areNumbers) = (other, true)
      for place in values.indices {
        let magnitude = unsafe values[place].magnitude
        if magnitude > most { most = magnitude }
        areNumbers = areNumbers && !magnitude.isNaN
      }
      return areNumbers ? most : .nan
    }
  }

  /// The codes of some rows; after the last tile how the whole weight was rounded.
  func codes(_ rows: Range<Int>) throws(IOError) -> (codes: [UInt8], rounding: RoundingStatistics?) {
    let scales = try scales().values
    let (base, merged) = try numbers(rows)
    let grid = work.grid
    let levels = grid.levels
    var roundings: [RoundingStatistics] = []
    let codes = unsafe [UInt8](unsafeUninitializedCapacity: merged.count) { codes, count in
      count = merged.count
      unsafe base.withUnsafeBufferPointer { base in
        unsafe merged.withUnsafeBufferPointer { merged in
          unsafe levels.withUnsafeBufferPointer { levels in
            for row in rows {
              var rounding = RoundingStatistics()
              let start = (row - rows.lowerBound) * grid.columns
              for begin in stride(from: 0, to: grid.columns, by: grid.width) {
                // Elements that share a scale.
                let places = start + begin..<start + min(begin + grid.width, grid.columns)
                let scale = scales[grid.cell(row: row, column: begin)]
                let exact = unsafe UnsafeBufferPointer(rebasing: merged[places])
                let own = unsafe UnsafeMutableBufferPointer(rebasing: codes[places])
                unsafe grid.code(exact, scale: scale, to: own)
                unsafe rounding.count(
                  base: UnsafeBufferPointer(rebasing: base[places]), exact: exact, codes: UnsafeBufferPointer(own),
                  levels: levels, scale: scale)
              }
              roundings.append(rounding)
            }
          }
        }
      }
    }
    return (codes, finish(roundings, first: rows.lowerBound))
  }

  private func finish(_ rows: [RoundingStatistics], first: Int) -> RoundingStatistics? {
    state.withLock { state in
      state.rows.append((first, rows))
      state.remaining -= 1
      guard state.remaining == 0 else { return nil }
      // In the order of the rows, so that the sums do not depend on which tile was done first.
      var sum = RoundingStatistics()
      for part in state.rows.sorted(by: { $0.first < $1.first }) { for row in part.rows { sum.merge(row) } }
      state.rows = []
      for update in updates { update.release() }
      return sum
    }
  }

  /// W and W + Δ of some rows.
  private func numbers(_ rows: Range<Int>) throws(IOError) -> (base: [Double], merged: [Float]) {
    var base: [Double] = []
    var merged: [Float] = []
    for (update, state) in zip(work.updates, updates) {
      let first = Int(update.firstRow)
      let own = max(rows.lowerBound, first) - first..<max(first, min(rows.upperBound, first + update.rows)) - first
      guard own.lowerBound < own.upperBound else { continue }
      let bytes = try sources[update.base.source].contents.bytes(
        at: update.base.offset + UInt64(own.lowerBound * update.baseRowBytes), count: own.count * update.baseRowBytes)
      let original = bytes.widened(.f64)
      let changed =
        update.deltas.isEmpty
        ? original.map { Float($0) } : try Self.merged(update, state, own, bytes, sources)
      // The first are all, as a rule.
      (base, merged) = base.isEmpty ? (original, changed) : (base + original, merged + changed)
    }
    return (base, merged)
  }

  private static func merged(
    _ update: MatrixUpdate, _ state: UpdateState, _ rows: Range<Int>, _ base: [UInt8], _ sources: [SafetensorsFile]
  ) throws(IOError) -> [Float] {
    let prepared = try state.prepared(update, from: sources)
    var result = [Float](repeating: 0, count: rows.count * update.columns)
    var failure: IOError?
    unsafe result.withUnsafeMutableBytes { output in
      unsafe base.withUnsafeBytes { base in
        do throws(IOError) {
          switch prepared.form {
          case .lowRank(let right):
            let left = try update.loadLeft(rows: rows, from: sources)
            var uncounted: MergeStatistics?
            unsafe Kernels.merge(
              base: base, baseDType: update.baseDType, rows: rows.count, left: left, right: right, output: output,
              outputDType: .f32, statistics: &uncounted)
          case .decomposed(let decomposed):
            _ = unsafe try decomposed.merge(base: base, rows: rows, output: output)
          }
        } catch {
          failure = error
        }
      }
    }
    if let failure { throw failure }
    return result
  }
}
