import LoRAIO
import LoRAKernels
import QuantizedWeights
import Safetensors
import TensorCore

/// What every thread of a merge needs to carry out an item of work.
struct TileWorker: Sendable {
  let plan: MergePlan
  let buffers: TileBuffers
  /// One for every merge step, by its position among all steps.
  let states: [UpdateState?]
  /// One for every weight that is quantised again, by the name of its codes.
  let requantizations: [String: RequantizationState]

  /// Computes one item; returns what is to be written and, after the last tile of a matrix, how it was rounded.
  func compute(_ item: WorkQueue.Item) throws(IOError) -> (part: PendingWrite, rounding: RoundingStatistics?) {
    let step = plan.shards[item.shard].steps[item.step]
    let range = item.range
    let count = Int(range.upperBound - range.lowerBound)
    switch step.work {
    case .write(let text):
      // What has holes waits for the digests that fill them.
      guard text.holes.isEmpty else { return (PendingWrite(contents: .none, count: 0, offset: step.offset), nil) }
      let bytes = Array(text.bytes[Int(range.lowerBound)..<Int(range.upperBound)])
      return (PendingWrite(contents: .bytes(bytes), count: count, offset: step.offset + range.lowerBound), nil)
    case .copy(let whole):
      let part = whole.part(from: range.lowerBound, count: UInt64(count))
      return (PendingWrite(contents: .source(part), count: count, offset: step.offset + range.lowerBound), nil)
    case .convert(let source, let to):
      return (try convert(source, to, range, at: step.offset), nil)
    case .merge(let update):
      guard let state = states[item.ordinal] else {
        return (PendingWrite(contents: .none, count: 0, offset: step.offset), nil)
      }
      if let chance = plan.chance(of: update) {
        return try mergeStochastically(update, state, range, chance, at: step.offset)
      }
      return try merge(update, state, range, at: step.offset)
    case .requantize(let work):
      guard let state = requantizations[work.tensor] else { break }
      let (codes, rounding) = try state.codes(Int(range.lowerBound)..<Int(range.upperBound))
      let offset = step.offset + range.lowerBound * UInt64(work.grid.columns)
      return (PendingWrite(contents: .bytes(codes), count: codes.count, offset: offset), rounding)
    case .rescale(let work):
      guard let state = requantizations[work.tensor] else { break }
      let bytes = try state.scales().bytes
      return (PendingWrite(contents: .bytes(bytes), count: bytes.count, offset: step.offset), nil)
    }
    return (PendingWrite(contents: .none, count: 0, offset: step.offset), nil)
  }

  private func convert(
    _ source: TensorSource, _ to: DType, _ elements: Range<UInt64>, at offset: UInt64
  ) throws(IOError) -> PendingWrite {
    let count = Int(elements.upperBound - elements.lowerBound)
    let (inputSize, outputSize) = (source.dtype.bits / 8, to.bits / 8)
    let inputBytes = count * Int(inputSize)
    let outputBytes = count * Int(outputSize)
    let buffer = buffers.take(inputBytes + outputBytes)
    unsafe try buffer.with(inputBytes + outputBytes) { all throws(IOError) in
      let input = unsafe UnsafeMutableRawBufferPointer(rebasing: all[..<inputBytes])
      let output = unsafe UnsafeMutableRawBufferPointer(rebasing: all[inputBytes...])
      unsafe try plan.sources[source.source].contents.read(
        into: input, at: source.offset + elements.lowerBound * inputSize)
      unsafe Kernels.convert(UnsafeRawBufferPointer(input), dtype: source.dtype, count: count, to: to, output: output)
    }
    return PendingWrite(
      contents: .tile(buffer, start: inputBytes), count: outputBytes, offset: offset + elements.lowerBound * outputSize)
  }

  private func merge(
    _ update: MatrixUpdate, _ state: UpdateState, _ rows: Range<UInt64>, at offset: UInt64
  ) throws(IOError) -> (part: PendingWrite, rounding: RoundingStatistics?) {
    let count = Int(rows.upperBound - rows.lowerBound)
    let baseBytes = count * update.baseRowBytes
    let outputBytes = count * update.outputRowBytes
    let prepared = try state.prepared(update, from: plan.sources)
    let range = Int(rows.lowerBound)..<Int(rows.upperBound)
    // Types of one size are merged in place.
    let isInPlace = update.baseDType.bits == update.outputDType.bits
    var statistics = UpdateState.Statistics.rows([], first: range.lowerBound)
    let start = isInPlace ? 0 : baseBytes
    let buffer = buffers.take(start + outputBytes)
    unsafe try buffer.with(start + outputBytes) { all throws(IOError) in
      let base = unsafe UnsafeMutableRawBufferPointer(rebasing: all[..<baseBytes])
      let output = unsafe UnsafeMutableRawBufferPointer(rebasing: all[start...])
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
        statistics = .exact(
          unsafe try decomposed.merge(base: UnsafeRawBufferPointer(base), rows: range, output: output))
      }
    }
    let part = PendingWrite(
      contents: .tile(buffer, start: start), count: outputBytes,
      offset: offset + rows.lowerBound * UInt64(update.outputRowBytes))
    return (part, state.finishTile(statistics))
  }
}
