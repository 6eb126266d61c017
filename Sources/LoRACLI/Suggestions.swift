import Diagnostics
import JSON
import LoRAIO
import TensorCore

/// The known name that was probably meant, as a clause to put behind a message; empty when none is near.
func suggestion(for name: String, among known: some Sequence<String>) -> String {
  near(name, among: known).map { "; did you mean '\(escaped($0))'?" } ?? ""
}

/// The command that was probably meant: one of a near name, one that begins so, or what other tools call by this name.
func suggestion(forCommand name: String, among known: [String]) -> String {
  let near = suggestion(for: name, among: known)
  guard near.isEmpty else { return near }
  let word = name.lowercased()
  let begun = word.count > 1 ? known.filter { $0.hasPrefix(word) } : []
  let meant = begun.count == 1 ? begun[0] : otherNames.first { $0.value.contains(word) }?.key
  guard let meant, known.contains(meant) else { return "" }
  return "; did you mean '\(meant)'?"
}

/// What commands are called elsewhere.
private let otherNames: KeyValuePairs<String, [String]> = [
  "inspect": ["info", "show", "describe", "stats", "stat", "summary", "print", "view", "dump", "ls", "cat", "about"],
  "validate": ["check", "lint", "test", "audit", "scan", "doctor", "analyze", "analyse"],
  "merge": ["fuse", "bake", "apply", "join", "flatten", "merge-and-unload"],
  "diff": ["compare", "cmp", "distance"],
  "repair": ["fix", "mend", "heal", "clean"],
  "resize": ["shrink", "truncate", "prune", "rank", "svd"],
  "combine": ["add", "mix", "blend", "sum", "average", "soup"],
  "convert": ["export", "import", "transform", "to-peft", "to-gguf"],
  "extract": ["decompose", "subtract"],
  "pack": ["slots", "load"],
  "compress": ["zip", "zstd"],
  "decompress": ["unzip", "unpack", "uncompress"],
  "plan": ["capacity", "size", "estimate", "cost", "memory"],
  "replay": ["simulate", "trace", "cache"],
  "gate": ["eval", "evaluate", "regression"],
  "engines": ["servers", "vllm", "sglang", "backends"],
  "bases": ["models", "architectures", "list"],
]

/// What a path that does not exist was probably meant to be, as a clause to put behind a message.
///
/// Names beside the first missing component are compared; a folder of very many names is not.
func suggestion(forPath path: String) -> String {
  var missing: [String] = []
  var place = path
  while FileKind(path: place) == nil {
    let parent = Folder.parent(place)
    guard parent != place, missing.count < 64 else { return "" }
    missing.append(Folder.lastComponent(place))
    place = parent
  }
  guard let name = missing.last, FileKind(path: place) == .folder, let names = try? Folder.names(in: place),
    names.count <= 20_000, let meant = near(name, among: names)
  else { return "" }
  var found = place == "." && !path.hasPrefix("./") ? meant : Folder.join(place, meant)
  for name in missing.dropLast().reversed() where FileKind(path: Folder.join(found, name)) != nil {
    found = Folder.join(found, name)
  }
  return "; did you mean '\(escaped(found))'?"
}

/// The closest of the names when at most a third of its characters differ.
private func near(_ name: String, among known: some Sequence<String>) -> String? {
  let wanted = name.lowercased()
  let ranked = known.map { (name: $0, distance: editDistance(wanted, $0.lowercased())) }
  guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
  return best.distance <= max(1, min(name.utf8.count, best.name.utf8.count) / 3) && name.utf8.count > 1
    ? best.name : nil
}
