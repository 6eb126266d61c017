import Glibc
import Synchronization

/// A file that is written under a hidden name beside its own and appears whole or not at all.
package final class StagedFile: Sendable {
  /// The final path.
  package let path: String
  /// The file to write.
  package let file: OutputFile
  private let target: String
  private let staged: String
  private let overwrites: Bool
  private let isPending = Mutex(true)

  /// Begins a file for `path`.
  ///
  /// - Parameter overwrites: whether a file that is there is replaced when the new one is complete; through a symbolic
  ///   link the file that it leads to is replaced, not the link.
  /// - Throws: `IOError`, `.exists` when something is there that may not be replaced.
  package init(for path: String, overwrites: Bool = false) throws(IOError) {
    self.path = path
    self.overwrites = overwrites
    if let kind = FileKind(path: path) {
      guard overwrites else { throw IOError("write", path, .exists) }
      guard kind == .regular else { throw IOError("replace", path, .notRegular(kind.rawValue)) }
      target = Folder.resolved(path) ?? path
    } else {
      target = path
    }
    staged = Folder.join(Folder.parent(target), ".\(Folder.lastComponent(target)).\(getpid()).partial")
    file = try OutputFile(creating: staged, for: path)
  }

  /// Gives the finished file its name.
  ///
  /// - Throws: `IOError`, `.exists` when a file came to be there meanwhile; nothing is left behind then.
  package func publish() throws(IOError) {
    do throws(IOError) {
      try file.synchronize()
      if overwrites {
        try Folder.rename(staged, to: target)
      } else {
        try Folder.publish(staged, as: target)
      }
    } catch {
      discard()
      throw IOError(error.operation, path, offset: error.offset, error.reason)
    }
    isPending.withLock { $0 = false }
  }

  /// Removes what was written, unless it has its name already; may be called from any thread.
  package func discard() {
    isPending.withLock { isPending in
      if isPending { unsafe unlink(staged) }
      isPending = false
    }
  }

  deinit { discard() }
}
