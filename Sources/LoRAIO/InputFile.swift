import CLoRAShims
import Glibc
import Synchronization

/// A regular file opened for reading at any offset, from any number of threads.
///
/// A class, not a move-only value, because the worker threads of a merge or a scan share it; the descriptor closes with
/// the last reference. The file is read with `pread` and never mapped: a mapped file that shrinks kills the process.
///
/// A path that a `RemoteStore` answers is read through it.
public final class InputFile: FileContents {
  /// The path that it was opened by.
  public let path: String
  /// Size in bytes when it was opened.
  public let size: UInt64
  private let backing: Backing

  /// Opens a regular file; symbolic links are followed.
  ///
  /// - Throws: `IOError` when it cannot be opened or is a folder, pipe, socket or device (which are not waited for).
  public init(path: String) throws(IOError) {
    self.path = path
    if let store = RemotePath.store(for: path) {
      let contents = try store.open(path)
      size = contents.size
      backing = .remote(contents)
      return
    }
    let descriptor = try SystemCalls.open(path, flags: O_RDONLY | O_NONBLOCK)
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      let number = lora_errno()
      close(descriptor)
      throw IOError("open", path, .system(number))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw IOError("open", path, .notRegular(FileKind(mode: status.st_mode).rawValue))
    }
    UsedFiles.insert(status)
    size = UInt64(max(0, status.st_size))
    backing = .open(descriptor)
  }

  /// Takes over an open descriptor of `size` bytes.
  init(path: String, descriptor: CInt, size: UInt64) {
    self.path = path
    self.size = size
    backing = .open(descriptor)
  }

  /// A file of `size` bytes that is made when it is first read; a failure is tried again by the next read.
  public init(path: String, size: UInt64, madeBy make: @escaping @Sendable () throws(IOError) -> InputFile) {
    self.path = path
    self.size = size
    backing = .deferred(Deferred(make))
  }

  deinit { if case .open(let descriptor) = backing, descriptor >= 0 { close(descriptor) } }

  private enum Backing: Sendable {
    case open(CInt)
    case deferred(Deferred)
    case remote(any FileContents)
  }

  private final class Deferred: Sendable {
    let make: @Sendable () throws(IOError) -> InputFile
    let made = Mutex<InputFile?>(nil)
    init(_ make: @escaping @Sendable () throws(IOError) -> InputFile) { self.make = make }
  }

  /// The open descriptor, for copies inside the kernel; nil for a file that is not on this machine.
  func descriptor() throws(IOError) -> CInt? {
    switch backing {
    case .open(let descriptor): return descriptor
    case .remote: return nil
    case .deferred(let deferred):
      return try deferred.made.withLock { made throws(IOError) in
        let file: InputFile
        if let made { file = made } else { file = try deferred.make() }
        made = file
        return try file.descriptor()
      }
    }
  }

  /// What is known of the file, without the file: every read fails.
  public var closed: InputFile { InputFile(path: path, descriptor: -1, size: size) }

  /// Fills the whole buffer from `offset`.
  ///
  /// - Throws: `IOError`, `.unexpectedEnd` when the file is shorter.
  public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(IOError) {
    let got = unsafe try readAvailable(into: buffer, at: offset)
    if got < buffer.count {
      throw IOError("read", path, offset: offset, .unexpectedEnd(wanted: UInt64(buffer.count), got: UInt64(got)))
    }
  }

  /// Fills as much of the buffer as the file has from `offset`; returns the bytes read.
  public func readAvailable(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(IOError) -> Int {
    if case .remote(let contents) = backing { return unsafe try contents.readAvailable(into: buffer, at: offset) }
    guard let descriptor = try descriptor() else { return 0 }
    var done = 0
    while done < buffer.count {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = unsafe try SystemCalls.pread(descriptor, rest, at: offset + UInt64(done), path: path)
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// `count` bytes from `offset`; `count` must already be bounded by the caller.
  public func bytes(at offset: UInt64, count: Int) throws(IOError) -> [UInt8] {
    var failure: IOError?
    let result = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(IOError) {
        let bytes = UnsafeMutableRawBufferPointer(buffer)
        unsafe LargePages.advise(bytes)
        unsafe try read(into: bytes, at: offset)
        initialized = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return result
  }

  /// The whole file, when it has at most `limit` bytes.
  public static func contents(of path: String, limit: UInt64) throws(IOError) -> [UInt8] {
    try InputFile(path: path).contents(limit: limit)
  }

  /// The whole file, if it is at most `limit` bytes long.
  public func contents(limit: UInt64) throws(IOError) -> [UInt8] {
    guard size <= limit else { throw IOError("read", path, .tooLarge(limit: limit, found: size)) }
    return try bytes(at: 0, count: Int(size))
  }

  /// Has small ranges of a remote file at hand, which will be read one by one.
  package func prefetch(_ ranges: [Range<UInt64>]) {
    if case .remote(let contents) = backing { contents.prefetch(ranges) }
  }

  /// Tells the kernel that the file will be read from start to end.
  public func adviseSequential() { if case .open(let descriptor) = backing { lora_advise_sequential(descriptor) } }
}

/// What a path leads to, in words for messages.
public enum FileKind: String, Sendable {
  case regular = "a file"
  case folder = "a folder"
  case pipe = "a pipe"
  case socket = "a socket"
  case characterDevice = "a character device"
  case blockDevice = "a block device"
  case other = "something else"

  init(mode: mode_t) {
    switch mode & S_IFMT {
    case S_IFREG: self = .regular
    case S_IFDIR: self = .folder
    case S_IFIFO: self = .pipe
    case S_IFSOCK: self = .socket
    case S_IFCHR: self = .characterDevice
    case S_IFBLK: self = .blockDevice
    default: self = .other
    }
  }

  /// What `path` leads to after symbolic links, or nil when nothing is there.
  ///
  /// Also nil when the server of a remote path does not say; `leading(to:)` tells the two apart.
  public init?(path: String) {
    if let store = RemotePath.store(for: path) {
      guard let kind = try? store.kind(of: path) else { return nil }
      self = kind
      return
    }
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    self.init(mode: status.st_mode)
  }

  /// What `path` leads to, or nil when nothing is there.
  ///
  /// - Throws: `IOError` when the server of a remote path refuses to say or cannot be reached.
  package static func leading(to path: String) throws(IOError) -> FileKind? {
    if let store = RemotePath.store(for: path) { return try store.kind(of: path) }
    return FileKind(path: path)
  }
}
