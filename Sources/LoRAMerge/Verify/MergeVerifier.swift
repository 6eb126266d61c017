import JSON
import LoRAIO
import QuantizedWeights
import Safetensors
import Synchronization
import TensorCore

/// Checks a merged folder against its plan, from the files alone.
///
/// Every byte that was to be copied is compared with its source, headers and other files with the plan, and changed
/// matrices are computed again in float64 by arithmetic that shares nothing with the kernels of the merge: a few rows of
/// every matrix, or all of them.
public struct MergeVerifier: Sendable {
  /// Which rows of changed matrices are computed again.
  public enum Depth: Sendable, Equatable {
    /// The first, the last and this many others, chosen by the seed.
    case sample(rows: Int, seed: UInt64)
    /// All of them.
    case full
  }

  /// The plan that the folder is to match.
  public let plan: MergePlan
  /// Which rows are computed again.
  public var depth = Depth.sample(rows: 6, seed: 0)
  /// Number of threads.
  public var jobs = Workers.processorCount

  private let digests: FileDigests

  /// A verifier of what `plan` gives.
  public init(_ plan: MergePlan) {
    self.plan = plan
    digests = FileDigests(plan.sources)
  }

  /// Reads the folder and everything that it was made from.
  ///
  /// - Throws: `MergeError.io` when an input can no longer be read, `.cancelled`; what is wrong with the output itself
  ///   is among the discrepancies.
  public func run(on output: String, control: MergeControl = MergeControl()) throws(MergeError) -> MergeVerification {
    let start = CurrentProcess.monotonicSeconds
    var result = MergeVerification()
    let files = open(output, &result)
    let queue = WorkQueue(plan)
    let buffers = TileBuffers(size: FileComparison.bufferBytes)
    let references = (0..<queue.stepCount).map { SharedReference(tiles: queue.itemCount(ofStep: $0)) }
    let parts = Mutex<[Int: MergeVerification]>([:])
    let texts = Mutex<[Int]>([])
    let check = { @Sendable (index: Int) throws(MergeError) in
      let item = queue.item(index)
      guard let file = files[item.shard] else { return }
      let part = try MergeError.catching { () throws(IOError) in
        try self.check(item, in: file, references[item.ordinal], buffers)
      }
      if part != MergeVerification() { parts.withLock { $0[index] = part } }
      control.add(bytes(of: item), of: plan.outputBytes)
    }
    // Texts have digests of the adapters in them. The files that are written come first, so that the digests are made
    // beside everything else, and headers last, so that they do not wait for them.
    let written = Mutex(MergeVerification())
    try Workers.forEach(count: queue.count + 1, workers: jobs) { turn throws(MergeError) in
      try control.check()
      if turn == 0 {
        let part = try compareFiles(output)
        return written.withLock { $0 = part }
      }
      let item = queue.item(turn - 1)
      if case .write = plan.shards[item.shard].steps[item.step].work {
        return texts.withLock { $0.append(turn - 1) }
      }
      try check(turn - 1)
    }
    for index in texts.withLock({ $0 }) { try check(index) }
    result.merge(written.withLock { $0 })
    checkNames(output, &result)
    for (_, part) in parts.withLock({ $0 }).ordered(by: { $0.key < $1.key }) { result.merge(part) }
    let tolerated = Double(result.elementsRecomputed) * MergeVerification.toleratedShare
    if result.elementsOffByOne > 10, Double(result.elementsOffByOne) > tolerated {
      result.report(
        ".", "\(result.elementsOffByOne) of \(result.elementsRecomputed) elements computed again are one off, too many")
    }
    result.seconds = CurrentProcess.monotonicSeconds - start
    return result
  }

  // MARK: Structure

  /// Opens the shards and compares their headers with the plan; nil for those that cannot be compared further.
  private func open(_ output: String, _ result: inout MergeVerification) -> [SafetensorsFile?] {
    var files: [SafetensorsFile?] = []
    for shard in plan.shards {
      do throws(SafetensorsError) {
        let file = try SafetensorsFile.open(Folder.join(output, shard.name))
        files.append(compare(file, shard, &result) ? file : nil)
      } catch {
        result.report(shard.name, "\(error)")
        files.append(nil)
      }
    }
    return files
  }

