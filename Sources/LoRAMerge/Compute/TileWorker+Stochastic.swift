import LoRAIO
import LoRAKernels
import Safetensors
import TensorCore

extension TileWorker {
  /// Merges rows in F32 and rounds them by chance; a plain loop, several times slower than rounding to nearest.
  ///
  /// The F32 values are those that `--dtype f32` would store, so an element can be off by half a unit of F32 before it
  /// is rounded.
  func mergeStochastically(
    _ update: MatrixUpdate, _ state: UpdateState, _ rows: Range<UInt64>, _ rounding: StochasticRounding,
    at offset: UInt64
  ) throws(IOError) -> (part: PendingWrite, rounding: RoundingStatistics?) {
    var wide = update
    wide.outputDType = .f32
    let prepared = try state.prepared(wide, from: plan.sources)
    let range = Int(rows.lowerBound)..<Int(rows.upperBound)
    let elements = range.count * update.columns
    let baseBytes = range.count * update.baseRowBytes
    let wideBytes = elements * 4
    var roundings: [RoundingStatistics] = []
    let buffer = buffers.take(wideBytes + baseBytes + 2 * elements)
    unsafe try buffer.with(wideBytes + baseBytes + 2 * elements) { all throws(IOError) in
      let values = unsafe UnsafeMutableRawBufferPointer(rebasing: all[..<wideBytes])
      let base = unsafe UnsafeMutableRawBufferPointer(rebasing: all[wideBytes..<wideBytes + baseBytes])
      let output = unsafe UnsafeMutableRawBufferPointer(rebasing: all[(wideBytes + baseBytes)...])
      unsafe try plan.sources[update.base.source].contents.read(
        into: base, at: update.base.offset + rows.lowerBound * UInt64(update.baseRowBytes))
      switch prepared.form {
      case .lowRank(let right):
        let left = try wide.loadLeft(rows: range, from: plan.sources)
        var uncounted: MergeStatistics?
        unsafe Kernels.merge(
          base: UnsafeRawBufferPointer(base), baseDType: update.baseDType, rows: range.count, left: left, right: right,
          output: values, outputDType: .f32, statistics: &uncounted)
      case .decomposed(let decomposed):
        _ = unsafe try decomposed.merge(base: UnsafeRawBufferPointer(base), rows: range, output: values)
      }
      let first = range.lowerBound * update.columns
      var originals = [Double](repeating: 0, count: update.columns)
      for row in 0..<range.count {
        let stored = unsafe UnsafeRawBufferPointer(
          rebasing: base[row * update.baseRowBytes..<(row + 1) * update.baseRowBytes])
        unsafe originals.withUnsafeMutableBufferPointer {
          unsafe Kernels.widen(stored, dtype: update.baseDType, to: $0)
        }
        var counted = RoundingStatistics()
        for column in 0..<update.columns {
          let element = row * update.columns + column
          let value = unsafe values.loadUnaligned(fromByteOffset: 4 * element, as: Float.self)
          let code = rounding.code(value, first + element)
          unsafe output.storeBytes(of: code, toByteOffset: 2 * element, as: UInt16.self)
          counted.count(
            base: originals[column], exact: Double(value),
            stored: ReferenceNumbers.value(UInt64(code), update.outputDType))
        }
        roundings.append(counted)
      }
    }
    let part = PendingWrite(
      contents: .tile(buffer, start: wideBytes + baseBytes), count: 2 * elements,
      offset: offset + rows.lowerBound * UInt64(update.outputRowBytes))
    return (part, state.finishTile(.rows(roundings, first: range.lowerBound)))
  }
}
