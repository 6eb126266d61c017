import CLoRAShims
import Glibc
import Synchronization

/// The one door to the kernel for file contents: every read and write passes here, is retried when a signal interrupts
/// it, and can be made to fail by a test.
enum SystemCalls {
  static func open(_ path: String, flags: CInt, mode: UInt32 = 0o666, operation: String = "open") throws(IOError)
    -> CInt
  {
    while true {
      let descriptor = unsafe fault(.open, path) ?? lora_open(path, flags, mode)
      if descriptor >= 0 { return descriptor }
      try retryOrThrow(operation, path)
    }
  }

  /// Opens a file without a name for reading and writing.
  static func openUnnamed(in folder: String) throws(IOError) -> CInt {
    while true {
      let descriptor = unsafe fault(.open, folder) ?? lora_open_unnamed(folder)
      if descriptor >= 0 { return descriptor }
      try retryOrThrow("create a temporary file in", folder)
    }
  }

  static func pread(
    _ descriptor: CInt, _ buffer: UnsafeMutableRawBufferPointer, at offset: UInt64, path: String
  ) throws(IOError) -> Int {
    guard let start = off_t(exactly: offset) else { throw IOError("read", path, offset: offset, .system(EINVAL)) }
    while true {
      let count =
        unsafe fault(.read, path).map { Int($0) }
        ?? Glibc.pread(descriptor, buffer.baseAddress, buffer.count, start)
      if count >= 0 { return count }
      try retryOrThrow("read", path, offset)
    }
  }

  static func pwrite(_ descriptor: CInt, _ buffer: UnsafeRawBufferPointer, at offset: UInt64, path: String)
    throws(IOError) -> Int
  {
    guard let start = off_t(exactly: offset) else { throw IOError("write", path, offset: offset, .system(EINVAL)) }
    while true {
      let count =
        unsafe fault(.write, path).map { Int($0) }
        ?? Glibc.pwrite(descriptor, buffer.baseAddress, buffer.count, start)
      if count >= 0 { return count }
      try retryOrThrow("write", path, offset)
    }
  }

  /// Writes where the descriptor stands; for pipes and devices, which have no offsets.
  static func write(_ descriptor: CInt, _ buffer: UnsafeRawBufferPointer, path: String) throws(IOError) -> Int {
    while true {
      let count =
        unsafe fault(.write, path).map { Int($0) } ?? Glibc.write(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      try retryOrThrow("write", path)
    }
  }

  /// Copies inside the kernel; nil when this pair of files cannot be copied that way and must be read and written.
  static func copyRange(
    from source: CInt, at sourceOffset: UInt64, to target: CInt, at targetOffset: UInt64, length: Int, path: String
  ) throws(IOError) -> Int? {
    guard let from = Int64(exactly: sourceOffset), let to = Int64(exactly: targetOffset) else {
      throw IOError("copy to", path, offset: targetOffset, .system(EINVAL))
    }
    while true {
      let count = fault(.copy, path).map { Int($0) } ?? lora_copy_range(source, from, target, to, length)
      if count >= 0 { return count }
      switch lora_errno() {
      case EXDEV, EINVAL, EOPNOTSUPP, ENOSYS, EBADF, ETXTBSY: return nil
      default: try retryOrThrow("copy to", path, targetOffset)
      }
    }
  }

  static func fsync(_ descriptor: CInt, path: String) throws(IOError) {
    while true {
      if (fault(.sync, path) ?? Glibc.fsync(descriptor)) == 0 { return }
      // Folders and some special file systems cannot be synchronised; that is not a failure of the data.
      if lora_errno() == EINVAL || lora_errno() == EROFS { return }
      try retryOrThrow("flush", path)
    }
  }

  static func truncate(_ descriptor: CInt, to size: UInt64, path: String) throws(IOError) {
    guard let length = off_t(exactly: size) else { throw IOError("resize", path, .system(EFBIG)) }
    while true {
      if (fault(.write, path) ?? ftruncate(descriptor, length)) == 0 { return }
      try retryOrThrow("resize", path)
    }
  }

  static func check(_ result: CInt, _ operation: String, _ path: String) throws(IOError) {
    if result != 0 { throw IOError(operation, path, .system(lora_errno())) }
  }

  private static func retryOrThrow(_ operation: String, _ path: String, _ offset: UInt64? = nil) throws(IOError) {
    let number = lora_errno()
    if number != EINTR { throw IOError(operation, path, offset: offset, .system(number)) }
  }

  /// The failure that a test has ordered for this call: errno is set and -1 returned.
  static func fault(_ call: Fault.Call, _ path: String) -> CInt? {
    #if ORDERED_FAULTS
    guard let number = Fault.take(call, path) else { return nil }
    errno = number
    return -1
    #else
    return nil
    #endif
  }
}

/// A failure ordered by a test: the `after`-th next call of one kind on a path that contains `path` fails.
///
/// Faults exist in debug builds and in `.ci/run release`; in the program as released the check compiles to nothing.
package struct Fault: Sendable {
  /// The kinds of calls that can be made to fail.
  package enum Call: Sendable {
    case open
    case read
    case write
    case copy
    case sync
    /// Making a folder.
    case folder
    case rename
    /// Removing a file or folder.
    case remove
    /// Any of these but the removal, which is how failures are cleaned up.
    case any
  }

  let call: Call
  let path: String
  var after: Int
  let errorNumber: CInt

  private static let ordered = Mutex<[Fault]>([])

  /// Orders a failure with `errorNumber` after `after` calls have gone through.
  package static func order(_ call: Call, path: String, after: Int = 0, errorNumber: CInt) {
    ordered.withLock { $0.append(Fault(call: call, path: path, after: after, errorNumber: errorNumber)) }
  }

  /// Forgets the failures ordered for `path`.
  package static func clear(path: String) {
    ordered.withLock { $0.removeAll { $0.path == path } }
  }

  private func isMet(by other: Call) -> Bool { call == other || (call == .any && other != .remove) }

  fileprivate static func take(_ call: Call, _ path: String) -> CInt? {
    ordered.withLock { faults -> CInt? in
      for index in faults.indices where faults[index].isMet(by: call) && path.contains(faults[index].path) {
        if faults[index].after == 0 {
          return faults.remove(at: index).errorNumber
        }
        faults[index].after -= 1
      }
      return nil
    }
  }
}
