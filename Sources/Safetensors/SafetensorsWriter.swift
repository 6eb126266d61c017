public import LoRAIO
public import TensorCore

/// A whole safetensors file being written: the header when it is created, the data of each tensor at any time from any
/// thread.
///
/// The data of tensors that are not written reads as zero. The file is not published under another name: create it where
/// an incomplete file can do no harm.
public final class SafetensorsWriter: Sendable {
  /// Where every tensor lies.
  public let layout: [TensorInfo]
  private let file: OutputFile
  private let dataStart: UInt64

  /// Why a file cannot be written.
  public enum Failure: Error, Sendable, CustomStringConvertible {
    /// The header is not one that readers would take.
    case header(HeaderWriterError)
    /// The file could not be created or written.
    case io(IOError)

    /// One sentence.
    public var description: String {
      switch self {
      case .header(let error): error.description
      case .io(let error): error.description
      }
    }
  }

  /// Creates the file in its full size, with its header.
  ///
  /// - Parameters:
  ///   - path: where no file is yet.
  ///   - layout: the tensors with their ranges, as `SafetensorsWriter.layout(of:)` makes them.
  ///   - metadata: texts for the header.
  /// - Throws: `Failure`; the file exists only when nothing was thrown by the header.
  public init(creating path: String, layout: [TensorInfo], metadata: [(key: String, value: String)] = [])
    throws(Failure)
  {
    let head: [UInt8]
    do throws(HeaderWriterError) {
      head = try HeaderWriter.bytes(of: layout, metadata: metadata)
    } catch { throw .header(error) }
    self.layout = layout
    dataStart = UInt64(head.count)
    do throws(IOError) {
      file = try OutputFile(creating: path)
      let dataBytes = layout.map(\.end).max() ?? 0
      let (size, overflow) = dataStart.addingReportingOverflow(dataBytes)
      try file.resize(to: overflow ? .max : size)
      try file.write(head, at: 0)
    } catch { throw .io(error) }
  }

  /// Tensors in the reference library's order: dtype descending, then name by bytes; packed without gaps from 0.
  ///
  /// - Throws: `HeaderWriterError.sizeMismatch` for a tensor whose size is no whole number of bytes or overflows.
  public static func layout(of tensors: [(name: String, dtype: DType, shape: Shape)])
    throws(HeaderWriterError) -> [TensorInfo]
  {
    let sorted = tensors.sorted {
      $0.dtype != $1.dtype ? $0.dtype > $1.dtype : $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
    }
    var begin: UInt64 = 0
    var layout: [TensorInfo] = []
    layout.reserveCapacity(sorted.count)
    for (name, dtype, shape) in sorted {
      guard let size = HeaderWriter.size(dtype, shape),
        case (let end, let overflow) = begin.addingReportingOverflow(size), !overflow
      else { throw .sizeMismatch(name) }
      layout.append(TensorInfo(name: name, dtype: dtype, shape: shape, begin: begin, end: end))
      begin = end
    }
    return layout
  }

  /// Writes data of one tensor of the layout, `offset` bytes after its first byte.
  public func write(_ bytes: UnsafeRawBufferPointer, of tensor: TensorInfo, at offset: UInt64 = 0) throws(IOError) {
    precondition(offset <= tensor.byteCount && UInt64(bytes.count) <= tensor.byteCount - offset, "beyond the tensor")
    unsafe try file.write(bytes, at: dataStart + tensor.begin + offset)
  }

  /// Writes data of one tensor of the layout, `offset` bytes after its first byte.
  public func write(_ bytes: [UInt8], of tensor: TensorInfo, at offset: UInt64 = 0) throws(IOError) {
    precondition(offset <= tensor.byteCount && UInt64(bytes.count) <= tensor.byteCount - offset, "beyond the tensor")
    try file.write(bytes, at: dataStart + tensor.begin + offset)
  }

  /// Writes the file to the device.
  public func synchronize() throws(IOError) { try file.synchronize() }
}
