import CLoRAShims
import Glibc

/// A file whose bytes stand for things that one process at a time may work on, on whichever machine it runs.
///
/// The locks are the kernel's own (`fcntl`, by open description): they go with the process, however it ends, and NFS
/// carries them between machines.
package final class FileLock: Sendable {
  /// The path of the file.
  package let path: String
  private let descriptor: CInt

  /// What asking for a lock gave.
  package enum Answer: Sendable {
    /// It is ours.
    case locked
    /// Another process has it.
    case taken
    /// The file system has no locks; the caller goes on unguarded.
    case unsupported
  }

  /// Opens the file, which is created when there is none.
  package init(path: String) throws(IOError) {
    self.path = path
    descriptor = try SystemCalls.open(path, flags: O_RDWR | O_CREAT | O_NOFOLLOW, operation: "create")
  }

  deinit { close(descriptor) }

  /// Asks for the bytes of `range`, which need not exist, without waiting; nil asks for all there can be.
  package func lock(_ range: Range<UInt32>?) throws(IOError) -> Answer {
    let (start, length) = Self.bounds(range)
    if lora_lock(descriptor, start, length) == 0 { return .locked }
    switch lora_errno() {
    case EAGAIN, EACCES: return .taken
    case ENOLCK, EOPNOTSUPP, ENOSYS, EINVAL: return .unsupported
    case let number: throw IOError("lock", path, .system(number))
    }
  }

  /// Gives bytes back.
  package func unlock(_ range: Range<UInt32>?) {
    let (start, length) = Self.bounds(range)
    _ = lora_unlock(descriptor, start, length)
  }

  /// Whether the path still leads to this file: it may have been removed, and another put there, while we waited.
  package var isCurrent: Bool {
    var here = stat()
    var there = stat()
    guard unsafe fstat(descriptor, &here) == 0 else { return false }
    guard unsafe lstat(path, &there) == 0 else { return false }
    return here.st_ino == there.st_ino && here.st_dev == there.st_dev
  }

  private static func bounds(_ range: Range<UInt32>?) -> (start: Int64, length: Int64) {
    guard let range else { return (0, 0) }
    return (Int64(range.lowerBound), Int64(range.upperBound - range.lowerBound))
  }
}
