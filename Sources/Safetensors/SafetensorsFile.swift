import Diagnostics
public import LoRAIO

/// A safetensors file with its parsed header, readable from any number of threads.
///
/// Tensor data is little-endian, row-major and packed, and may lie at any alignment.
public final class SafetensorsFile: Sendable {
  /// Its header.
  public let header: SafetensorsHeader
  /// Header and data, uncompressed; of a compressed file opened with `Unpacking.onDemand` unpacked when they are first
  /// read.
  package let contents: any ByteSource

  /// The path that it was opened by.
  public var path: String { contents.path }
  /// Bytes of the file on disk, compressed if it is.
  public var fileBytes: UInt64 { contents.storedBytes }
  /// Whether the file is compressed; its contents then lie in a nameless temporary file.
  public var isCompressed: Bool { contents.isCompressed }

  /// When the contents of a compressed file are unpacked.
  public enum Unpacking: Sendable {
    /// When it is opened; damage anywhere is a finding.
    case now
    /// When they are first read; damage is a failure of reading.
    case onDemand
  }

  /// Whether its tensors are not those that the file's own header names.
  package let isView: Bool

  init(header: SafetensorsHeader, contents: any ByteSource, isView: Bool = false) {
    self.header = header
    self.contents = contents
    self.isView = isView
  }

  /// The same without the open file: its header can be used, its data not be read.
  public var closed: SafetensorsFile {
    let nothing = FileSource(contents.file.closed, storedBytes: fileBytes, isCompressed: isCompressed)
    return SafetensorsFile(header: header, contents: nothing)
  }

  /// The same data under other entries, such as other names for the same ranges.
  package func viewed(as tensors: [TensorInfo]) -> SafetensorsFile {
    SafetensorsFile(header: header.with(tensors), contents: contents)
  }

  /// Other tensors over other contents, which begin with those of this file.
  package func viewed(as tensors: [TensorInfo], over contents: any ByteSource) -> SafetensorsFile {
    SafetensorsFile(header: header.with(tensors), contents: contents, isView: true)
  }

  /// Offset in the contents of the tensor's first byte.
  public func offset(of tensor: TensorInfo) -> UInt64 { header.dataStart + tensor.begin }

  /// Fills the buffer with the tensor's data from `start`, counted in bytes from the tensor's first byte.
  public func read(_ tensor: TensorInfo, from start: UInt64 = 0, into buffer: UnsafeMutableRawBufferPointer)
    throws(IOError)
  {
    unsafe try contents.read(into: buffer, at: offset(of: tensor) + start)
  }

  /// All data of a tensor; the file is known to hold that many bytes, so no more than its size is allocated.
  public func bytes(of tensor: TensorInfo) throws(IOError) -> [UInt8] {
    guard offset(of: tensor) + tensor.byteCount <= contents.size else {
      throw IOError(
        "read", path, offset: offset(of: tensor), .unexpectedEnd(wanted: tensor.byteCount, got: contents.size))
    }
    return try contents.bytes(at: offset(of: tensor), count: Int(tensor.byteCount))
  }

  /// Has the data of small tensors at hand before they are read one by one.
  package func prefetch(_ tensors: some Sequence<TensorInfo>) {
    contents.file.prefetch(tensors.map { offset(of: $0)..<(offset(of: $0) + $0.byteCount) })
  }

  /// The header as the file has it, its length in front.
  public func headerBytes() throws(IOError) -> [UInt8] {
    let count = Int(header.dataStart)
    do throws(SourceProblem) {
      return try contents.first(count)
    } catch {
      throw error.failure
    }
  }
}
