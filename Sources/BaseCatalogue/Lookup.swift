import LoRAIO
import TensorCore

/// Another way to spell the beginning of a path.
public struct PathAlias: Sendable, Hashable {
  /// How the path may begin, such as `language_model.model.`; empty for any path.
  public let spelling: String
  /// How it begins here, such as `model.language_model.`.
  public let canonical: String
  /// Who spells it that way, for messages.
  public let origin: String
  /// Whether checkpoints may be written with it.
  let isStored: Bool
  /// Whether it is how an older release has it in memory, and PEFT reads adapters that say so as the newer release does
  /// (peft 0.21 on transformers 5.24, run).
  package let isReadByPEFT: Bool

  init(_ spelling: String, _ canonical: String, origin: String, isStored: Bool = false, isReadByPEFT: Bool = false) {
    self.spelling = spelling
    self.canonical = canonical
    self.origin = origin
    self.isStored = isStored
    self.isReadByPEFT = isReadByPEFT
  }

  /// The same spelling of another path.
  func leading(to canonical: String) -> PathAlias {
    PathAlias(spelling, canonical, origin: origin, isStored: isStored, isReadByPEFT: isReadByPEFT)
  }

  /// The path as it is spelt here, or nil when it does not begin so.
  func applied(to path: String) -> String? {
    path.hasPrefix(spelling) ? canonical + path.dropFirst(spelling.count) : nil
  }
}

/// A module that was found under some spelling of its name.
public struct ModuleMatch: Sendable, Hashable {
  /// The module: as in the checkpoint, or as in memory when `runtime` is set.
  public let module: BaseModule
  /// Set when the name is one in memory for what the checkpoint names or stores otherwise.
  public let runtime: RuntimeModule?
  /// Set when the name was spelt otherwise than here.
  public let alias: PathAlias?
}

extension BaseDescription {
  /// The module that a path means, under its name in the checkpoint, in memory, or another known spelling.
  ///
  /// A raw parameter is found both with and without the last component `weight`.
  public func match(_ path: String) -> ModuleMatch? {
    let lookup = lookup.value
    return resolved(path) { spelt, alias in
      lookup.places[spelt].map { match($0, alias) } ?? expert(spelt, lookup, alias)
    }
  }

  /// The stacks of expert matrices that a module holds, in the order in which the model registers them; empty when the
  /// path means no such module.
  ///
  /// PEFT names an adapter of a raw parameter by the module that holds it, and nests several in this order: the first
  /// one is innermost, with the most `base_layer` in its keys.
  public func stacks(in path: String) -> [ModuleMatch] {
    let stacks = lookup.value.stacks
    return resolved(path) { spelt, alias in stacks[spelt].map { $0.compactMap { match($0, alias) } } } ?? []
  }

  /// The name in the checkpoint of a tensor outside the modules that a path in memory means, such as a norm's weight;
  /// nil where both names are the same.
  public func storedName(ofTensor path: String) -> String? {
    resolved(path) { spelt, _ in runtimeTensors[spelt] }
  }

  /// The tensor outside the modules that a path in memory or in the checkpoint means, such as a norm's weight; its name
  /// is the one in the checkpoint.
  package func otherTensor(_ path: String) -> BaseTensor? {
    let positions = lookup.value.otherTensors
    return resolved(path) { spelt, _ in positions[runtimeTensors[spelt] ?? spelt].map { otherTensors[$0] } }
  }

  /// Whether the library has a tensor outside the modules under exactly this name.
  package func holdsInMemory(tensor name: String) -> Bool {
    if runtimeTensors[name] != nil { return true }
    return lookup.value.otherTensors[name] != nil && !runtimeTensors.values.contains(name)
  }

  /// The number of layers in the list that a path such as `model.layers` means.
  public func layerCount(_ path: String) -> UInt64? {
    resolved(path) { spelt, _ in layerCounts[spelt] }
  }

  /// The first answer for the path as it is and then in other spellings.
  private func resolved<Answer>(_ path: String, _ find: (String, PathAlias?) -> Answer?) -> Answer? {
    if let answer = find(path, nil) { return answer }
    for alias in aliases {
      if let spelt = alias.applied(to: path), let answer = find(spelt, alias) { return answer }
    }
    return nil
  }

  private func match(_ place: LookupIndex.Place, _ alias: PathAlias?) -> ModuleMatch? {
    switch place {
    case .entry(let index):
      guard case .module(let module) = entries[index] else { return nil }
      return ModuleMatch(module: module, runtime: nil, alias: alias)
    case .router(let index): return ModuleMatch(module: routers[index], runtime: nil, alias: alias)
    case .runtime(let index):
      return ModuleMatch(module: runtimeModules[index].module, runtime: runtimeModules[index], alias: alias)
    }
  }

  /// The matrix of one expert that a name means.
  private func expert(_ name: String, _ lookup: LookupIndex, _ alias: PathAlias?) -> ModuleMatch? {
    if lookup.expertPlaces.isEmpty { return nil }
    for (pattern, number) in ExpertName.patterns(of: name) {
      guard let (entry, part) = lookup.expertPlaces[pattern], case .experts(let experts) = entries[entry] else {
        continue
      }
      guard number < experts.count else { return nil }
      return ModuleMatch(module: experts.layer(part: part, expert: number), runtime: nil, alias: alias)
    }
    return nil
  }

  /// Has names looked up in what there is now.
  mutating func index() {
    lookup = Lazy { [entries, routers, runtimeModules, otherTensors] in
      LookupIndex(entries, routers, runtimeModules, otherTensors)
    }
  }
}

/// Where the names of a description lead.
final class LookupIndex: Sendable {
  /// One of the modules of a description.
  enum Place {
    case entry(Int)
    case router(Int)
    case runtime(Int)
  }

  let places: [String: Place]
  /// The stacks of expert matrices that a module holds.
  let stacks: [String: [Place]]
  /// Where the patterns of experts' names lead.
  let expertPlaces: [String: (entry: Int, part: Int)]
  /// Where the tensors outside the modules stand in their list.
  let otherTensors: [String: Int]

  /// Names in the checkpoint win over names in memory.
  init(
    _ entries: [BaseDescription.Entry], _ routers: [BaseModule], _ runtimeModules: [RuntimeModule],
    _ otherTensors: [BaseTensor]
  ) {
    var places: [String: Place] = [:]
    var stacks: [String: [Place]] = [:]
    var expertPlaces: [String: (entry: Int, part: Int)] = [:]
    func add(_ place: Place, _ module: BaseModule) {
      places[module.name] = place
      guard module.kind == .parameter, let dot = module.name.lastIndex(of: ".") else { return }
      let holder = String(module.name[..<dot])
      if module.shape.rank == 3 {
        stacks[holder, default: []].append(place)
      } else if module.name.hasSuffix(".weight") {
        places[holder] = place
      }
    }
    places.reserveCapacity(entries.count + routers.count + runtimeModules.count)
    for (position, runtime) in runtimeModules.enumerated() { add(.runtime(position), runtime.module) }
    for (position, router) in routers.enumerated() { add(.router(position), router) }
    for (position, entry) in entries.enumerated() {
      switch entry {
      case .module(let module): add(.entry(position), module)
      case .experts(let experts):
        for (part, name) in experts.parts.enumerated() { expertPlaces[name.pattern] = (position, part) }
      }
    }
    (self.places, self.stacks, self.expertPlaces) = (places, stacks, expertPlaces)
    self.otherTensors = Dictionary(
      otherTensors.enumerated().lazy.map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }
}
