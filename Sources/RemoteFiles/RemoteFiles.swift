import Glibc
package import LoRAIO
import Synchronization
import TensorCore

/// Files on servers, behind the paths `hf://…`, `https://…` and `s3://…`.
package final class RemoteFiles: RemoteStore {
  private let environment: @Sendable (String) -> String?
  private let transport: Transport
  private let files: OpenFiles
  private let failures: Failures
  private let named = NamedAddresses()
  private let state = Mutex(State())

  private struct State {
    /// Folders by their paths: those that are listed, and those around a file that was named.
    var listed: [String: RemoteFolder] = [:]
    var around: [String: RemoteFolder] = [:]
  }

  /// The first failure, which threads of all kinds report.
  private final class Failures: Sendable {
    let first = Mutex<IOError?>(nil)

    func add(_ error: IOError) { first.withLock { $0 = $0 ?? error } }
  }

  /// Most bytes of files that are kept in memory beside the first of each.
  private static let cacheBytes: UInt64 = 64 << 20

  /// Asks nothing of any server yet.
  package init(
    environment: @escaping @Sendable (String) -> String? = processEnvironment, settings: TransportSettings? = nil
  ) {
    self.environment = environment
    let failures = Failures()
    self.failures = failures
    transport = Transport(settings ?? TransportSettings(environment: environment))
    files = OpenFiles(ChunkCache(limit: Self.cacheBytes)) { failures.add($0) }
  }

  /// Why a server refused something or could not be reached, the first time that one did.
  ///
  /// What was found out then is not the whole truth, whatever else was found.
  package var failure: IOError? { failures.first.withLock { $0 } }

  /// The path that stands for an argument of a command line everywhere.
  ///
  /// It is without user, password, query and fragment, which may be secrets and are remembered for the requests alone.
  package func path(for argument: String) -> String {
    guard let colon = argument.firstIndex(of: ":") else { return argument }
    let text = argument[..<colon].lowercased() + argument[colon...]
    guard RemotePath.isRemote(text) else { return argument }
    guard text.hasPrefix("http") else { return text.withoutLastSlashes }
    guard let address = try? WebAddress(parsing: text, allowsPlain: true) else { return text.withoutSecrets }
    return named.add(address)
  }

  // MARK: RemoteStore

  package func kind(of path: String) throws(IOError) -> FileKind? {
    try reporting("open", path) { () throws(RemoteFailure) in
      let (folder, file) = try place(of: path)
      return try folder.kind(of: file)
    }
  }

  package func names(in path: String) throws(IOError) -> [String] {
    let names = try reporting("list", path) { () throws(RemoteFailure) in
      let (folder, file) = try place(of: path)
      return try folder.names(in: file)
    }
    guard let names else { throw IOError("list", path, .system(ENOENT)) }
    return names
  }

  package func open(_ path: String) throws(IOError) -> any FileContents {
    try reporting("open", path) { () throws(RemoteFailure) in
      let (folder, file) = try place(of: path)
      return try folder.open(file)
    }
  }

  private func reporting<Result>(
    _ operation: String, _ path: String, _ body: () throws(RemoteFailure) -> Result
  ) throws(IOError) -> Result {
    do throws(RemoteFailure) { return try body() } catch {
      let failure = IOError(operation, path, .remote(error.reason))
      failures.add(failure)
      throw failure
    }
  }

  // MARK: Folders

  /// The folder that a path lies in, and the path below it.
  private func place(of path: String) throws(RemoteFailure) -> (RemoteFolder, String) {
    if path.hasPrefix("hf://") {
      let hub = try HubAddress(parsing: path)
      let folder = try listed(hub.root) { () throws(RemoteFailure) in
        HubSite(hub, try HubSettings(environment: environment))
      }
      return (folder, path.below(hub.root))
    }
    let isNamed = named[path] != nil
    let known =
      isNamed
      ? nil
      : state.withLock { state -> (RemoteFolder, String)? in
        var folder = path
        while folder.contains("://"), !folder.hasSuffix("//") {
          if let found = state.listed[folder] { return (found, path.below(folder)) }
          folder = Folder.parent(folder)
        }
        if let found = state.around[path] { return (found, "") }
        if let found = state.around[Folder.parent(path)] { return (found, Folder.lastComponent(path)) }
        return nil
      }
    if let known { return known }
    if !UsualNames.isFile(path) {
      let folder = try listed(path) { () throws(RemoteFailure) in try site(of: path) }
      // A blob may have any name.
      if try !folder.isEmpty() || !Folder.parent(path).contains("://") { return (folder, "") }
    }
    let parent = Folder.parent(path)
    let folder = try around(parent, of: path)
    folder.name(Folder.lastComponent(path))
    return (folder, Folder.lastComponent(path))
  }

  private func listed(_ path: String, _ site: () throws(RemoteFailure) -> any RemoteSite) throws(RemoteFailure)
    -> RemoteFolder
  {
    if let folder = state.withLock({ $0.listed[path] }) { return folder }
    let folder = RemoteFolder(path, of: try site(), isListed: true, transport, files)
    return state.withLock { state in
      if let earlier = state.listed[path] { return earlier }
      state.listed[path] = folder
      return folder
    }
  }

  /// The folder around a file that was named.
  private func around(_ parent: String, of file: String) throws(RemoteFailure) -> RemoteFolder {
    if let folder = state.withLock({ $0.around[parent] }) { return folder }
    let folder = RemoteFolder(parent, of: try site(of: parent, around: file), isListed: false, transport, files)
    return state.withLock { state in
      if let earlier = state.around[parent] { return earlier }
      state.around[parent] = folder
      return folder
    }
  }

  /// The site whose root is `path`, with the query and user of `file` when it is the folder around that.
  private func site(of path: String, around file: String? = nil) throws(RemoteFailure) -> any RemoteSite {
    if path.hasPrefix("s3:") {
      let (bucket, key) = try BucketSite.parts(of: path)
      return BucketSite(bucket: bucket, prefix: key, try AWSSettings(environment: environment))
    }
    let exact: @Sendable (String) -> WebAddress? = { [named] name in named[Folder.join(path, name)] }
    guard let address = named[file ?? path] else { return WebSite(try WebAddress(parsing: path), named: exact) }
    // Says what is wrong with an address that was accepted only to be shown.
    var root = try WebAddress(parsing: address.text)
    root.userPassword = address.userPassword
    guard file != nil else { return WebSite(root, named: { name in name.isEmpty ? address : nil }) }
    root.path = String(root.path.prefix(through: root.path.lastIndex(of: "/") ?? root.path.startIndex))
    return WebSite(root, named: exact)
  }
}

extension String {
  /// The part of a path below one of its folders.
  fileprivate func below(_ folder: String) -> String {
    String(dropFirst(folder.count)).split(separator: "/").joined(separator: "/")
  }
}
