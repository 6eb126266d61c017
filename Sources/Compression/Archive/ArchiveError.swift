public import LoRAIO

/// Why a compressed file could not be read or written.
public struct ArchiveError: Error, Sendable, CustomStringConvertible {
  /// What went wrong.
  public enum Reason: Sendable, Equatable {
    /// A file could not be read or written.
    case io(IOError)
    /// The compressed bytes are wrong.
    case zstd(ZstdError)
    /// The table of frames at the end is wrong.
    case seekTable(SeekTable.Invalid)
    /// A byte-plane file without what such files must have; the text says what.
    case malformed(String)
    /// The content is out of all proportion to the compressed file.
    case disproportionate(content: UInt64?, limit: UInt64)
    /// Content that was written reads back differently, from this byte on.
    case differs(offset: UInt64)
    /// The caller or a signal stopped the work.
    case cancelled
  }

  /// The compressed file.
  public let path: String
  /// What went wrong.
  public let reason: Reason

  /// A failure with the file at `path`.
  public init(_ path: String, _ reason: Reason) {
    self.path = path
    self.reason = reason
  }

  /// What went wrong, as a clause without the name of the file.
  public var cause: String {
    switch reason {
    case .io(let error): error.cause
    case .zstd(let error): "\(error)"
    case .seekTable(let error): "the seek table at the end of the file is wrong: \(error)"
    case .malformed(let text): text
    case .disproportionate(let content, let limit):
      "its content has \(content.map { "\($0)" } ?? "more than \(limit)") bytes, out of all proportion to the "
        + "compressed file; at most \(limit) are taken"
    case .differs(let offset): "what was written reads back differently from byte \(offset) of the content on"
    case .cancelled: "stopped before the end"
    }
  }

  /// One sentence: file and cause.
  public var description: String {
    if case .io(let error) = reason { return "\(error)" }
    if case .zstd = reason { return "\(path): \(cause); copy or download the file again" }
    return "\(path): \(cause)"
  }
}

/// Runs an operation on files as part of work on the compressed file `path`.
func reading<Value: ~Copyable>(_ path: String, _ body: () throws(IOError) -> Value) throws(ArchiveError) -> Value {
  do throws(IOError) { return try body() } catch { throw ArchiveError(path, .io(error)) }
}

/// Runs an operation on compressed bytes of the file `path`.
func decoding<Value: ~Copyable>(_ path: String, _ body: () throws(ZstdError) -> Value) throws(ArchiveError) -> Value {
  do throws(ZstdError) { return try body() } catch { throw ArchiveError(path, .zstd(error)) }
}
