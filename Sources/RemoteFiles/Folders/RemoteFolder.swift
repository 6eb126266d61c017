import Glibc
import JSON
import LoRAIO
import Synchronization
import TensorCore

/// A folder on a server, with everything below it.
///
/// A folder that the server lists is listed once. Of one that cannot be listed, the files with usual names are asked
/// for, and the shards that an index among them names when they are wanted; of the folder around a file that was named,
/// only its config and further weights, when they are wanted.
final class RemoteFolder: Sendable {
  /// The path of the folder.
  let path: String
  private let site: any RemoteSite
  private let transport: Transport
  private let files: OpenFiles
  private let state = Mutex(State())

  /// What is known of what lies in the folder.
  private enum Contents {
    /// Everything is known.
    case listed(FileTree)
    /// The files with usual names; an index among them may name others.
    case probed(FileTree)
    /// A copy on this machine stands for it.
    case local(String)
    /// Nothing is listed.
    case unlisted
  }

  private struct State {
    var contents: Contents?
    /// Files of an unlisted folder that were named by the user.
    var named: Set<String> = []
    /// Files of an unlisted folder that are there, and that are not.
    var present: Set<String> = []
    var absent: Set<String> = []
  }

  /// A folder; `isListed` is false for the one around a file that was named.
  init(_ path: String, of site: any RemoteSite, isListed: Bool, _ transport: Transport, _ files: OpenFiles) {
    self.path = path
    self.site = site
    self.transport = transport
    self.files = files
    if !isListed { state.withLock { $0.contents = .unlisted } }
  }

  /// Has a file be one that the user named.
  func name(_ file: String) { state.withLock { _ = $0.named.insert(file) } }

  // MARK: Looking

  /// Whether nothing at all was found.
  func isEmpty() throws(RemoteFailure) -> Bool {
    switch try contents() {
    case .listed(let tree), .probed(let tree): return tree.isEmpty
    case .local, .unlisted: return false
    }
  }

  func kind(of file: String) throws(RemoteFailure) -> FileKind? {
    switch try contents() {
    case .listed(let tree): return Self.kind(of: file, in: tree)
    case .probed(let tree):
      if let kind = Self.kind(of: file, in: tree) { return kind }
      guard UsualNames.mayBeShard(file, in: tree) else { return nil }
      return try isThere(file, isNeeded: true) ? .regular : nil
    case .local(let folder): return FileKind(path: Folder.join(folder, file))
    case .unlisted:
      if file.isEmpty { return .folder }
      let isNamed = state.withLock { $0.named.contains(file) }
      guard isNamed || UsualNames.mayLieBeside(file) else { return nil }
      return try isThere(file, isNeeded: isNamed || !UsualNames.configs.contains(file)) ? .regular : nil
    }
  }

  private static func kind(of file: String, in tree: FileTree) -> FileKind? {
    tree.isFile(file) ? .regular : tree.names(in: file) == nil ? nil : .folder
  }

  func names(in folder: String) throws(RemoteFailure) -> [String]? {
    switch try contents() {
    case .listed(let tree), .probed(let tree): return tree.names(in: folder)
    case .local(let copy):
      let place = Folder.join(copy, folder)
      do throws(IOError) { return FileKind(path: place) == .folder ? try Folder.names(in: place) : nil } catch {
        throw RemoteFailure(.other, error.cause)
      }
    case .unlisted:
      return folder.isEmpty ? state.withLock { $0.present.ordered { $0.utf8.lexicographicallyPrecedes($1.utf8) } } : nil
    }
  }

  func open(_ file: String) throws(RemoteFailure) -> any FileContents {
    switch try contents() {
    case .listed(let tree) where !tree.isFile(file): throw RemoteFailure(.absent, "there is no such file")
    case .probed(let tree) where !tree.isFile(file) && !UsualNames.mayBeShard(file, in: tree):
      throw RemoteFailure(.absent, "there is no such file")
    case .listed, .probed:
      if let copy = site.localCopy(of: file) { return try Self.local(copy) }
    case .local(let folder): return try Self.local(Folder.join(folder, file))
    case .unlisted: break
    }
    return try files.open(Folder.join(path, file)) { () throws(RemoteFailure) in
      RangeRequests(try site.address(of: file), of: site, transport)
    }
  }

  private static func local(_ path: String) throws(RemoteFailure) -> InputFile {
    do throws(IOError) { return try InputFile(path: path) } catch {
      throw RemoteFailure(error.reason == .system(ENOENT) ? .absent : .other, error.cause)
    }
  }

  // MARK: Finding out

  private func contents() throws(RemoteFailure) -> Contents {
    // Others wait for the one who asks; the answer is the same for all.
    try state.withLock { state throws(RemoteFailure) in
      if let contents = state.contents { return contents }
      let found = try find()
      state.contents = found
      return found
    }
  }

  private func find() throws(RemoteFailure) -> Contents {
    if let hub = site as? HubSite, let copy = try hub.offlineCopy() { return .local(copy) }
    do throws(RemoteFailure) {
      if let listed = try site.files(transport) { return .listed(FileTree(listed)) }
    } catch {
      guard error.kind == .unreachable, let copy = (site as? HubSite)?.cachedCopy else { throw error }
      return .local(copy)
    }
    let found = try usualFiles()
    if found.isEmpty, let absence = site.absence { throw absence }
    return .probed(FileTree(found))
  }

  /// The files with usual names that are there.
  private func usualFiles() throws(RemoteFailure) -> [String] {
    func present(_ names: [String]) throws(RemoteFailure) -> [String] {
      let found = Mutex<Set<String>>([])
      try Workers.forEach(count: names.count, workers: 4) { [self] (index) throws(RemoteFailure) in
        if try exists(names[index], isNeeded: false) { found.withLock { _ = $0.insert(names[index]) } }
      }
      return found.withLock { found in names.filter { found.contains($0) } }
    }
    let first = try present(UsualNames.first)
    if first.isEmpty || first == [UsualNames.adapterConfig] {
      let others = try present(UsualNames.otherWeights)
      guard !first.isEmpty || !others.isEmpty else { return [] }
      return first + others + (try present(UsualNames.tokenizers))
    }
    return first + (try present(UsualNames.tokenizers))
  }

  private func isThere(_ file: String, isNeeded: Bool) throws(RemoteFailure) -> Bool {
    if let known = state.withLock({ $0.present.contains(file) ? true : $0.absent.contains(file) ? false : nil }) {
      return known
    }
    let isThere = try exists(file, isNeeded: isNeeded)
    state.withLock { state in
      if isThere { _ = state.present.insert(file) } else { _ = state.absent.insert(file) }
    }
    return isThere
  }

  /// Asks for a file by opening it.
  ///
  /// Many servers say of a file that is not there that it is not allowed; only for a file that must be there is that
  /// a failure.
  private func exists(_ file: String, isNeeded: Bool) throws(RemoteFailure) -> Bool {
    do throws(RemoteFailure) {
      _ = try files.open(Folder.join(path, file)) { () throws(RemoteFailure) in
        RangeRequests(try site.address(of: file), of: site, transport)
      }
      return true
    } catch {
      guard !isNeeded, error.kind == .absent || error.kind == .refused else { throw error }
      return false
    }
  }
}
