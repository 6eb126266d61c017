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
    /// The rows in parts, while the scales are looked for, and how many of them threads have begun with.
    var parts: [Part] = []
    var begun = 0

    /// The first part that no thread has begun with.
    mutating func next(of parts: [Part]) -> Part? {
      guard begun < parts.count else { return nil }
      defer { begun += 1 }
      return parts[begun]
    }
  }

  /// Some rows, which one thread looks at while others wait for it or look at other rows.
  private final class Part: Sendable {
    let rows: Range<Int>
    private let found = Mutex<(first: Int, maxima: [Float])?>(nil)

    init(_ rows: Range<Int>) { self.rows = rows }

    /// What `look` finds in the rows, looked at once.
    func maxima(_ look: (Range<Int>) throws(IOError) -> (first: Int, maxima: [Float])) throws(IOError)
      -> (first: Int, maxima: [Float])
    {
      try found.withLock { found throws(IOError) in
        if let found { return found }
        let new = try look(rows)
        found = new
        return new
      }
    }
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

  /// All rows, in parts that take about a megabyte in F64.
  private var parts: [Part] {
    let step = max(1, (1 << 17) / max(1, work.grid.columns))
    return stride(from: 0, to: work.grid.rows, by: step).map { Part($0..<min(work.grid.rows, $0 + step)) }
  }

  /// The new scales; threads that ask at the same time look at other rows and wait for what the others have not seen.
  func scales() throws(IOError) -> (values: [Double], bytes: [UInt8]) {
    let (known, parts) = state.withLock { state in
      if state.scales == nil, state.parts.isEmpty { state.parts = self.parts }
      return (state.scales, state.parts)
    }
    if let known { return known }
    while let part = state.withLock({ $0.next(of: parts) }) { _ = try part.maxima(largest) }
    var maxima = [Float](repeating: 0, count: work.grid.cells)
    for part in parts {
      let (first, found) = try part.maxima(largest)
      for (cell, value) in zip(first..., found) { maxima[cell] = Self.larger(maxima[cell], value) }
    }
    if maxima.contains(where: { !$0.isFinite }) {
      throw IOError(
        "quantise", work.tensor, .damaged("a changed weight is not finite, which no scale can make an 8-bit float"))
    }
    let made = maxima.map { work.grid.scale(forLargest: Double($0)) }
    let scales = (made.map(\.value), made.flatMap(\.bytes))
    state.withLock { state in
      if state.scales == nil, state.remaining == 0 { for update in updates { update.release() } }
      state.scales = scales
      state.parts = []
    }
    return scales
  }

  /// The largest magnitudes of the cells that some rows lie in, from their first cell on.
  private func largest(_ rows: Range<Int>) throws(IOError) -> (first: Int, maxima: [Float]) {
    let grid = work.grid
    let first = rows.reduce(Int.max) { min($0, grid.cell(row: $1, column: 0)) }
    let last = rows.reduce(0) { max($0, grid.cell(row: $1, column: max(0, grid.columns - 1))) }
    var maxima = [Float](repeating: 0, count: last - first + 1)
    let (_, merged) = try numbers(rows)
    for row in rows {
      let start = (row - rows.lowerBound) * grid.columns
      for begin in stride(from: 0, to: grid.columns, by: grid.width) {
        let cell = grid.cell(row: row, column: begin) - first
        maxima[cell] = Self.largest(
          merged[start + begin..<start + min(begin + grid.width, grid.columns)], maxima[cell])
      }
    }
    return (first, maxima)
  }

  /// The larger of two magnitudes, NaN if one of them is.
  private static func larger(_ one: Float, _ other: Float) -> Float {
    one.isNaN || other.isNaN ? .nan : max(one, other)
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
      for part in state.rows.ordered(by: { $0.first < $1.first }) { for row in part.rows { sum.merge(row) } }
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
