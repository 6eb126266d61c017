import JSON
import LoRAIO

/// The places that a request may name: folders of this machine, and addresses.
///
/// What a request says is never a reason to read anything else.
package struct AdapterPlaces: Sendable {
  /// Folders in which adapters may lie.
  let roots: [String]
  /// Schemes (`hf`), or addresses below which adapters may lie (`s3://bucket/adapters`).
  let remotes: [String]

  /// Most entries of an adapter's folder; one that holds more is not looked through.
  private static let entryLimit = 1024

  /// Places; without any, nothing is read.
  package init(roots: [String], remotes: [String] = []) {
    self.roots = roots
    self.remotes = remotes
  }

  /// A place that may be read.
  package enum Place: Sendable, Equatable {
    /// A path of this machine without symbolic links; `isPacked` when something must be unpacked before a header can be
    /// read.
    case local(String, isPacked: Bool)
    /// An address.
    case remote(String)
  }

  /// Why a place is not read, which leaves the adapter there unjudged.
  package struct Refusal: Error, Equatable {
    /// One sentence.
    package let sentence: String

    init(_ sentence: String) { self.sentence = sentence }
  }

  /// The place of an adapter, after checking that it may be read.
  package func place(of adapter: String) throws(Refusal) -> Place {
    guard !adapter.isEmpty, adapter.utf8.count <= 4096, !adapter.utf8.contains(0) else {
      throw Refusal("the adapter's path is empty, longer than 4096 bytes or holds a zero byte")
    }
    guard let colon = adapter.firstRange(of: "://") else { return try local(adapter) }
    return .remote(
      try remote(adapter[..<colon.lowerBound].lowercased(), adapter[colon.upperBound...], shown: escaped(adapter)))
  }

  // MARK: Paths

  private func local(_ path: String) throws(Refusal) -> Place {
    let shown = escaped(path)
    guard path.hasPrefix("/") else {
      throw Refusal("the adapter's path \(shown) is relative; name it from / on, as the engine does")
    }
    let roots = roots.compactMap { Folder.resolved($0) }
    guard let resolved = Folder.resolved(path), Self.isBelow(resolved, roots) else {
      // The same words for what is not there, so that nothing is said about the rest of the machine.
      throw Refusal("there is no \(shown) below a folder that this server may read (--root)")
    }
    let isFolder = FileKind(path: resolved) == .folder
    return .local(resolved, isPacked: try isPacked(isFolder ? resolved : Folder.parent(resolved), shown, roots))
  }

  /// Looks for links that lead out of the roots; says whether a file is compressed.
  private func isPacked(_ folder: String, _ shown: String, _ roots: [String]) throws(Refusal) -> Bool {
    let names: [String]
    do throws(IOError) { names = try Folder.names(in: folder) } catch {
      throw Refusal("the folder of the adapter \(shown) cannot be listed: \(error.cause)")
    }
    guard names.count <= Self.entryLimit else {
      throw Refusal(
        "the folder of the adapter \(shown) holds more than \(Self.entryLimit) files; an adapter's does not")
    }
    for name in names {
      guard let resolved = Folder.resolved(Folder.join(folder, name)) else { continue }
      guard Self.isBelow(resolved, roots) else {
        throw Refusal(
          "\(escaped(name)) in the folder of the adapter \(shown) is a link out of the folders that this server may read"
        )
      }
    }
    return names.contains { $0.hasSuffix(".zst") || $0.hasSuffix(".bpz") }
  }

  private static func isBelow(_ path: String, _ roots: [String]) -> Bool {
    roots.contains { root in path == root || path.hasPrefix(root.hasSuffix("/") ? root : root + "/") }
  }

  // MARK: Addresses

  /// The schemes by the names that they go by; AIBrix says `huggingface`.
  private static let schemes = ["hf": "hf", "huggingface": "hf", "s3": "s3", "https": "https", "http": "http"]

  /// The address in the spelling that the program reads, after comparing it with those that are allowed.
  private func remote(_ named: String, _ rest: Substring, shown: String) throws(Refusal) -> String {
    guard let scheme = Self.schemes[named] else {
      throw Refusal("addresses such as \(shown) are not read; known are hf://, huggingface://, s3:// and https://")
    }
    let address = "\(scheme)://\(rest)"
    guard Self.isPlain(rest, mayHaveRevision: scheme == "hf") else {
      throw Refusal(
        "the address \(shown) has a query, a user, a dot segment or an unusual character; write it as a plain path")
    }
    guard remotes.contains(where: { Self.allows($0, scheme, address) }) else {
      throw Refusal("the address \(shown) is not among those that this server may read (--allow-remote)")
    }
    return address
  }

  /// Whether what follows the scheme can only mean what it looks like.
  private static func isPlain(_ rest: Substring, mayHaveRevision: Bool) -> Bool {
    let lowered = rest.lowercased()
    let segments = rest.split(separator: "/", omittingEmptySubsequences: false)
    guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"?#\\\"<>^`{|}".utf8.contains($0) }),
      !["%2e", "%2f", "%5c", "%00"].contains(where: { lowered.contains($0) }),
      mayHaveRevision || !rest.contains("@")
    else { return false }
    // The last may be empty: a separator at the end.
    return segments.first?.isEmpty == false && segments.dropLast().allSatisfy { !$0.isEmpty }
      && segments.allSatisfy { $0 != "." && $0 != ".." }
  }

  /// Whether an address is of an allowed scheme, is an allowed address, or lies below one.
  private static func allows(_ allowed: String, _ scheme: String, _ address: String) -> Bool {
    if allowed == scheme { return true }
    guard allowed.contains("://"), address.hasPrefix(allowed) else { return false }
    let next = address.dropFirst(allowed.count).first
    return allowed.hasSuffix("/") || next == nil || next == "/" || (scheme == "hf" && next == "@")
  }
}
