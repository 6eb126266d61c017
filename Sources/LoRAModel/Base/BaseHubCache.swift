import Glibc
import JSON
import LoRAIO

/// The local cache of the Hugging Face Hub, read only.
///
/// Its layout is that of huggingface_hub (`file_download.py`): `models--<org>--<name>/refs/<revision>` holds the name of
/// a commit, `snapshots/<commit>/` links to `blobs/`.
struct BaseHubCache: Sendable {
  /// The folder that holds `models--…`.
  let root: String

  /// The cache that the environment names: `HF_HUB_CACHE`, `HUGGINGFACE_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME`, or
  /// the home folder, in this order.
  static var standard: BaseHubCache { BaseHubCache(environment: Self.variable) }

  init(root: String) { self.root = root }

  init(environment: (String) -> String?) {
    func variable(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
    func expanded(_ path: String) -> String {
      guard path == "~" || path.hasPrefix("~/"), let home = variable("HOME") else { return path }
      return home + path.dropFirst()
    }
    if let folder = variable("HF_HUB_CACHE") ?? variable("HUGGINGFACE_HUB_CACHE") {
      root = expanded(folder)
    } else if let home = variable("HF_HOME") {
      root = Folder.join(expanded(home), "hub")
    } else {
      let caches = variable("XDG_CACHE_HOME").map(expanded) ?? Folder.join(variable("HOME") ?? "", ".cache")
      root = Folder.join(caches, "huggingface/hub")
    }
  }

  /// Ids of the repositories in the cache, sorted.
  var repositories: [String] {
    let names = (try? Folder.names(in: root)) ?? []
    return names.filter { $0.hasPrefix("models--") }
      .map { $0.dropFirst("models--".count).split(separator: "--").joined(separator: "/") }
  }

  private static func variable(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  /// A repository and a revision, from `org/name`, `name` or `org/name@revision`; nil when the text is neither.
  ///
  /// The rules are those of the Hub: ASCII letters, digits, `-`, `_` and `.`, at most 96 of them, no `--` or `..`, no
  /// `-` or `.` at an end. So no id can lead out of the cache.
  static func repository(_ text: String) -> (id: String, revision: String)? {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
    let names = parts[0].split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(names.count), names.allSatisfy({ isPlain($0) }), !parts[0].contains("--"),
      !parts[0].hasSuffix(".git")
    else { return nil }
    let revision = parts.count == 2 ? parts[1] : "main"
    // Revisions may be `refs/pr/1`; every component must be plain.
    let components = revision.split(separator: "/", omittingEmptySubsequences: false)
    guard components.count <= 4, components.allSatisfy({ isPlain($0) }) else { return nil }
    return (parts[0], revision)
  }

  private static func isPlain(_ name: Substring) -> Bool {
    let bytes = name.utf8
    guard (1...96).contains(bytes.count), !name.contains(".."), let first = bytes.first, let last = bytes.last else {
      return false
    }
    let ends = [UInt8(ascii: "-"), UInt8(ascii: ".")]
    return !ends.contains(first) && !ends.contains(last)
      && bytes.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
          true
        default: false
        }
      }
  }

  /// The folder of a repository's snapshot.
  func snapshot(of id: String, revision: String) throws(BaseModelError) -> String {
    let folder = Folder.join(root, "models--" + id.split(separator: "/").joined(separator: "--"))
    guard FileKind(path: folder) == .folder else {
      throw .notCached(
        repository: id, reason: "no repository of that name is in the Hugging Face cache \(escaped(root))")
    }
    return try Self.snapshot(inRepository: folder, id: id, revision: revision)
  }

  /// The folder of a snapshot below the folder `models--…` of a repository.
  static func snapshot(inRepository folder: String, id: String, revision: String) throws(BaseModelError) -> String {
    let snapshots = Folder.join(folder, "snapshots")
    let reference = Folder.join(folder, "refs/" + revision)
    if FileKind(path: reference) == .regular {
      let text: [UInt8]
      do throws(IOError) { text = try InputFile.contents(of: reference, limit: 1024) } catch {
        throw .unreadable(error)
      }
      let commit = String(decoding: text, as: UTF8.self).split { $0.isWhitespace }.first ?? ""
      guard isPlain(commit), text.count <= 96 else {
        throw .notCached(repository: id, reason: "its reference in the cache, \(escaped(reference)), names no commit")
      }
      return try existing(Folder.join(snapshots, String(commit)), id: id)
    }
    if !revision.contains("/"), FileKind(path: Folder.join(snapshots, revision)) == .folder {
      return Folder.join(snapshots, revision)
    }
    // A repository that was only ever fetched by commit has no reference.
    let commits = (try? Folder.names(in: snapshots)) ?? []
    if revision == "main", commits.count == 1 { return try existing(Folder.join(snapshots, commits[0]), id: id) }
    let found =
      commits.isEmpty ? "no snapshot" : "the snapshots \(commits.prefix(5).map { escaped($0) }.joined(separator: ", "))"
    throw .notCached(
      repository: id, reason: "its copy in the cache has no revision \(escaped(revision)) but \(found)")
  }

  private static func existing(_ snapshot: String, id: String) throws(BaseModelError) -> String {
    guard FileKind(path: snapshot) == .folder else {
      throw .notCached(repository: id, reason: "the snapshot \(escaped(snapshot)) is missing; download the model again")
    }
    return snapshot
  }

  /// The id of the repository whose copy in a cache a path lies in, or nil.
  static func repository(holding path: String) -> String? {
    let components = path.split(separator: "/")
    guard let position = components.lastIndex(of: "snapshots"), position > 0 else { return nil }
    let folder = components[position - 1]
    guard folder.hasPrefix("models--") else { return nil }
    return String(folder.dropFirst("models--".count)).split(separator: "--").joined(separator: "/")
  }
}
