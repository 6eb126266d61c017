import JSON
import LoRAIO
package import Safetensors
import TensorCore

/// A shard whose quantised weights are F64 tensors: behind the bytes of the file lie those of the weights, which are
/// computed when they are read.
struct DequantizedSource: ByteSource {
  /// A weight and where its bytes would lie.
  struct Region: Sendable {
    let begin: UInt64
    let end: UInt64
    let weight: QuantizedWeight
  }

  let stored: any ByteSource
  /// In the order of their places, without gaps.
  let regions: [Region]

  var path: String { stored.path }
  var storedBytes: UInt64 { stored.storedBytes }
  var isCompressed: Bool { stored.isCompressed }
  var size: UInt64 { regions.last?.end ?? stored.size }
  var firstRead: Int { stored.firstRead }
  var file: InputFile { stored.file }

  func first(_ count: Int) throws(SourceProblem) -> [UInt8] { try stored.first(count) }

  func declared(by header: SafetensorsHeader, unpacking: SafetensorsFile.Unpacking) throws(SourceProblem)
    -> any ByteSource
  {
    self
  }

  func pieces(from start: UInt64, of pieceBytes: UInt64) -> SourcePieces { stored.pieces(from: start, of: pieceBytes) }

  func bytes(at offset: UInt64, count: Int) throws(IOError) -> [UInt8] {
    if offset < stored.size { return try stored.bytes(at: offset, count: count) }
    var failure: IOError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(IOError) {
        unsafe try read(
          into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<count])), at: offset)
        initialized = count
      } catch {
        failure = error
        initialized = 0
      }
    }
    if let failure { throw failure }
    return bytes
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(IOError) {
    if offset < stored.size { return unsafe try stored.read(into: buffer, at: offset) }
    let position = lastRegion(notAfter: offset)
    guard regions.indices.contains(position), offset + UInt64(buffer.count) <= regions[position].end else {
      throw IOError("read", path, offset: offset, .unexpectedEnd(wanted: UInt64(buffer.count), got: 0))
    }
    let region = regions[position]
    let (first, rest) = (offset - region.begin).quotientAndRemainder(dividingBy: 8)
    guard rest == 0, buffer.count % 8 == 0, UInt(bitPattern: buffer.baseAddress) % 8 == 0 else {
      return unsafe try readUnaligned(into: buffer, at: offset, region)
    }
    unsafe try fill(buffer.bindMemory(to: Double.self), from: Int(first), region.weight)
  }

  /// Bytes that begin or end within an element, or lie at an odd address.
  private func readUnaligned(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64, _ region: Region)
    throws(IOError)
  {
    let begin = (offset - region.begin) / 8
    let end = (offset - region.begin + UInt64(buffer.count) + 7) / 8
    var values = [Double](repeating: 0, count: Int(end - begin))
    var failure: IOError?
    unsafe values.withUnsafeMutableBufferPointer { values in
      do throws(IOError) {
        unsafe try fill(values, from: Int(begin), region.weight)
        let skipped = Int(offset - region.begin - begin * 8)
        let bytes = UnsafeRawBufferPointer(values)
        unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[skipped..<skipped + buffer.count]))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// Computes elements and refuses those that are no numbers.
  private func fill(_ output: UnsafeMutableBufferPointer<Double>, from first: Int, _ weight: QuantizedWeight)
    throws(IOError)
  {
    do throws(QuantizationError) {
      if unsafe try weight.values.fill(output, from: first) { return }
    } catch {
      switch error {
      case .io(let error): throw error
      case .invalid(let tensor, let reason, _):
        throw IOError("read", path, .damaged("\"\(escaped(tensor))\": \(reason)"))
      }
    }
    // The sum of x - x is 0 unless something is infinite or NaN.
    var sums = SIMD16<Double>.zero
    let bytes = UnsafeRawBufferPointer(output)
    let whole = output.count / 16 * 16
    for index in stride(from: 0, to: whole, by: 16) {
      let values = unsafe bytes.loadUnaligned(fromByteOffset: index * 8, as: SIMD16<Double>.self)
      sums += values - values
    }
    var sum = sums.sum()
    for index in whole..<output.count { unsafe sum += output[index] - output[index] }
    guard sum != 0 else { return }
    let bad = unsafe output.firstIndex { !$0.isFinite } ?? 0
    let value = unsafe output[bad]
    throw IOError(
      "read", path,
      .damaged("element \(first + bad) of \"\(escaped(weight.name))\" is \(value.isNaN ? "NaN" : "infinite")"))
  }

  private func lastRegion(notAfter offset: UInt64) -> Int {
    var (low, high) = (-1, regions.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if regions[middle].begin <= offset { low = middle } else { high = middle }
    }
    return low
  }
}

extension QuantizedCheckpoint {
  /// The checkpoint with every quantised weight as an F64 tensor of its exact numbers, at the place of its codes, and
  /// without what it was made of.
  ///
  /// The bytes of its files are those on disk; those of the weights are computed when they are read.
  package var dequantized: Checkpoint {
    var checkpoint = stored
    checkpoint.tensors = [:]
    let byCodes = Dictionary(weights.values.map { ($0.parts[0], $0) }) { first, _ in first }
    for (number, file) in stored.files.enumerated() {
      let view = view(of: file, byCodes)
      checkpoint.files[number] = view
      for info in view.header.tensors { checkpoint.tensors[info.name] = Checkpoint.Entry(file: number, info: info) }
    }
    return checkpoint
  }

  private func view(of file: SafetensorsFile, _ byCodes: [String: QuantizedWeight]) -> SafetensorsFile {
    guard file.header.tensors.contains(where: { parts.contains($0.name) }) else { return file }
    var regions: [DequantizedSource.Region] = []
    var tensors: [TensorInfo] = []
    var next = (file.contents.size + 7) / 8 * 8
    for info in file.header.tensors {
      guard let weight = byCodes[info.name] else {
        if !parts.contains(info.name) { tensors.append(info) }
        continue
      }
      // Weights of more than 2^48 elements were refused.
      let end = next + (weight.shape.elementCount ?? 0) * 8
      regions.append(DequantizedSource.Region(begin: next, end: end, weight: weight))
      tensors.append(
        TensorInfo(
          name: weight.name, dtype: .f64, shape: weight.shape, begin: next - file.header.dataStart,
          end: end - file.header.dataStart, headerOffset: info.headerOffset))
      next = end
    }
    return file.viewed(as: tensors, over: DequantizedSource(stored: file.contents, regions: regions))
  }
}
