import JSON
import LoRAIO
import Synchronization
import TensorCore

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
    var commit: String
    /// Size and name in the cache of each file, where the Hub says them.
    var blobs: [String: (size: UInt64, name: String)]
  }

  /// Most bytes of a page of the list of a repository's files.
  private static let listingLimit = 64 << 20
  /// Most files of a repository.
  private static let fileLimit = 200_000

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
    let revision = hub.revision.asURLComponent
    do throws(RemoteFailure) {
      return try files(listed: "revision/\(revision)", query: "blobs=true", transport)
    } catch {
      guard error.kind == .unsupported else { throw error }
    }
    // Mirrors may know only some of the Hub's interface, and give files nevertheless.
    do throws(RemoteFailure) {
      return try files(listed: "tree/\(revision)", query: "recursive=true", transport)
    } catch {
      guard error.kind == .unsupported else { throw error }
      return nil
    }
  }

  private func files(listed place: String, query: String, _ transport: Transport) throws(RemoteFailure) -> [String] {
    var next: WebAddress? = address("api/models/\(hub.repository)/\(place)", query: query)
    var names: [String] = []
    var listed = Listing(commit: hub.revision, blobs: [:])
    while let page = next {
      let answer = try transport.get(page, of: self, limit: Self.listingLimit)
      guard answer.status == 200, !answer.hasMore, names.count <= Self.fileLimit else {
        throw RemoteFailure(.other, "the list of the repository's files is longer than any model's")
      }
      // The description of a revision has the files among its members; the tree of one is their list.
      guard let value = try? JSONValue(parsing: answer.body),
        let entries = place.hasPrefix("tree") ? value.array : value["siblings"]?.array
      else {
        throw RemoteFailure(
          .other, "\(escaped(answer.address.host, limit: 100)) did not answer as the Hub does; check HF_ENDPOINT")
      }
      if let commit = value["sha"]?.string, HubCache.isPlain(commit[...]) { listed.commit = commit }
      for entry in entries where entry["type"]?.string != "directory" {
        guard let name = (entry["rfilename"] ?? entry["path"])?.string, Self.isPlainPath(name) else { continue }
        names.append(name)
        listed.blobs[name] = Self.blob(entry)
      }
      next = entries.isEmpty ? nil : try Self.nextPage(answer)
    }
    let found = listed
    listing.withLock { $0 = found }
    return names
  }

  /// Size and name in the cache of a file of the list.
  private static func blob(_ entry: JSONValue) -> (size: UInt64, name: String)? {
    let large = (entry["lfs"]?["sha256"] ?? entry["lfs"]?["oid"])?.string
    guard let name = large ?? (entry["blobId"] ?? entry["oid"])?.string, HubCache.isPlain(name[...]),
      let size = (entry["size"] ?? entry["lfs"]?["size"])?.int64, let size = UInt64(exactly: size)
    else { return nil }
    return (size, name)
  }

  /// The page that a header such as `Link: <https://…>; rel="next"` leads to, on the same server.
  private static func nextPage(_ answer: HTTPAnswer) throws(RemoteFailure) -> WebAddress? {
    guard let link = answer.headers["link"], link.hasPrefix("<"), link.contains("rel=\"next\""),
      let end = link.firstIndex(of: ">")
    else { return nil }
    let next = try answer.address.following(String(link[link.index(after: link.startIndex)..<end]))
    return next.origin == answer.address.origin && next != answer.address ? next : nil
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

  var absence: RemoteFailure? {
    let name = escaped(hub.repository, limit: 200)
    return RemoteFailure(.absent, "the Hub has no repository \(name) (404); check the name, or \(tokenAdvice)")
  }

  private var tokenAdvice: String {
    settings.token == nil ? "set HF_TOKEN if it is private" : "check what HF_TOKEN may read"
  }

  // MARK: Requests

  func headerLines(for address: WebAddress) -> [String] {
    guard let token = settings.token, address.origin == settings.endpoint.origin else { return [] }
    return ["Authorization: Bearer \(token)"]
  }

  func explanation(of answer: HTTPAnswer) -> RemoteFailure {
    let name = "\(escaped(hub.repository, limit: 200))"
    switch (answer.headers["x-error-code"], answer.status) {
    case ("GatedRepo", _):
      return RemoteFailure(
        .refused,
        "\(name) is gated (\(answer.status)): ask for access on its page, then set HF_TOKEN to a token of the "
          + "account that has it")
    case ("RevisionNotFound", _):
      return RemoteFailure(.absent, "\(name) has no revision \(escaped(hub.revision, limit: 100)) (\(answer.status))")
    case ("EntryNotFound", _): return RemoteFailure(.absent, "\(name) has no such file (\(answer.status))")
    case ("RepoNotFound", _):
      return RemoteFailure(
        .absent, "the Hub has no repository \(name) (\(answer.status)); check the name, or \(tokenAdvice)")
    case (_, 404), (_, 405), (_, 501):
      let isFile = answer.address.path.contains("/resolve/")
      return RemoteFailure(isFile ? .absent : .unsupported, "\(name) has no such file (\(answer.status))")
    case (_, 401), (_, 403): return answer.failure(advice: tokenAdvice)
    default: return answer.failure()
    }
  }
}
