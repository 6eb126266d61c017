public import LoRAIO
import RemoteFiles

/// Finds the adapters that a path stands for.
public enum AdapterDiscovery {
  /// How deep folders are followed.
  static let depthLimit = 24

  /// The adapters at or below a path.
  ///
  /// A weights file is one, an `adapter_config.json` stands for its folder, a folder with `adapter_config.json` or adapter weights is one, and every folder is searched
  /// further down, in byte order of the names. Hidden folders are left out, and a folder that symbolic links lead to
  /// twice is visited once. The id of a repository in the local Hugging Face cache stands for its snapshot there.
  ///
  /// - Returns: paths for `Adapter.load`; empty when there is no adapter.
  /// - Throws: `IOError` when `path` itself does not exist or cannot be read.
  public static func adapters(at path: String) throws(IOError) -> [String] {
    guard let kind = try FileKind.leading(to: path) else {
      guard let snapshot = HubCache.standard.snapshot(named: path) else { throw IOError("open", path, .system(2)) }
      return try adapters(at: snapshot)
    }
    guard kind == .folder else {
      return [Folder.lastComponent(path) == AdapterLocation.configName ? Folder.parent(path) : path]
    }
    var search = Search()
    try search.visit(path, depth: 0)
    return search.found
  }

  /// What tells whether two paths that `adapters(at:)` gave are one adapter: a folder, and the file in it that is read.
  public static func identity(of path: String) -> String {
    let file = AdapterLocation(path).weights ?? path
    return Folder.join(Folder.parent(file), Folder.lastComponent(file))
  }

  /// The weights file of the adapter at a path, or nil when there is none.
  public static func weights(at path: String) -> String? { AdapterLocation(path).weights }

  /// Bytes of the weights file of the adapter at a path that `adapters(at:)` gave; 0 when there is none.
  public static func weightBytes(at path: String) -> UInt64 {
    guard let weights = AdapterLocation(path).weights else { return 0 }
    do throws(IOError) { return try InputFile(path: weights).size } catch { return 0 }
  }

  private struct Search {
    var found: [String] = []
    private var visited: Set<String> = []

    mutating func visit(_ folder: String, depth: Int) throws(IOError) {
      guard depth < depthLimit, visited.insert(Folder.resolved(folder) ?? folder).inserted else { return }
      let names = try Folder.names(in: folder)
      found += Self.adapters(named: names, in: folder)
      for name in names where !name.hasPrefix(".") {
        let child = Folder.join(folder, name)
        guard FileKind(path: child) == .folder else { continue }
        // A folder below that cannot be read must not hide the others; loading it will say so.
        do throws(IOError) { try visit(child, depth: depth + 1) } catch { found.append(child) }
      }
    }

    /// What the files of one folder are: an adapter folder, loose weights files, or nothing.
    private static func adapters(named names: [String], in folder: String) -> [String] {
      let isAdapter =
        names.contains(AdapterLocation.configName) || names.contains { AdapterLocation.weightNames.contains($0) }
        || names.contains { AdapterLocation.isAdapterPickle($0) }
      if isAdapter { return [folder] }
      // The weights of a whole model are no adapters.
      if names.contains("config.json") || names.contains(where: { $0.hasSuffix(".safetensors.index.json") }) {
        return []
      }
      return names.filter { AdapterLocation.isSafetensorsName($0) }
        .map { Folder.join(folder, $0) }
    }
  }
}
