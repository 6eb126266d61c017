import JSON
public import TensorCore

/// Why a header cannot be written.
public enum HeaderWriterError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Two tensors have this name, or two metadata entries this key.
  case duplicateName(String)
  /// A tensor has the name that the format keeps for metadata.
  case reservedName
  /// The header would be longer than readers take, in bytes.
  case tooLong(found: UInt64, limit: UInt64)
  /// The shape and dtype of this tensor do not give a whole number of bytes below 2^64, or not those of its range.
  case sizeMismatch(String)

  /// One sentence.
  public var description: String {
    switch self {
    case .duplicateName(let name): "two tensors or metadata entries are named \"\(escaped(name))\""
    case .reservedName: "a tensor cannot be named \"\(HeaderWriter.metadataKey)\", which the format keeps for itself"
    case .tooLong(let found, let limit):
      "the header would have \(grouped(found)) bytes, more than the \(grouped(limit)) that readers take"
    case .sizeMismatch(let name): "the data range of the tensor \"\(escaped(name))\" does not fit its shape and dtype"
    }
  }
}

/// Writes the length prefix and the JSON header of a safetensors file, byte for byte as the reference library (0.8)
/// writes them: compact JSON, metadata first, names as raw UTF-8, blanks up to a multiple of 8 bytes.
///
/// The same tensors and metadata always give the same bytes: tensors stay in the order given, metadata keys are sorted
/// by bytes (the reference leaves their order to chance).
public enum HeaderWriter {
  /// The member of the header that holds the metadata.
  static let metadataKey = "__metadata__"

  /// Length prefix and header: the bytes of the file before its data section.
  ///
  /// - Parameters:
  ///   - tensors: in the order of the header; their ranges are written as they are.
  ///   - metadata: left out of the file when empty.
  /// - Throws: `HeaderWriterError` when the reference would refuse to read the header, or read something else.
  public static func bytes(of tensors: [TensorInfo], metadata: [(key: String, value: String)] = [])
    throws(HeaderWriterError) -> [UInt8]
  {
    try bytes(of: tensors, metadata: metadata, limit: HeaderParser.lengthLimit)
  }

  static func bytes(of tensors: [TensorInfo], metadata: [(key: String, value: String)], limit: UInt64)
    throws(HeaderWriterError) -> [UInt8]
  {
    var text: [UInt8] = Array(repeating: 0, count: 8)
    text.reserveCapacity(tensors.count * 120 + 64)
    text.append(UInt8(ascii: "{"))
    try append(metadata, to: &text)
    var names = Set<String>(minimumCapacity: tensors.count)
    for tensor in tensors {
      guard tensor.name != metadataKey else { throw .reservedName }
      guard names.insert(tensor.name).inserted else { throw .duplicateName(tensor.name) }
      guard tensor.end >= tensor.begin, size(tensor.dtype, tensor.shape) == tensor.byteCount else {
        throw .sizeMismatch(tensor.name)
      }
      append(tensor, to: &text)
    }
    text.append(UInt8(ascii: "}"))
    while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
    let length = UInt64(text.count - 8)
    guard length <= limit else { throw .tooLong(found: length, limit: limit) }
    for index in 0..<8 { text[index] = UInt8(truncatingIfNeeded: length >> UInt64(8 * index)) }
    return text
  }

  /// Bytes that a tensor takes; nil when they are not whole or pass 2^64 - 1.
  public static func size(_ dtype: DType, _ shape: Shape) -> UInt64? {
    guard let count = shape.elementCount else { return nil }
    let (bits, overflow) = count.multipliedReportingOverflow(by: dtype.bits)
    return overflow || bits % 8 != 0 ? nil : bits / 8
  }

  private static func append(_ metadata: [(key: String, value: String)], to text: inout [UInt8])
    throws(HeaderWriterError)
  {
    guard !metadata.isEmpty else { return }
    append(metadataKey, to: &text)
    text += ":{".utf8
    let sorted = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    for (index, entry) in sorted.enumerated() {
      if index > 0 {
        guard entry.key != sorted[index - 1].key else { throw .duplicateName(entry.key) }
        text.append(UInt8(ascii: ","))
      }
      append(entry.key, to: &text)
      text.append(UInt8(ascii: ":"))
      append(entry.value, to: &text)
    }
    text.append(UInt8(ascii: "}"))
  }

  private static func append(_ tensor: TensorInfo, to text: inout [UInt8]) {
    if text.last != UInt8(ascii: "{") || text.count > 9 { text.append(UInt8(ascii: ",")) }
    append(tensor.name, to: &text)
    text += ":{\"dtype\":\"\(tensor.dtype.name)\",\"shape\":[".utf8
    for index in 0..<tensor.shape.rank {
      if index > 0 { text.append(UInt8(ascii: ",")) }
      text += String(tensor.shape[index]).utf8
    }
    text += "],\"data_offsets\":[\(tensor.begin),\(tensor.end)]}".utf8
  }

  /// A JSON string with the escapes that serde_json writes: quotes, backslashes and control characters only.
  private static func append(_ string: String, to text: inout [UInt8]) {
    text.append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""): text += "\\\"".utf8
      case UInt8(ascii: "\\"): text += "\\\\".utf8
      case 0x08: text += "\\b".utf8
      case 0x09: text += "\\t".utf8
      case 0x0A: text += "\\n".utf8
      case 0x0C: text += "\\f".utf8
      case 0x0D: text += "\\r".utf8
      case 0..<0x20: text += ("\\u00" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16)).utf8
      default: text.append(byte)
      }
    }
    text.append(UInt8(ascii: "\""))
  }
}
