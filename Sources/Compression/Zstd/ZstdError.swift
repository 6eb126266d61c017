/// Why compressed bytes could not be decoded.
///
/// Offsets count compressed bytes from the start of the stream and point at the frame, block or checksum that holds the
/// fault, never behind it. The caller knows the file and adds its name.
public enum ZstdError: Error, Equatable, Sendable {
  /// The bytes are not what the format allows; `reason` is a short phrase without the offset.
  case corrupt(reason: String, compressedOffset: UInt64)
  /// A frame's content was decoded, but its XXH64 checksum differs.
  case checksumMismatch(compressedOffset: UInt64)
  /// The stream ends inside a frame, or is empty; the offset is its length.
  case truncated(compressedOffset: UInt64)
  /// The frame asks for a window of more than `limit` bytes of memory.
  case windowTooLarge(limit: UInt64, compressedOffset: UInt64)
  /// The frame was compressed against a dictionary, which the stream does not carry.
  case dictionaryNeeded(compressedOffset: UInt64)
  /// The stream holds more content than the caller was prepared to take, `decompressedOffset` bytes.
  case excess(decompressedOffset: UInt64)
  /// The decoder could not get its memory.
  case outOfMemory
}

extension ZstdError: CustomStringConvertible {
  /// One clause for an error message, without the name of the file.
  public var description: String {
    switch self {
    case .corrupt(let reason, let offset):
      "corrupt zstd data at byte \(offset): \(reason)"
    case .checksumMismatch(let offset):
      "the content of the zstd frame that ends at byte \(offset) does not match its checksum"
    case .truncated(let offset):
      offset == 0 ? "an empty zstd stream" : "the zstd stream is cut off at byte \(offset), inside a frame"
    case .windowTooLarge(let limit, let offset):
      "the zstd frame at byte \(offset) needs a window of more than \(limit) bytes"
    case .dictionaryNeeded(let offset):
      "the zstd frame at byte \(offset) needs a dictionary that is not in the file"
    case .excess(let offset):
      "the zstd stream holds more than the expected \(offset) bytes of content"
    case .outOfMemory:
      "no memory for the zstd decoder"
    }
  }
}

/// What stops a read: the compressed data, or whatever delivers it.
public enum ZstdReadError<SourceError: Error>: Error {
  /// The compressed bytes are at fault.
  case zstd(ZstdError)
  /// The source threw; its own error, unchanged.
  case source(SourceError)
}

extension ZstdReadError: Equatable where SourceError: Equatable {}
