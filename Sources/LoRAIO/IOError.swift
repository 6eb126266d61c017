import Glibc

/// Why an operation on a file failed.
public struct IOError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What went wrong.
  public enum Reason: Sendable, Equatable {
    /// The system call failed with this error number.
    case system(CInt)
    /// The file ended before this many bytes could be read.
    case unexpectedEnd(wanted: UInt64, got: UInt64)
    /// The path is something that cannot be read as a file; the text says what: "a folder".
    case notRegular(String)
    /// The file has no bytes.
    case empty
    /// The file is longer than its reader is ready to hold in memory.
    case tooLarge(limit: UInt64, found: UInt64)
    /// What the file holds is damaged; the text says how.
    case damaged(String)
    /// A server refused, or could not be reached; the text says how, and what to do.
    case remote(String)
    /// The output exists, and replacing it was not allowed.
    case exists
  }

  /// What was being done, as a verb: "open", "read", "write", "rename".
  public let operation: String
  /// The path that it was done to.
  public let path: String
  /// Offset in bytes, for reads and writes.
  public let offset: UInt64?
  /// What went wrong.
  public let reason: Reason

  /// An error of `operation` on `path`.
  public init(_ operation: String, _ path: String, offset: UInt64? = nil, _ reason: Reason) {
    self.operation = operation
    self.path = path
    self.offset = offset
    self.reason = reason
  }

  /// What went wrong, as a clause.
  public var cause: String {
    switch reason {
    case .system(let number): Self.text(of: number)
    case .unexpectedEnd(let wanted, let got): "the file ended after \(got) of \(wanted) bytes"
    case .notRegular(let kind): "it is \(kind), not a regular file"
    case .empty: "the file is empty"
    case .tooLarge(let limit, let found): "it has \(found) bytes, more than the \(limit) that are read at once"
    case .damaged(let how): how
    case .remote(let how): how
    case .exists: "it exists already"
    }
  }

  /// One sentence: what, where and why.
  public var description: String {
    let place = offset.map { " at byte \($0)" } ?? ""
    return "cannot \(operation) \(path)\(place): \(cause)"
  }

  private static func text(of number: CInt) -> String {
    switch number {
    case ENOENT: "no such file or folder"
    case EACCES, EPERM: "permission denied"
    case ENOSPC: "no space left on the device"
    case EDQUOT: "the disk quota is used up"
    case EFBIG: "the file would be larger than the file system or 'ulimit -f' allows"
    case EBADF: "it is closed"
    case EISDIR: "it is a folder"
    case ENOTDIR: "a part of the path is not a folder"
    case EEXIST: "it exists already"
    case EMFILE, ENFILE: "too many open files"
    case ENAMETOOLONG: "the name is too long"
    case ELOOP: "too many symbolic links"
    case EROFS: "the file system is read-only"
    case EIO: "the device reported an input/output error"
    case ENXIO: "the device does not exist"
    case EINTR: "a signal stopped it"
    case EINVAL: "the system refused the arguments"
    default: unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
    }
  }
}
