import TensorCore

/// Files by their paths, as folders with names in them.
struct FileTree: Sendable {
  private let files: Set<String>
  /// Names in each folder, sorted by bytes; the root is the empty path.
  private let names: [String: [String]]

  init(_ paths: [String]) {
    files = Set(paths)
    var found: [String: Set<String>] = ["": []]
    for path in files {
      var folder = ""
      for part in path.split(separator: "/") {
        found[folder, default: []].insert(String(part))
        folder = folder.isEmpty ? String(part) : folder + "/" + part
      }
      // The whole path is a file, not a folder.
    }
    names = found.mapValues { $0.ordered { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
  }

  /// Whether nothing is there.
  var isEmpty: Bool { files.isEmpty }

  func isFile(_ path: String) -> Bool { files.contains(path) }

  /// Names in a folder; nil when there is no such folder.
  func names(in folder: String) -> [String]? { names[folder] }
}
