import BaseCatalogue
import JSON
import LoRAIO
import Safetensors
import TensorCore

/// The names that the modules of a base have once transformers has loaded it, which are those that PEFT looks for.
package struct LoadedNames: Sendable {
  private let base: BaseModel
  /// Names in memory of modules that the files spell otherwise, by the files' names.
  private let spelling: [String: String]
  /// Names in memory of all tensors of a model that no catalogue knows, where the library renames any.
  let renamedTensors: Lazy<Set<String>>

  /// The names of a base.
  package init(_ base: BaseModel) {
    self.base = base
    var spelling: [String: String] = [:]
    for (inMemory, stored) in base.storedNames { spelling[stored] = inMemory }
    for runtime in base.description?.runtimeModules ?? []
    where runtime.parts.count == 1 && runtime.firstRow == nil && !runtime.isSplitByExpert {
      let part = runtime.parts[0]
      spelling[part.hasSuffix(".weight") ? String(part.dropLast(7)) : part] = runtime.module.name
    }
    self.spelling = spelling
    renamedTensors = Lazy {
      guard base.description == nil, !base.memoryNames.isPlain, let checkpoint = base.checkpoint else { return [] }
      return Set(checkpoint.tensors.keys.map { Self.name(ofTensor: $0, in: base) })
    }
  }

  /// The name in memory of a module that the files call `stored`.
  package func name(of stored: String) -> String { spelling[stored] ?? stored }

  /// The name in memory of a tensor outside the modules, such as a norm's weight, by the renamings that are known where
  /// the catalogue does not know the model.
  package func name(ofTensor stored: String) -> String { Self.name(ofTensor: stored, in: base) }

  private static func name(ofTensor stored: String, in base: BaseModel) -> String {
    guard base.description == nil, let dot = stored.lastIndex(of: ".") else { return stored }
    return base.memoryNames.name(of: String(stored[..<dot])) + stored[dot...]
  }

  /// Whether PEFT finds a module under the name that an adapter's file gives it; nil where that is not known, as without
  /// a config, for classes that the library renames by unknown rules, and for experts one by one, which it stacks.
  package func holds(_ name: String) -> Bool? {
    guard isJudged, !name.isExpert else { return nil }
    if isInMemory(name) { return true }
    // A target parameter may be the weight of any module.
    if name.hasSuffix(".weight"), isInMemory(String(name.dropLast(".weight".utf8.count))) { return true }
    guard base.memoryNames.renamesAdapters else { return false }
    let renamed = base.memoryNames.name(of: name)
    return renamed != name && isInMemory(renamed)
  }

  /// Whether the model has a tensor of its own under the very name that an adapter's file gives one to replace it.
  ///
  /// Nil where that is not known. PEFT renames no such tensors, whatever it does with factors.
  package func holds(tensor name: String) -> Bool? {
    guard isJudged, !name.isExpert, let dot = name.lastIndex(of: ".") else { return nil }
    if isInMemory(String(name[..<dot]), byPEFT: false) || isInMemory(name, byPEFT: false) { return true }
    guard let description = base.description else { return base.shape(of: name) != nil }
    return description.holdsInMemory(tensor: name)
  }

  private var isJudged: Bool {
    guard base.config?["architectures"]?.array?.isEmpty == false else { return false }
    return base.description != nil || base.memoryNames.knowledge == .known
  }

  private func isInMemory(_ name: String, byPEFT: Bool = true) -> Bool {
    guard let description = base.description else {
      if base.modules[name] != nil { return spelling[name] == nil }
      return base.match(name).map { $0.prefixChange == nil } ?? false
    }
    guard let found = description.match(name) else { return false }
    if let alias = found.alias { return byPEFT && alias.isReadByPEFT }
    return found.runtime != nil || spelling[name] == nil
  }
}

extension BaseModel {
  /// Whether PEFT adds its prefix to factors whose names lack it: where transformers has rules of renaming for the type of
  /// the model, PEFT takes all factors through them (peft 0.21 on transformers 5.24, run).
  package var takesBareFactors: Bool { memoryNames.renamesAdapters }

  /// Every stack of experts that the library builds, by its name in memory, with what the base holds for it.
  ///
  /// Experts that the files keep one by one count where the library is known to stack them.
  package var expertStacks: [(name: String, match: ModuleMatch)] {
    stackNames.sorted(by: naturallyPrecedes).compactMap { name in
      builds(name) ? match(name).map { (name, $0) } : nil
    }
  }

  private var stackNames: Set<String> {
    guard let description else { return unlistedStackNames }
    let runtimes = description.runtimeModules.filter { $0.module.kind == .parameter && $0.module.shape.rank == 3 }
    let parts = Set(runtimes.flatMap(\.parts))
    let stacks = description.modules.filter { $0.kind == .parameter && $0.shape.rank == 3 && !parts.contains($0.name) }
    return Set(runtimes.map(\.module.name) + stacks.map(\.name))
  }

  private var unlistedStackNames: Set<String> {
    var names: Set<String> = []
    var owners: Set<String> = []
    for (name, module) in modules {
      if module.kind == .parameter && module.shape.rank == 3 { names.insert(memoryNames.name(of: name)) }
      if memoryNames.renamesAdapters, name.isExpert {
        let inMemory = memoryNames.name(of: name)
        if let owner = inMemory.endOfExperts.map({ inMemory[..<$0] }) { owners.insert(String(owner)) }
      }
    }
    for owner in owners {
      let stacks = Self.unlistedStacks.map { owner + "." + $0 }.filter { match($0) != nil }
      let isGated = stacks.contains { $0.hasSuffix(".gate_up_proj") }
      names.formUnion(stacks.filter { !isGated || !$0.hasSuffix(".up_proj") })
    }
    return names
  }

  /// Whether the model class builds the layer of a module; files may hold more, such as those for predicting several
  /// tokens at once.
  package func builds(_ name: String) -> Bool {
    guard let (index, before, _) = name.layer else { return true }
    if let count = description?.layerCounts[String(before.dropLast())] { return index < count }
    guard description == nil, before.hasSuffix("layers."), !before.contains("vision"), !before.contains("audio") else {
      return true
    }
    let sections = [config] + TextSection.keys.map { config?[$0]?.object }
    return sections.lazy.compactMap { $0?["num_hidden_layers"]?.int64 }.first.map { index < $0 } ?? true
  }
}

extension BaseModel {
  /// The module in the files whose weight a module shares because its block stands in several layers (Zamba's
  /// `shared_transformer`); nil for modules that are no part of such a block.
  package func sharedHolder(of name: String) -> String? {
    guard modelType?.hasPrefix("zamba") ?? false, let (index, before, after) = name.layer,
      after.hasPrefix(".shared_transformer.") || after.hasPrefix(".shared_transf.")
    else { return nil }
    if let weight = modules[name]?.weightName, modules.values.contains(where: { $0.tiedTo == weight }) {
      return weight.hasSuffix(".weight") ? String(weight.dropLast(7)) : weight
    }
    let other = modules.keys.filter { key in
      guard let (place, list, rest) = key.layer else { return false }
      return rest == after && place != index && (list == before || list.isEmpty || before.hasSuffix(list))
    }
    return other.min(by: naturallyPrecedes)
  }
}

extension String {
  /// Where the first component `experts` ends.
  fileprivate var endOfExperts: String.Index? {
    var start = startIndex
    for component in dottedComponents {
      let end = utf8.index(start, offsetBy: component.utf8.count)
      if component == "experts" { return end }
      guard end < endIndex else { return nil }
      start = utf8.index(after: end)
    }
    return nil
  }
}
