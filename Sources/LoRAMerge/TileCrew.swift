import LoRAIO
import LoRAKernels
import Safetensors
import TensorCore

/// What every thread of a merge needs to carry out an item of work.
struct TileCrew: Sendable {
  let plan: MergePlan
  let buffers: TileBuffers
  /// One for every merge step, by its position among all steps.
  let states: [UpdateState?]
  /// What the holes of headers are filled with.
  let digests: FileDigests

  /// Carries out one item; returns the bytes written and, after the last tile of a matrix, how it was rounded.
  func perform(_ item: WorkQueue.Item, in file: OutputFile) throws(IOError) -> (bytes: UInt64, Rounding?) {
    let step = plan.shards[item.shard].steps[item.step]
    let range = item.range
    switch step.work {
    case .write(let text):
      let bytes = try digests.bytes(of: text)
      let part = Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
      try file.write(part, at: step.offset + range.lowerBound)
      return (UInt64(part.count), nil)
    case .copy(let slice):
      let count = range.upperBound - range.lowerBound
      try file.copy(
        from: plan.sources[slice.source].contents, at: slice.offset + range.lowerBound, count: count,
        to: step.offset + range.lowerBound)
      return (count, nil)
    case .convert(let slice, let from, let to):
      return (try convert(slice, from, to, range, to: file, at: step.offset), nil)
    case .merge(let update):
      guard let state = states[item.ordinal] else { return (0, nil) }
      if let chance = plan.chance(of: update) {
        return try mergeStochastically(update, state, range, chance, file, at: step.offset)
      }
      return try merge(update, state, range, to: file, at: step.offset)
    }
  }

  private func convert(
    _ slice: Slice, _ from: DType, _ to: DType, _ elements: Range<UInt64>, to file: OutputFile, at offset: UInt64
  ) throws(IOError) -> UInt64 {
    let count = Int(elements.upperBound - elements.lowerBound)
    let (inputSize, outputSize) = (from.bits / 8, to.bits / 8)
    let inputBytes = count * Int(inputSize)
    let outputBytes = count * Int(outputSize)
    unsafe try buffers.with(inputBytes + outputBytes) { all throws(IOError) in
      let input = unsafe UnsafeMutableRawBufferPointer(rebasing: all[..<inputBytes])
      let output = unsafe UnsafeMutableRawBufferPointer(rebasing: all[inputBytes...])
      unsafe try plan.sources[slice.source].contents.read(
        into: input, at: slice.offset + elements.lowerBound * inputSize)
      unsafe Kernels.convert(UnsafeRawBufferPointer(input), dtype: from, count: count, to: to, output: output)
      unsafe try file.write(UnsafeRawBufferPointer(output), at: offset + elements.lowerBound * outputSize)
    }
    return UInt64(outputBytes)
  }

  private func merge(
    _ update: MatrixUpdate, _ state: UpdateState, _ rows: Range<UInt64>, to file: OutputFile, at offset: UInt64
  ) throws(IOError) -> (UInt64, Rounding?) {
    let count = Int(rows.upperBound - rows.lowerBound)
    let baseBytes = count * update.baseRowBytes
    let outputBytes = count * update.outputRowBytes
    let prepared = try state.prepared(update, from: plan.sources)
    let range = Int(rows.lowerBound)..<Int(rows.upperBound)
    // Types of one size are merged in place.
    let isInPlace = update.baseDType.bits == update.outputDType.bits
    var statistics = UpdateState.Statistics.rows([], first: range.lowerBound)
    unsafe try buffers.with(isInPlace ? baseBytes : baseBytes + outputBytes) { all throws(IOError) in
      let base = unsafe UnsafeMutableRawBufferPointer(rebasing: all[..<baseBytes])
      let output = unsafe isInPlace ? base : UnsafeMutableRawBufferPointer(rebasing: all[baseBytes...])
      unsafe try plan.sources[update.base.source].contents.read(
        into: base, at: update.base.offset + rows.lowerBound * UInt64(update.baseRowBytes))
      switch prepared.form {
      case .lowRank(let right):
        let left = try update.loadLeft(rows: range, from: plan.sources)
        var counted: MergeStatistics? = MergeStatistics()
        unsafe Kernels.merge(
          base: UnsafeRawBufferPointer(base), baseDType: update.baseDType, rows: count, left: left, right: right,
          output: output, outputDType: update.outputDType, statistics: &counted)
        if let counted { statistics = .exact(counted) }
      case .decomposed(let decomposed):
        statistics = .rows(
          unsafe try decomposed.merge(base: UnsafeRawBufferPointer(base), rows: range, output: output),
          first: range.lowerBound)
      }
      unsafe try file.write(
        UnsafeRawBufferPointer(output), at: offset + rows.lowerBound * UInt64(update.outputRowBytes))
    }
    return (UInt64(outputBytes), state.finishTile(statistics))
  }
}
