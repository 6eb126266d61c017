import Glibc
import Synchronization

/// A folder that is written under a hidden name beside its own and appears whole or not at all.
package final class StagedFolder: Sendable {
  /// The final path.
  package let path: String
  /// Where its files are written until then.
  package let staged: String
  private let overwrites: Bool
  private let isPending = Mutex(true)

  /// Begins a folder for `path`.
  ///
  /// - Parameter overwrites: whether a folder that is there is replaced when the new one is complete; a symbolic link
  ///   is not.
  /// - Throws: `IOError`, `.exists` when something is there that may not be replaced.
  package init(for path: String, overwrites: Bool = false) throws(IOError) {
    self.path = path
    self.overwrites = overwrites
    if let kind = FileKind(path: path) {
      guard overwrites, kind == .folder, Folder.isPlain(path) else { throw IOError("write", path, .exists) }
    }
    staged = Folder.join(Folder.parent(path), ".\(Folder.lastComponent(path)).\(getpid()).partial")
    do throws(IOError) {
      // A process of the same number that was killed may have left one.
      if Folder.isPlain(staged) { try Folder.remove(staged) }
      try Folder.create(staged)
    } catch {
      throw IOError(error.operation, path, error.reason)
    }
  }

  /// Gives the finished folder its name; its files are on the device already.
  ///
  /// - Throws: `IOError`, `.exists` when something came to be there meanwhile; nothing is left behind then.
  package func publish() throws(IOError) {
    do throws(IOError) {
      try Folder.synchronize(staged)
      if overwrites, FileKind(path: path) != nil {
        try Folder.replace(path, by: staged)
      } else {
        try Folder.publish(staged, as: path)
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
      if isPending { do throws(IOError) { try Folder.remove(staged) } catch {} }
      isPending = false
    }
  }

  deinit { discard() }
}

extension Folder {
  /// Puts the folder `staged` in the place of the one at `path`, which is removed.
  ///
  /// File systems that can swap two names have one of the two at every moment.
  fileprivate static func replace(_ path: String, by staged: String) throws(IOError) {
    let old: String
    do throws(IOError) {
      try exchange(staged, with: path)
      old = staged
    } catch {
      guard case .system(let number) = error.reason, [EINVAL, ENOSYS, ENOTSUP].contains(number) else { throw error }
      old = staged + ".old"
      try rename(path, to: old)
      do throws(IOError) {
        try publish(staged, as: path)
      } catch {
        try rename(old, to: path)
        throw error
      }
    }
    // The new one has its name; what is left of the old one does no harm.
    do throws(IOError) { try remove(old) } catch {}
  }
}
