import LoRAIO
import Synchronization

/// The remote files that were opened last, so that one which is looked for and then read is opened once.
final class OpenFiles: Sendable {
  private let cache: ChunkCache
  private let report: @Sendable (IOError) -> Void
  private let recent = Mutex<[(path: String, file: RangedFile)]>([])

  /// Files that are kept; each holds its first bytes.
  private static let kept = 256

  /// - Parameter report: called with every failure to read an open file.
  init(_ cache: ChunkCache, report: @escaping @Sendable (IOError) -> Void) {
    self.cache = cache
    self.report = report
  }

  /// The open file of a path.
  func open(_ path: String, _ requests: () throws(RemoteFailure) -> RangeRequests) throws(RemoteFailure)
    -> RangedFile
  {
    let known = recent.withLock { recent -> RangedFile? in
      guard let index = recent.firstIndex(where: { $0.path == path }) else { return nil }
      let entry = recent.remove(at: index)
      recent.append(entry)
      return entry.file
    }
    if let known { return known }
    let file = try RangedFile(path, try requests(), cache, report: report)
    recent.withLock { recent in
      recent.append((path, file))
      if recent.count > Self.kept { recent.removeFirst() }
    }
    return file
  }
}
