import Safetensors
import TensorCore

/// Lays out one shard of the output: tensors one behind the other, changed where there is an edit.
struct ShardLayout {
  /// A tensor of the output before it is laid out.
  struct Entry: Sendable {
    /// Its name.
    var name: String
    /// What it is without edits.
    var original: StoredTensor
    /// Its type in the output.
    var dtype: DType
    /// What is done to it, if anything.
    var edit: TensorEdit?
    /// The weight that is quantised again, of which it is the codes or the scales.
    var requantization: Requantization?

    /// Its dimensions in the output.
    var shape: Shape { edit?.origin?.shape ?? original.shape }
    /// Its bytes in the output.
    var byteCount: UInt64 { HeaderWriter.size(dtype, shape) ?? 0 }
  }

  private var tensors: [TensorInfo] = []
  /// What is done, counted from the first byte of data.
  private(set) var steps: [MergeStep] = []
  private(set) var end: UInt64 = 0
  private var isEdited = false

  /// The type that a tensor of the base has in the output.
  static func outputDType(of stored: DType, _ wanted: DType?) -> DType {
    guard let wanted, [.f64, .f32, .f16, .bf16].contains(stored) else { return stored }
    return wanted
  }

  /// Adds a tensor.
  mutating func append(_ entry: Entry) {
    let (name, output, edit) = (entry.name, entry.dtype, entry.edit)
    if edit != nil { isEdited = true }
    let origin = edit?.origin ?? entry.original
    let begin = end
    if let work = entry.requantization {
      append(work.tensor == name ? .requantize(work) : .rescale(work), count: origin.source.count)
    } else if let edit, let columns = edit.columns {
      let rows = (origin.shape.elementCount ?? 0) / columns
      for block in edit.blocks(rows: rows) { append(name, origin, block, columns: columns, as: output) }
    } else if let edit, !edit.replacedRows.isEmpty {
      replaceRows(edit.replacedRows, of: origin, as: output)
    } else {
      transfer(origin.source, to: output)
    }
    tensors.append(TensorInfo(name: name, dtype: output, shape: origin.shape, begin: begin, end: end))
  }

  private mutating func append(
    _ name: String, _ origin: StoredTensor, _ block: (rows: Range<UInt64>, deltas: [LowRankDelta]), columns: UInt64,
    as output: DType
  ) {
    let rowBytes = columns * origin.dtype.bits / 8
    let count = block.rows.upperBound - block.rows.lowerBound
    let source = origin.source.part(from: block.rows.lowerBound * rowBytes, count: count * rowBytes)
    guard !block.deltas.isEmpty else { return transfer(source, to: output) }
    let update = MatrixUpdate(
      tensor: name, firstRow: block.rows.lowerBound, rows: Int(count), columns: Int(columns), base: source,
      outputDType: output, deltas: block.deltas)
    append(.merge(update), count: count * columns * output.bits / 8)
  }

  private mutating func replaceRows(
    _ rows: [(row: UInt64, from: StoredTensor)], of origin: StoredTensor, as output: DType
  ) {
    let rowBytes = origin.shape[0] > 0 ? origin.source.count / origin.shape[0] : 0
    var next: UInt64 = 0
    func kept(_ rows: Range<UInt64>) -> TensorSource {
      origin.source.part(from: rows.lowerBound * rowBytes, count: (rows.upperBound - rows.lowerBound) * rowBytes)
    }
    for (row, stored) in rows {
      transfer(kept(next..<row), to: output)
      transfer(stored.source, to: output)
      next = row + 1
    }
    transfer(kept(next..<origin.shape[0]), to: output)
  }

  private mutating func transfer(_ source: TensorSource, to output: DType) {
    guard source.count > 0 else { return }
    if source.dtype == output {
      append(.copy(source.bytes), count: source.count)
    } else {
      append(.convert(source, to: output), count: source.count / (source.dtype.bits / 8) * (output.bits / 8))
    }
  }

  /// Adds a step; copies of neighbouring bytes become one.
  private mutating func append(_ work: MergeStep.Work, count: UInt64) {
    defer { end += count }
    if case .copy(let next) = work, let last = steps.last, case .copy(var run) = last.work,
      run.source == next.source, run.offset + run.count == next.offset
    {
      run.count += next.count
      steps[steps.count - 1] = MergeStep(offset: last.offset, count: run.count, work: .copy(run))
      return
    }
    steps.append(MergeStep(offset: end, count: count, work: work))
  }

  /// The metadata of a base shard with the `format` that loaders ask for.
  static func metadata(of header: SafetensorsHeader) -> [(key: String, value: String)] {
    header.metadata + (header.metadata("format") == nil ? [("format", "pt")] : [])
  }

  /// The shard with its header, as a copy of a base shard: the base's own header where nothing in it changed.
  ///
  /// - Throws: `HeaderWriterError` when the header would be too long.
  func shard(named name: String, mirroring file: SafetensorsFile, source: Int) throws(HeaderWriterError) -> ShardPlan {
    let base = file.header
    guard base.metadata("format") != nil, isUnchanged(base.tensors) else {
      return try shard(named: name, metadata: Self.metadata(of: base))
    }
    var steps = shifted(by: base.dataStart)
    if let first = steps.first, case .copy(let run) = first.work, run.source == source,
      run.offset == base.dataStart
    {
      let whole = TensorSource(source: source, offset: 0, count: base.dataStart + run.count)
      steps[0] = MergeStep(offset: 0, count: whole.count, work: .copy(whole))
    } else {
      let header = TensorSource(source: source, offset: 0, count: base.dataStart)
      steps.insert(MergeStep(offset: 0, count: header.count, work: .copy(header)), at: 0)
    }
    return ShardPlan(
      name: name, tensors: tensors, dataStart: base.dataStart, steps: steps, size: base.dataStart + end)
  }

  /// Whether anything in it is not a copy.
  var isChanged: Bool { steps.contains { if case .copy = $0.work { false } else { true } } || isEdited }

  /// The shard with a header of its own.
  ///
  /// - Parameter placeholders: texts in the metadata that stand for digests.
  /// - Throws: `HeaderWriterError` when the header would be too long.
  func shard(
    named name: String, metadata: [(key: String, value: String)],
    sealing placeholders: DigestTemplate.Placeholders = DigestTemplate.Placeholders()
  ) throws(HeaderWriterError) -> ShardPlan {
    let header = try HeaderWriter.bytes(of: tensors, metadata: metadata)
    let start = UInt64(header.count)
    let text = DigestTemplate(header, placeholders)
    let steps = [MergeStep(offset: 0, count: start, work: .write(text))] + shifted(by: start)
    return ShardPlan(name: name, tensors: tensors, dataStart: start, steps: steps, size: start + end)
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
