import BaseCatalogue
import Diagnostics
import TensorCore

extension BaseModel {
  /// Prefixes that libraries and their releases put before one and the same module, the longest first: task heads,
  /// language models inside larger ones, and the body alone.
  package static let prefixes = [
    "model.language_model.", "language_model.model.", "model.text_model.", "model.decoder.", "model.model.",
    "language_model.",
    "transformer.", "gpt_neox.", "unet.", "backbone.", "decoder.", "distilbert.", "roberta.", "deberta.", "electra.",
    "model.",
    "bert.", "vit.", "",
  ]

  /// The module that an adapter means: under its exact name, under the name that the library uses in memory, or under
  /// another usual prefix.
  ///
  /// Names may carry PEFT's `.base_layer` and, for bare parameters, a last component `.weight`.
  public func match(_ moduleName: String) -> ModuleMatch? {
    // The name as it stands is nearly always the answer.
    if let found = named(moduleName, prefixChange: nil) { return found }
    let spellings = Self.spellings(moduleName)
    for name in spellings.dropFirst() {
      if let found = named(name, prefixChange: nil) { return found }
    }
    for name in spellings {
      for from in Self.prefixes where name.hasPrefix(from) {
        let rest = name.dropFirst(from.count)
        for to in Self.prefixes where to != from {
          if let found = named(to + rest, prefixChange: (from, to)) { return found }
        }
      }
    }
    return nil
  }

  /// The stacks of experts that belong to a module, such as the two of `…mlp.experts`, in the order in which the module
  /// registers them.
  ///
  /// PEFT names the factors of stacks after the module and nests several in this order, the first innermost with the
  /// most `.base_layer`. Where the catalogue does not know the model, the order is that of transformers' usual names.
  public func parameters(of moduleName: String) -> [ModuleMatch] {
    for owner in Self.spellings(moduleName) {
      if let found = stacks(in: owner, prefixChange: nil) { return found }
    }
    for owner in Self.spellings(moduleName) {
      for from in Self.prefixes where owner.hasPrefix(from) {
        let rest = owner.dropFirst(from.count)
        for to in Self.prefixes where to != from {
          if let found = stacks(in: to + rest, prefixChange: (from, to)) { return found }
        }
      }
    }
    return []
  }

  /// The name on disk of a tensor outside the modules, such as a norm's weight, that the library calls `name` in memory;
  /// nil where both names are the same or the catalogue does not know it.
  public func storedName(ofTensor name: String) -> String? { description?.storedName(ofTensor: name) }

  /// The module whose name is most like `moduleName`, for hints; nil when nothing is similar.
  ///
  /// Costs microseconds for any model: kinds of names are compared, not names.
  public func closest(to moduleName: String) -> String? {
    names.closest(to: moduleName) { modules[$0] != nil }
  }

  /// The index of the layer that a module lies in, and how many layers its list has here; nil for names without one,
  /// the count nil when this base has no such list under any usual prefix.
  public func layer(of moduleName: String) -> (index: UInt64, count: UInt64?)? {
    guard let (list, index) = BaseNames.layer(of: moduleName) else { return nil }
    if let count = layerCounts[String(list)] ?? description?.layerCount(String(list)) { return (index, count) }
    for from in Self.prefixes where list.hasPrefix(from) {
      let rest = list.dropFirst(from.count)
      for to in Self.prefixes where to != from {
        if let count = layerCounts[to + rest] { return (index, count) }
      }
    }
    return (index, nil)
  }

  /// The index of the layer that a module lies in, or nil.
  public func layerIndex(of moduleName: String) -> UInt64? { BaseNames.layer(of: moduleName)?.index }

  // MARK: Spellings

  private static func spellings(_ name: String) -> [String] {
    var names = [name]
    if name.mentions(".base_layer") {
      names.append(
        name.split(separator: ".", omittingEmptySubsequences: false).filter { $0 != "base_layer" }
          .joined(separator: "."))
    }
    return names + names.filter { $0.hasSuffix(".weight") }.map { String($0.dropLast(7)) }
  }

  private func named(_ name: String, prefixChange: (from: String, to: String)?) -> ModuleMatch? {
    if let module = modules[name] { return ModuleMatch(module: module, prefixChange: prefixChange, runtime: nil) }
    if let stored = storedNames[name], let module = modules[stored] {
      return ModuleMatch(module: module, prefixChange: prefixChange, runtime: nil)
    }
    if let description { return description.match(name).flatMap { resolved($0, prefixChange: prefixChange) } }
    return unlisted(name, prefixChange: prefixChange)
  }

