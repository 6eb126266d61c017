import Safetensors
import TensorCore

/// Lays out one shard of the output: the tensors of a base shard in their order, changed where there is an edit.
struct ShardLayout {
  private let file: SafetensorsFile
  private let source: Int
  private let dtype: DType?
  private var tensors: [TensorInfo] = []
  private var steps: [MergeStep] = []
  private var end: UInt64 = 0

  /// The shard at position `source`, whose floating-point tensors become `dtype` unless that is nil.
  init(_ file: SafetensorsFile, source: Int, dtype: DType?) {
    self.file = file
    self.source = source
    self.dtype = dtype
  }

  /// The type that a tensor of the base has in the output.
  static func outputDType(of stored: DType, _ wanted: DType?) -> DType {
    guard let wanted, [.f64, .f32, .f16, .bf16].contains(stored) else { return stored }
    return wanted
  }

  /// Adds a tensor of the base with what is done to it, if anything.
  mutating func append(_ tensor: TensorInfo, _ edit: TensorEdit?) {
    let original = StoredTensor(tensor, of: file, source: source)
    append(tensor.name, original, as: Self.outputDType(of: tensor.dtype, dtype), edit)
  }

  /// Adds a tensor under a name of its own.
  mutating func append(_ name: String, _ original: StoredTensor, as output: DType, _ edit: TensorEdit?) {
    let origin = edit?.origin ?? original
    let begin = end
    if let edit, let columns = edit.columns {
      let rows = (origin.shape.elementCount ?? 0) / columns
      for block in edit.blocks(rows: rows) { append(name, origin, block, columns: columns, as: output) }
    } else if let edit, !edit.replacedRows.isEmpty {
      replaceRows(edit.replacedRows, of: origin, as: output)
    } else {
      transfer(origin.slice, from: origin.dtype, to: output)
    }
    tensors.append(TensorInfo(name: name, dtype: output, shape: origin.shape, begin: begin, end: end))
  }

  private mutating func append(
    _ name: String, _ origin: StoredTensor, _ block: (rows: Range<UInt64>, deltas: [LowRankDelta]), columns: UInt64,
    as output: DType
  ) {
    let rowBytes = columns * origin.dtype.bits / 8
    let count = block.rows.upperBound - block.rows.lowerBound
    let slice = Slice(
      source: origin.slice.source, offset: origin.slice.offset + block.rows.lowerBound * rowBytes,
      count: count * rowBytes)
    guard !block.deltas.isEmpty else { return transfer(slice, from: origin.dtype, to: output) }
    let update = MatrixUpdate(
      tensor: name, firstRow: block.rows.lowerBound, rows: Int(count), columns: Int(columns), base: slice,
      baseDType: origin.dtype, outputDType: output, deltas: block.deltas)
    append(.merge(update), count: count * columns * output.bits / 8)
  }

  private mutating func replaceRows(
    _ rows: [(row: UInt64, from: StoredTensor)], of origin: StoredTensor, as output: DType
  ) {
    let rowBytes = origin.shape[0] > 0 ? origin.slice.count / origin.shape[0] : 0
    var next: UInt64 = 0
    func slice(_ rows: Range<UInt64>) -> Slice {
      Slice(
        source: origin.slice.source, offset: origin.slice.offset + rows.lowerBound * rowBytes,
        count: (rows.upperBound - rows.lowerBound) * rowBytes)
    }
    for (row, stored) in rows {
      transfer(slice(next..<row), from: origin.dtype, to: output)
      transfer(stored.slice, from: stored.dtype, to: output)
      next = row + 1
    }
    transfer(slice(next..<origin.shape[0]), from: origin.dtype, to: output)
  }

  private mutating func transfer(_ slice: Slice, from dtype: DType, to output: DType) {
    guard slice.count > 0 else { return }
    if dtype == output {
      append(.copy(slice), count: slice.count)
    } else {
      append(.convert(slice, from: dtype, to: output), count: slice.count / (dtype.bits / 8) * (output.bits / 8))
    }
  }

  /// Adds a step; copies of neighbouring bytes become one.
  private mutating func append(_ work: MergeStep.Work, count: UInt64) {
    defer { end += count }
    if case .copy(let next) = work, let last = steps.last, case .copy(var slice) = last.work,
      slice.source == next.source, slice.offset + slice.count == next.offset
    {
      slice.count += next.count
      steps[steps.count - 1] = MergeStep(offset: last.offset, count: slice.count, work: .copy(slice))
      return
    }
    steps.append(MergeStep(offset: end, count: count, work: work))
  }

  /// The shard with its header: the base's own bytes where nothing in it changed.
  ///
  /// - Throws: `HeaderWriterError` when the header would be too long.
  func shard(named name: String) throws(HeaderWriterError) -> OutputShard {
    let base = file.header
    let metadata = base.metadata("format") == nil ? base.metadata + [("format", "pt")] : base.metadata
    if metadata.count == base.metadata.count, isUnchanged(base.tensors) {
      var steps = shifted(by: base.dataStart)
      let header = Slice(source: source, offset: 0, count: base.dataStart)
      if let first = steps.first, case .copy(let slice) = first.work, slice.source == source,
        slice.offset == base.dataStart
      {
        let whole = Slice(source: source, offset: 0, count: base.dataStart + slice.count)
        steps[0] = MergeStep(offset: 0, count: whole.count, work: .copy(whole))
      } else {
        steps.insert(MergeStep(offset: 0, count: header.count, work: .copy(header)), at: 0)
      }
      return OutputShard(
        name: name, tensors: tensors, dataStart: base.dataStart, steps: steps, size: base.dataStart + end)
    }
    let header = try HeaderWriter.bytes(of: tensors, metadata: metadata)
    let start = UInt64(header.count)
    let steps = [MergeStep(offset: 0, count: start, work: .write(header))] + shifted(by: start)
    return OutputShard(name: name, tensors: tensors, dataStart: start, steps: steps, size: start + end)
  }

  private func shifted(by offset: UInt64) -> [MergeStep] {
    steps.map { MergeStep(offset: $0.offset + offset, count: $0.count, work: $0.work) }
  }

  private func isUnchanged(_ base: [TensorInfo]) -> Bool {
    base.count == tensors.count
      && zip(base, tensors).allSatisfy {
        $0.name == $1.name && $0.dtype == $1.dtype && $0.shape == $1.shape && $0.begin == $1.begin && $0.end == $1.end
      }
  }
}
