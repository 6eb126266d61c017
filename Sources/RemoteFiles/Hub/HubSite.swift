import JSON
import LoRAIO
import Synchronization

/// A repository on the Hugging Face Hub, at one commit.
///
/// One request lists its files and settles the commit, so that a branch which moves on meanwhile changes nothing. The
/// token goes to the Hub's own origin alone, never to the hosts that it leads on to.
final class HubSite: RemoteSite {
  private let hub: HubAddress
  private let settings: HubSettings
  private let listing = Mutex<Listing?>(nil)

  /// What the Hub says of the repository.
  private struct Listing {
    let commit: String
    /// Size and name in the cache of each file, where the Hub says them.
    let blobs: [String: (size: UInt64, name: String)]
  }

  /// Most bytes of the list of a repository's files.
  private static let listingLimit = 64 << 20

  init(_ hub: HubAddress, _ settings: HubSettings) {
    self.hub = hub
    self.settings = settings
  }

  private func address(_ parts: String, query: String? = nil) -> WebAddress {
    var address = settings.endpoint
    while address.path.hasSuffix("/") { address.path.removeLast() }
    address.path += "/" + parts
    address.query = query
    return address
  }

  // MARK: Files

  func files(_ transport: Transport) throws(RemoteFailure) -> [String]? {
    let answer = try transport.get(
      address("api/models/\(hub.repository)/revision/\(hub.revision.asURLComponent)", query: "blobs=true"), of: self,
      limit: Self.listingLimit)
    guard answer.status == 200, !answer.hasMore else {
      throw RemoteFailure(.other, "the list of the repository's files is longer than any model's")
    }
    guard let value = try? JSONValue(parsing: answer.body), let siblings = value["siblings"]?.array else {
      throw RemoteFailure(
        .other, "\(escaped(answer.address.host, limit: 100)) did not answer as the Hub does; check HF_ENDPOINT")
    }
    let commit = value["sha"]?.string ?? ""
    var names: [String] = []
    var blobs: [String: (size: UInt64, name: String)] = [:]
    for sibling in siblings {
      guard let name = sibling["rfilename"]?.string, Self.isPlainPath(name) else { continue }
      names.append(name)
      let large = sibling["lfs"]?["sha256"]?.string ?? sibling["lfs"]?["oid"]?.string
      guard let blob = large ?? sibling["blobId"]?.string, HubCache.isPlain(blob[...]),
        let size = (sibling["size"] ?? sibling["lfs"]?["size"])?.int64
      else { continue }
      blobs[name] = (UInt64(max(0, size)), blob)
    }
    let found = Listing(commit: HubCache.isPlain(commit[...]) ? commit : hub.revision, blobs: blobs)
    listing.withLock { $0 = found }
    return names
  }

  /// Whether a name of the list stays below the repository.
  private static func isPlainPath(_ name: String) -> Bool {
    !name.utf8.contains(0)
      && name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { $0 != "" && $0 != "." && $0 != ".." }
  }

  func address(of file: String) throws(RemoteFailure) -> WebAddress {
    let commit = listing.withLock { $0?.commit } ?? hub.revision
    return address("\(hub.repository)/resolve/\(commit.asURLComponent)/\(file.asURLPath)")
  }

  /// The file in the cache: of the same commit, or with the same content.
  func localCopy(of file: String) -> String? {
    guard let listing = listing.withLock({ $0 }) else { return nil }
    let folder = settings.cache.folder(of: hub.repository)
    let snapshot = Folder.join(folder, "snapshots/\(listing.commit)/\(file)")
    if FileKind(path: snapshot) == .regular { return snapshot }
    guard let blob = listing.blobs[file] else { return nil }
    let path = Folder.join(folder, "blobs/\(blob.name)")
    guard FileKind(path: path) == .regular, let size = try? InputFile(path: path).size, size == blob.size else {
      return nil
    }
    return path
  }

  /// The copy in the cache, when nothing else may be read.
  func offlineCopy() throws(RemoteFailure) -> String? {
    guard settings.isOffline else { return nil }
    do throws(HubCacheError) { return try settings.cache.snapshot(of: hub.repository, revision: hub.revision) } catch {
      switch error {
      case .notCached(let reason): throw RemoteFailure(.other, "HF_HUB_OFFLINE is set, and \(reason)")
      case .unreadable(let error): throw RemoteFailure(.other, "HF_HUB_OFFLINE is set, and \(error)")
      }
    }
  }

  /// The copy in the cache, for when the Hub cannot be reached.
  var cachedCopy: String? { try? settings.cache.snapshot(of: hub.repository, revision: hub.revision) }

  // MARK: Requests

  func headerLines(for address: WebAddress) -> [String] {
    guard let token = settings.token, address.origin == settings.endpoint.origin else { return [] }
    return ["Authorization: Bearer \(token)"]
  }

  func explanation(of answer: HTTPAnswer) -> RemoteFailure {
    let name = "\(escaped(hub.repository, limit: 200))"
    let token = settings.token == nil ? "set HF_TOKEN if it is private" : "check what HF_TOKEN may read"
    switch (answer.headers["x-error-code"], answer.status) {
    case ("GatedRepo", _):
      return RemoteFailure(
        .refused, "\(name) is gated (\(answer.status)): ask for access on its page, then set HF_TOKEN to a token of the "
          + "account that has it")
    case ("RevisionNotFound", _):
      return RemoteFailure(.absent, "\(name) has no revision \(escaped(hub.revision, limit: 100)) (\(answer.status))")
    case ("EntryNotFound", _): return RemoteFailure(.absent, "\(name) has no such file (\(answer.status))")
    case ("RepoNotFound", _), (_, 404):
      return RemoteFailure(.absent, "the Hub has no repository \(name) (\(answer.status)); check the name, or \(token)")
    case (_, 401), (_, 403): return answer.failure(advice: token)
    default: return answer.failure()
    }
  }
}