  private func compare(_ file: SafetensorsFile, _ shard: ShardPlan, _ result: inout MergeVerification) -> Bool {
    guard file.fileBytes == shard.size else {
      result.report(shard.name, "it has \(file.fileBytes) bytes, expected \(shard.size)")
      return false
    }
    guard file.header.tensors.count == shard.tensors.count else {
      result.report(shard.name, "it holds \(file.header.tensors.count) tensors, expected \(shard.tensors.count)")
      return false
    }
    for (found, expected) in zip(file.header.tensors, shard.tensors) {
      guard found.name == expected.name, found.dtype == expected.dtype, found.shape == expected.shape,
        found.begin == expected.begin, found.end == expected.end
      else {
        result.report(
          shard.name, tensor: found.name,
          "it is \(found.dtype.name) \(found.shape) at \(found.begin), expected \"\(escaped(expected.name))\" as "
            + "\(expected.dtype.name) \(expected.shape) at \(expected.begin)")
        return false
      }
    }
    return true
  }

  private func compareFiles(_ output: String) throws(MergeError) -> MergeVerification {
    var result = MergeVerification()
    for file in plan.files {
      do throws(IOError) {
        let found = try InputFile(path: Folder.join(output, file.name))
        guard let reason = try difference(found, file.contents) else {
          result.bytesCompared += found.size
          continue
        }
        result.report(file.name, reason)
      } catch {
        if !error.path.hasPrefix(output) { throw .io(error) }
        result.report(file.name, error.description)
      }
    }
    return result
  }

  private func difference(_ found: InputFile, _ contents: SideFile.Contents) throws(IOError) -> String? {
    switch contents {
    case .written(let text):
      let bytes = try digests.bytes(of: text)
      guard found.size == bytes.count else { return "it has \(found.size) bytes, expected \(bytes.count)" }
      return try found.bytes(at: 0, count: bytes.count) == bytes ? nil : "its text is not what the merge writes"
    case .copied(let path):
      let source = try InputFile(path: path)
      guard found.size == source.size else { return "it has \(found.size) bytes, expected \(source.size)" }
      let buffers = TileBuffers(size: FileComparison.bufferBytes)
      let offset = try FileComparison.firstDifference(found, 0, source, 0, count: source.size, buffers)
      return offset.map { "byte \($0) differs from the base's file" }
    }
  }

  private func checkNames(_ output: String, _ result: inout MergeVerification) {
    do throws(IOError) {
      let top = plan.files.compactMap { $0.name.split(separator: "/").first.map { String($0) } }
      let expected = Set(plan.shards.map(\.name) + top)
      for name in try Folder.names(in: output) where !expected.contains(name) {
        result.report(name, "it does not belong to the merge")
      }
    } catch {
      result.report(".", error.description)
    }
  }

  // MARK: Contents

  private func check(
    _ item: WorkQueue.Item, in file: SafetensorsFile, _ shared: SharedReference, _ buffers: TileBuffers
  ) throws(IOError) -> MergeVerification {
    var result = MergeVerification()
    let shard = plan.shards[item.shard]
    let step = shard.steps[item.step]
    switch step.work {
    case .write(let text):
      let bytes = try digests.bytes(of: text)
      let range = Int(item.range.lowerBound)..<Int(item.range.upperBound)
      result.bytesCompared = UInt64(range.count)
      if try file.contents.bytes(at: step.offset + item.range.lowerBound, count: range.count) != Array(bytes[range]) {
        result.report(shard.name, "its header is not what the merge writes")
      }
    case .copy(let source):
      let count = item.range.upperBound - item.range.lowerBound
      result.bytesCompared = count
      let offset = step.offset + item.range.lowerBound
      if let difference = try FileComparison.firstDifference(
        file.contents.file, offset, plan.sources[source.source].contents.file, source.offset + item.range.lowerBound,
        count: count, buffers
      ) {
        let position = offset + difference
        let tensor = shard.tensors.last { shard.dataStart + $0.begin <= position && $0.byteCount > 0 }
        result.report(shard.name, tensor: tensor?.name, "byte \(position) differs from its source")
      }
    case .convert(let source, let to):
      try checkConversion(source, to, item.range, step.offset, file, shard.name, &result)
    case .requantize(let work):
      try check(codesOf: work, item, step.offset, file, shard.name, &result)
    case .rescale(let work):
      let scales = try RequantizationState(work, tiles: 0, plan.sources).scales().bytes
      result.bytesCompared = UInt64(scales.count)
      if try file.contents.bytes(at: step.offset, count: scales.count) != scales {
        result.report(shard.name, tensor: work.grid.scalesName, "its scales are not those that the merge makes")
      }
    case .merge(let update):
      try check(update, item, step.offset, file, shared, buffers, &result)
    }
    return result
  }

