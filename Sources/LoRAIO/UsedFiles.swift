import Glibc
import Synchronization

/// The files that a program has read or written, so that it never writes over one of them.
///
/// Files are known by device and inode, however they are called: through symbolic links, hard links or other paths.
/// Nothing is remembered before `remember` is called, because a process that serves for months opens files without end.
package enum UsedFiles {
  private struct Identity: Hashable {
    var device: dev_t
    var inode: ino_t
  }

  private static let known = Mutex<Set<Identity>?>(nil)

  /// Begins to remember every file that is opened for reading.
  package static func remember() { known.withLock { $0 = $0 ?? [] } }

  /// Remembers the file that a path leads to, if there is one.
  package static func insert(_ path: String) {
    guard let identity = identity(path) else { return }
    known.withLock { _ = $0?.insert(identity) }
  }

  /// Whether the path leads to a file that is remembered.
  package static func contains(_ path: String) -> Bool {
    guard let identity = identity(path) else { return false }
    return known.withLock { $0?.contains(identity) == true }
  }

  /// Remembers an open file.
  static func insert(_ status: stat) {
    known.withLock { _ = $0?.insert(Identity(device: status.st_dev, inode: status.st_ino)) }
  }

  /// What a path leads to; devices and pipes may be read and written as often as anyone likes.
  private static func identity(_ path: String) -> Identity? {
    var status = stat()
    guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Identity(device: status.st_dev, inode: status.st_ino)
  }
}
