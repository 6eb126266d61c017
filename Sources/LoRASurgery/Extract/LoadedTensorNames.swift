import BaseCatalogue
import LoRAModel
import TensorCore

/// The names that a model's tensors have once transformers has loaded it, which PEFT looks for.
struct LoadedTensorNames: Sendable {
  private let base: BaseModel
  private let names: LoadedNames
  /// Prefixes of the files and what stands in their place in memory, as in files that hold a body alone.
  private let prefixes: [(from: String, to: String)]
  /// Names in memory of tensors outside the modules, by those in the files.
  private let others: [String: String]

  init(_ base: BaseModel) {
    self.base = base
    names = LoadedNames(base)
    var prefixes: [String: String] = [:]
    for name in base.modules.keys {
      if let alias = base.description?.match(name)?.alias { prefixes[alias.spelling] = alias.canonical }
    }
    self.prefixes = prefixes.ordered { $0.key.utf8.count > $1.key.utf8.count }.map { ($0.key, $0.value) }
    others = Dictionary((base.description?.runtimeTensors ?? [:]).map { ($0.value, $0.key) }) { first, _ in first }
  }

  /// The name of a module.
  func module(_ stored: String) -> String {
    guard let match = base.description?.match(stored), match.runtime == nil else { return names.name(of: stored) }
    let name = match.module.name
    return names.name(of: name.hasSuffix(".weight") ? String(name.dropLast(7)) : name)
  }

  /// The name of a tensor.
  func tensor(_ stored: String) -> String {
    if let dot = stored.lastIndex(of: ".") {
      let owner = String(stored[..<dot])
      if base.modules[owner] != nil { return module(owner) + stored[dot...] }
    }
    if let other = others[stored] { return other }
    for (from, to) in prefixes where stored.hasPrefix(from) { return to + stored.dropFirst(from.count) }
    return names.name(ofTensor: stored)
  }
}