  private func check(
    _ update: MatrixUpdate, _ item: WorkQueue.Item, _ offset: UInt64, _ file: SafetensorsFile,
    _ shared: SharedReference, _ buffers: TileBuffers, _ result: inout MergeVerification
  ) throws(IOError) {
    defer { shared.finishTile() }
    let sampled = depth.rows(of: update.rows, seed: UInt64(item.ordinal))
    let rows = sampled.filter { item.range.contains(UInt64($0)) }
    guard !rows.isEmpty else { return }
    if item.range.lowerBound == 0 { result.matricesRecomputed = 1 }
    let reference = try shared.reference { () throws(IOError) in
      try ReferenceMerge(
        update, sampled: depth.rows(of: update.columns, seed: UInt64(item.ordinal)), plan.sources)
    }
    let chance = plan.chance(of: update)
    let name = plan.shards[item.shard].name
    let isAtOnce = reference.isPlain && chance == nil
    let most = isAtOnce ? reference.rowsAtOnce : ReferenceMerge.batchRows(columns: update.columns)
    for batch in ReferenceMerge.batches(rows, most: most) {
      let (place, count) = (
        offset + UInt64(batch.lowerBound * update.outputRowBytes), batch.count * update.outputRowBytes
      )
      if isAtOnce {
        let buffer = buffers.take(2 * count)
        defer { buffers.give(buffer) }
        unsafe try buffer.with(2 * count) { memory throws(IOError) in
          let stored = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
          unsafe try file.contents.read(into: stored, at: place)
          let doubts = unsafe try reference.doubts(
            batch, stored: UnsafeRawBufferPointer(stored),
            base: UnsafeMutableRawBufferPointer(rebasing: memory[count...]))
          unsafe report(doubts, batch, of: update, UnsafeRawBufferPointer(stored), name, &result)
        }
        continue
      }
      let found = try file.contents.bytes(at: place, count: count)
      let expected = try reference.rows(batch)
      let width = reference.columns.count
      for (position, row) in batch.enumerated() {
        compare(
          found, from: position * update.columns, expected[position * width..<(position + 1) * width],
          update.outputDType, name,
          Place(tensor: update.tensor, row: row, columns: reference.columns, chance: chance, count: update.columns),
          &result)
      }
    }
  }

  /// Works out what is right where the look at rows left it open.
  private func report(
    _ doubts: [(position: Int, number: Double)], _ rows: Range<Int>, of update: MatrixUpdate,
    _ stored: UnsafeRawBufferPointer, _ file: String, _ result: inout MergeVerification
  ) {
    result.elementsRecomputed += UInt64(rows.count * update.columns)
    let (dtype, size) = (update.outputDType, Int(update.outputDType.bits / 8))
    var wrongRow: Int?
    for doubt in doubts {
      let (row, column) = doubt.position.quotientAndRemainder(dividingBy: update.columns)
      if row == wrongRow { continue }
      let code = unsafe [UInt8](stored[doubt.position * size..<(doubt.position + 1) * size])
      let right = ReferenceNumbers.code(rounding: doubt.number, to: dtype)
      let element = Element(index: 0, name: "row \(rows.lowerBound + row), column \(column)")
      if !compare(code, right, dtype, file, update.tensor, element, &result) { wrongRow = row }
    }
  }

