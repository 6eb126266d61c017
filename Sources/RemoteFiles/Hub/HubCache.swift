import JSON
package import LoRAIO
import TensorCore

/// Why the cache does not have what was asked for.
package enum HubCacheError: Error {
  /// The repository, or the revision, is not there; the text says which.
  case notCached(String)
  /// A file of the cache could not be read.
  case unreadable(IOError)
}

/// The local cache of the Hugging Face Hub, read only.
///
/// Its layout is that of huggingface_hub (`file_download.py`): `models--<org>--<name>/refs/<revision>` holds the name of
/// a commit, `snapshots/<commit>/` links to `blobs/`.
package struct HubCache: Sendable {
  /// The folder that holds `models--…`.
  package let root: String

  /// The cache that the environment names: `HF_HUB_CACHE`, `HUGGINGFACE_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME`, or
  /// the home folder, in this order.
  package static var standard: HubCache { HubCache(environment: processEnvironment) }

  /// The cache at a path.
  package init(root: String) { self.root = root }

  /// The cache that these variables name.
  package init(environment: (String) -> String?) {
    let folder = environment("HF_HUB_CACHE").nonEmpty ?? environment("HUGGINGFACE_HUB_CACHE").nonEmpty
    root =
      folder.map { Self.expanded($0, environment) } ?? Folder.join(Self.home(environment: environment), "hub")
  }

  /// The folder of Hugging Face's libraries: `HF_HOME`, else `huggingface` in the folder of caches.
  static func home(environment: (String) -> String?) -> String {
    if let home = environment("HF_HOME").nonEmpty { return expanded(home, environment) }
    let caches =
      environment("XDG_CACHE_HOME").nonEmpty.map { expanded($0, environment) }
      ?? Folder.join(environment("HOME") ?? "", ".cache")
    return Folder.join(caches, "huggingface")
  }

  /// A path whose `~` is the home folder.
  static func expanded(_ path: String, _ environment: (String) -> String?) -> String {
    guard path == "~" || path.hasPrefix("~/"), let home = environment("HOME").nonEmpty else { return path }
    return home + path.dropFirst()
  }

  /// Ids of the repositories in the cache, sorted.
  package var repositories: [String] {
    let names = (try? Folder.names(in: root)) ?? []
    return names.filter { $0.hasPrefix("models--") }
      .map { $0.dropFirst("models--".count).split(separator: "--").joined(separator: "/") }
  }

  /// A repository and a revision, from `org/name`, `name` or `org/name@revision`; nil when the text is neither.
  ///
  /// The rules are those of the Hub: ASCII letters, digits, `-`, `_` and `.`, at most 96 of them, no `--` or `..`, no
  /// `-` or `.` at an end. So no id can lead out of the cache.
  package static func repository(_ text: String) -> (id: String, revision: String)? {
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

  static func isPlain(_ name: Substring) -> Bool {
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

  /// The folder of the snapshot that the id of a repository stands for; nil when the text is none, or not in the cache.
  package func snapshot(named text: String) -> String? {
    guard let (id, revision) = Self.repository(text) else { return nil }
    return try? snapshot(of: id, revision: revision)
  }

  /// The folder that the cache has for a repository.
  func folder(of id: String) -> String {
    Folder.join(root, "models--" + id.split(separator: "/").joined(separator: "--"))
  }

  /// The folder of a repository's snapshot.
  package func snapshot(of id: String, revision: String) throws(HubCacheError) -> String {
    let folder = folder(of: id)
    guard FileKind(path: folder) == .folder else {
      throw .notCached("no repository of that name is in the Hugging Face cache \(escaped(root))")
    }
    return try Self.snapshot(inRepository: folder, revision: revision)
  }

  /// The folder of a snapshot below the folder `models--…` of a repository.
  package static func snapshot(inRepository folder: String, revision: String) throws(HubCacheError)
    -> String
  {
    let snapshots = Folder.join(folder, "snapshots")
    let reference = Folder.join(folder, "refs/" + revision)
    if FileKind(path: reference) == .regular {
      let text: [UInt8]
      do throws(IOError) { text = try InputFile.contents(of: reference, limit: 1024) } catch {
        throw .unreadable(error)
      }
      let commit = String(decoding: text, as: UTF8.self).split { $0.isWhitespace }.first ?? ""
      guard isPlain(commit), text.count <= 96 else {
        throw .notCached("its reference in the cache, \(escaped(reference)), names no commit")
      }
      return try existing(Folder.join(snapshots, String(commit)))
    }
    if !revision.contains("/"), FileKind(path: Folder.join(snapshots, revision)) == .folder {
      return Folder.join(snapshots, revision)
    }
    // A repository that was only ever fetched by commit has no reference.
    let commits = (try? Folder.names(in: snapshots)) ?? []
    if revision == "main", commits.count == 1 { return try existing(Folder.join(snapshots, commits[0])) }
    let found =
      commits.isEmpty ? "no snapshot" : "the snapshots \(commits.prefix(5).map { escaped($0) }.joined(separator: ", "))"
    throw .notCached("its copy in the cache has no revision \(escaped(revision)) but \(found)")
  }

  private static func existing(_ snapshot: String) throws(HubCacheError) -> String {
    guard FileKind(path: snapshot) == .folder else {
      throw .notCached("the snapshot \(escaped(snapshot)) is missing; download the model again")
    }
    return snapshot
  }

  /// The id of the repository on the Hub, or whose copy in a cache, a path lies in; nil for any other.
  package static func repository(holding path: String) -> String? {
    if path.hasPrefix("hf://") { return (try? HubAddress(parsing: path))?.repository }
    let components = path.split(separator: "/")
    guard let position = components.lastIndex(of: "snapshots"), position > 0 else { return nil }
    let folder = components[position - 1]
    guard folder.hasPrefix("models--") else { return nil }
    return String(folder.dropFirst("models--".count)).split(separator: "--").joined(separator: "/")
  }
}
