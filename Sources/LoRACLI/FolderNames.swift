import LoRAIO
import Safetensors
import TensorCore

/// Names for the results of several inputs in one folder.
enum FolderNames {
  /// For each path or address the shortest of its ends that no other has, parts joined by hyphens.
  static func distinct(_ paths: [String]) -> [String] {
    let parts = paths.map { components(of: $0) }
    var names = [String](repeating: "", count: paths.count)
    var open = Array(paths.indices)
    var depth = 1
    while !open.isEmpty {
      for index in open { names[index] = parts[index].suffix(depth).joined(separator: "-") }
      let counts = names.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
      open = open.filter { (counts[names[$0]] ?? 0) > 1 && parts[$0].count > depth }
      depth += 1
    }
    // Two paths to one place would still be alike.
    var taken: Set<String> = []
    return names.map { name in
      let free = taken.contains(name) ? (2...).lazy.map { "\(name)-\($0)" }.first { !taken.contains($0) } : name
      taken.insert(free ?? name)
      return free ?? name
    }
  }

  private static func components(of path: String) -> [String] {
    var parts = (Folder.resolved(path) ?? path).split(separator: "/").map { String($0) }
      .filter { $0 != "." && $0 != ".." }
    // A snapshot in the cache of the Hub is the repository that it is of.
    if let index = parts.lastIndex(where: { $0.hasPrefix("models--") }), parts.count > index + 2,
      parts[index + 1] == "snapshots"
    {
      let names = parts[index].split(separator: "--").dropFirst().map { String($0) }
      parts.replaceSubrange(index...index + 2, with: names)
    }
    let endings = [".safetensors"] + SafetensorsFile.compressedExtensions.map { ".safetensors" + $0 }
    if let last = parts.last, let ending = endings.first(where: { last.hasSuffix($0) }) {
      parts[parts.count - 1] = String(last.dropLast(ending.count))
      // PEFT's weights have the same name in every folder.
      if parts.count > 1, parts.last == "adapter_model" { parts.removeLast() }
    }
    return parts
  }
}