  private func checkConversion(
    _ source: TensorSource, _ to: DType, _ range: Range<UInt64>, _ offset: UInt64, _ file: SafetensorsFile,
    _ name: String, _ result: inout MergeVerification
  ) throws(IOError) {
    let from = source.dtype
    let all = Int(range.upperBound - range.lowerBound)
    let count = depth == .full ? all : min(all, 4096)
    let stored = try plan.sources[source.source].contents.bytes(
      at: source.offset + range.lowerBound * (from.bits / 8), count: count * Int(from.bits / 8))
    let found = try file.contents.bytes(
      at: offset + range.lowerBound * (to.bits / 8), count: count * Int(to.bits / 8))
    compare(found, ReferenceNumbers.values(stored, from).prefix(count), to, name, nil, &result)
  }

  /// Some columns of a row of a matrix.
  private struct Place {
    var tensor: String
    var row: Int
    var columns: [Int]
    /// How the row was rounded, if not to nearest.
    var chance: StochasticRounding?
    /// Columns of the whole matrix.
    var count: Int

    /// The code that the value at `position` should have.
    func code(_ value: Double, at position: Int, _ dtype: DType) -> UInt64 {
      guard let chance, dtype.bits == 16 else { return ReferenceNumbers.code(rounding: value, to: dtype) }
      return UInt64(chance.code(Float(value), row * count + columns[position]))
    }
  }

  /// Compares the stored numbers of a row, from the `first` element of those that were read, with what they should be;
  /// without a place all of them.
  private func compare(
    _ found: [UInt8], from first: Int = 0, _ expected: ArraySlice<Double>, _ dtype: DType, _ file: String,
    _ place: Place?, _ result: inout MergeVerification
  ) {
    result.elementsRecomputed += UInt64(expected.count)
    // Nearly all numbers are settled by a look; what is right for the others is worked out.
    let columns = place.flatMap { $0.columns.count < $0.count ? $0.columns : nil }
    let doubts =
      place?.chance == nil
      ? ReferenceNumbers.doubts(found, from: first, dtype, expected, columns: columns) : Array(0..<expected.count)
    for position in doubts {
      let value = expected[expected.startIndex + position]
      let index = place?.columns[position] ?? position
      let right =
        place?.code(value, at: position, dtype) ?? ReferenceNumbers.code(rounding: value, to: dtype)
      let element = Element(
        index: first + index, name: place.map { "row \($0.row), column \(index)" } ?? "element \(index)")
      guard compare(found, right, dtype, file, place?.tensor, element, &result) else { return }
    }
  }

  /// One of the elements that were read.
  private struct Element {
    var index: Int
    var name: String
  }

  /// Compares a stored number with its right code; false, and reported, when they are more than one apart.
  private func compare(
    _ found: [UInt8], _ right: UInt64, _ dtype: DType, _ file: String, _ tensor: String?, _ element: Element,
    _ result: inout MergeVerification
  ) -> Bool {
    let stored = ReferenceNumbers.code(found, element.index, dtype)
    switch ReferenceNumbers.distance(stored, right, dtype) {
    case 0?: break
    case 1?: result.elementsOffByOne += 1
    default:
      result.report(
        file, tensor: tensor,
        "\(element.name) is \(ReferenceNumbers.value(stored, dtype)), expected \(ReferenceNumbers.value(right, dtype))")
      return false
    }
    return true
  }

  private func bytes(of item: WorkQueue.Item) -> UInt64 {
    let step = plan.shards[item.shard].steps[item.step]
    let length = item.range.upperBound - item.range.lowerBound
    switch step.work {
    case .write, .copy: return length
    case .convert(_, let to): return length * (to.bits / 8)
    case .merge(let update): return length * UInt64(update.outputRowBytes)
    case .requantize(let work): return length * UInt64(work.grid.columns)
    case .rescale: return plan.shards[item.shard].steps[item.step].count
    }
  }
}

extension MergeVerifier.Depth {
  /// The rows of a matrix to compute again, in order.
  func rows(of count: Int, seed matrix: UInt64) -> [Int] {
    guard case .sample(let wanted, let seed) = self, wanted + 2 < count else { return Array(0..<count) }
    var rows: Set<Int> = [0, count - 1]
    // SplitMix64: a few lines, and the same rows everywhere.
    var state = seed &+ (matrix &+ 1) &* 0x9E37_79B9_7F4A_7C15
    while rows.count < wanted + 2 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
      rows.insert(Int((mixed ^ mixed >> 31) % UInt64(count)))
    }
    return rows.ordered()
  }
}
