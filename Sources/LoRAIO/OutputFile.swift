import CLoRAShims
import Glibc

/// A new file being written at any offset, from any number of threads.
///
/// It never replaces anything: the name must be free. Files that must appear whole are written inside a folder, or
/// under a name, that is published afterwards.
package final class OutputFile: Sendable {
  /// The path that messages call it by.
  package let path: String
  private let descriptor: CInt

  /// Creates the file, readable and writable as the umask allows.
  package convenience init(creating path: String) throws(IOError) { try self.init(creating: path, for: path) }

  /// Creates a file that will have another name when it is complete, which is the one that users know.
  package init(creating staged: String, for path: String) throws(IOError) {
    self.path = path
    do throws(IOError) {
      descriptor = try SystemCalls.open(staged, flags: O_RDWR | O_CREAT | O_EXCL, operation: "create")
    } catch {
      throw IOError(error.operation, path, error.reason)
    }
  }

  private init(path: String, descriptor: CInt) {
    self.path = path
    self.descriptor = descriptor
  }

  /// Opens a nameless file in `folder` that vanishes when it is closed.
  package static func unnamed(in folder: String) throws(IOError) -> OutputFile {
    OutputFile(path: folder, descriptor: try SystemCalls.openUnnamed(in: folder))
  }

  deinit { close(descriptor) }

  /// Writes the whole buffer at `offset`.
  package func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64) throws(IOError) {
    var done = 0
    while done < buffer.count {
      let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
      done += unsafe try SystemCalls.pwrite(descriptor, rest, at: offset + UInt64(done), path: path)
    }
  }

  /// Writes all of `bytes` at `offset`.
  package func write(_ bytes: [UInt8], at offset: UInt64) throws(IOError) {
    var failure: IOError?
    unsafe bytes.withUnsafeBytes { buffer in
      do throws(IOError) { unsafe try write(buffer, at: offset) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Sets the size in bytes; new bytes read as zero.
  package func resize(to size: UInt64) throws(IOError) {
    try SystemCalls.truncate(descriptor, to: size, path: path)
  }

  /// Copies `count` bytes of `source` to `offset`, inside the kernel where the file systems can.
  package func copy(from source: InputFile, at sourceOffset: UInt64, count: UInt64, to offset: UInt64) throws(IOError) {
    guard let from = try source.descriptor() else {
      return try copyThroughMemory(from: source, at: sourceOffset, count: count, to: offset)
    }
    var done: UInt64 = 0
    while done < count {
      let step = Int(min(count - done, 1 << 30))
      let copied = try SystemCalls.copyRange(
        from: from, at: sourceOffset + done, to: descriptor, at: offset + done, length: step, path: path)
      guard let copied else {
        return try copyThroughMemory(from: source, at: sourceOffset + done, count: count - done, to: offset + done)
      }
      guard copied > 0 else {
        throw IOError("read", source.path, offset: sourceOffset + done, .unexpectedEnd(wanted: count, got: done))
      }
      done += UInt64(copied)
    }
  }

  private func copyThroughMemory(from source: InputFile, at sourceOffset: UInt64, count: UInt64, to offset: UInt64)
    throws(IOError)
  {
    let buffer = IOBuffer(count: Int(min(count, 1 << 20)))
    var done: UInt64 = 0
    while done < count {
      let step = Int(min(count - done, UInt64(buffer.count)))
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<step])
      unsafe try source.read(into: part, at: sourceOffset + done)
      unsafe try write(UnsafeRawBufferPointer(part), at: offset + done)
      done += UInt64(step)
    }
  }

  /// Has the device begin with what was written so far, so that `synchronize` waits for less.
  ///
  /// Promises nothing and reports no failure; both are left to `synchronize`.
  package func startFlush() { lora_start_flush(descriptor) }

  /// Writes everything to the device.
  package func synchronize() throws(IOError) { try SystemCalls.fsync(descriptor, path: path) }

  /// The same file, opened for reading, which messages call by its own path or another name.
  package func reopened(size: UInt64, path name: String? = nil) throws(IOError) -> InputFile {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw IOError("open", path, .system(lora_errno())) }
    return InputFile(path: name ?? path, descriptor: copy, size: size)
  }
}

/// Page-aligned memory for reading and writing files, freed with its owner.
@safe package struct IOBuffer: ~Copyable {
  /// The memory, valid as long as the buffer lives.
  package let bytes: UnsafeMutableRawBufferPointer

  /// Memory of `count` bytes, not zeroed.
  package init(count: Int) {
    unsafe bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 4096)
  }

  /// Size in bytes.
  package var count: Int { unsafe bytes.count }

  deinit { unsafe bytes.deallocate() }
}