  /// What the base holds for a module that the catalogue knows, which the files may spell otherwise.
  private func resolved(
    _ found: BaseCatalogue.ModuleMatch, prefixChange: (from: String, to: String)?
  ) -> ModuleMatch? {
    let change = prefixChange ?? found.alias.map { ($0.spelling, $0.canonical) }
    if let runtime = found.runtime { return inMemory(runtime, prefixChange: change) }
    return held(found.module.name).map {
      ModuleMatch(module: $0, prefixChange: change, runtime: nil)
    }
  }

  /// What the base holds for a module that only exists in memory; nil when it does not hold all of it.
  func inMemory(_ runtime: RuntimeModule, prefixChange: (from: String, to: String)?) -> ModuleMatch? {
    let experts = runtime.isSplitByExpert ? runtime.module.experts : 1
    let parts = runtime.parts(ofExpert: 0).compactMap { held($0) }
    guard parts.count == runtime.parts.count, let first = parts.first, experts > 0,
      runtime.parts(ofExpert: experts - 1).allSatisfy({ held($0) != nil })
    else { return nil }
    if runtime.firstRow != nil {
      return ModuleMatch(module: fused(runtime, first), prefixChange: prefixChange, runtime: runtime)
    }
    if parts.count == 1, !runtime.isSplitByExpert {
      return ModuleMatch(module: first, prefixChange: prefixChange, runtime: runtime)
    }
    var rows: UInt64 = 0
    for part in parts { rows = rows.addingReportingOverflow(part.outFeatures).partialValue }
    let shape: Shape = runtime.isSplitByExpert ? [experts, rows, first.inFeatures] : [rows, first.inFeatures]
    // The rows of an embedding are what it looks up.
    let isTable = runtime.module.kind == .embedding
    let whole = BaseModule(
      name: runtime.module.name, kind: ModuleKind(of: runtime.module), inFeatures: isTable ? rows : first.inFeatures,
      outFeatures: isTable ? first.inFeatures : rows, shape: shape, isTransposed: false,
      hasBias: runtime.module.hasBias, weightName: runtime.module.name, weight: nil, tiedTo: nil,
      isQuantized: parts.contains { $0.isQuantized })
    return ModuleMatch(module: whole, prefixChange: prefixChange, runtime: runtime)
  }

  /// A module whose rows the files hold within `holder`; it has no weight of its own.
  private func fused(_ runtime: RuntimeModule, _ holder: BaseModule) -> BaseModule {
    let module = runtime.module
    return BaseModule(
      name: module.name, kind: ModuleKind(of: module), inFeatures: module.inFeatures, outFeatures: module.outFeatures,
      shape: module.shape, isTransposed: false, hasBias: module.hasBias, weightName: module.name, weight: nil,
      tiedTo: nil, isQuantized: holder.isQuantized)
  }

  /// What the base holds under a name of the catalogue, which calls bare parameters by their tensors.
  private func held(_ name: String) -> BaseModule? { modules[name] ?? modules[Self.withoutWeight(name)] }

  static func withoutWeight(_ name: String) -> String {
    name.hasSuffix(".weight") ? String(name.dropLast(7)) : name
  }

  private func stacks(in owner: String, prefixChange: (from: String, to: String)?) -> [ModuleMatch]? {
    let described = description?.stacks(in: owner) ?? []
    let found =
      described.isEmpty
      ? Self.registrationOrder.compactMap { leaf -> ModuleMatch? in
        guard let module = modules[owner + "." + leaf], module.kind == .parameter else { return nil }
        return ModuleMatch(module: module, prefixChange: prefixChange, runtime: nil)
      } : described.compactMap { stack in resolved(stack, prefixChange: prefixChange) }
    if found.isEmpty, description == nil {
      let stacks = Self.unlistedStacks.compactMap { unlisted(owner + "." + $0, prefixChange: prefixChange) }
      return stacks.isEmpty ? nil : stacks
    }
    return found.isEmpty ? nil : found
  }

  /// Names of the stacks in transformers' expert modules, in the order in which they are registered.
  private static let registrationOrder = [
    "gate_up_proj", "gate_proj", "w1", "up_proj", "w3", "down_proj", "w2", "input_linear", "output_linear",
  ]
}
