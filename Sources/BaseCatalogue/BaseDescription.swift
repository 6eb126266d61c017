import TensorCore

/// What a configuration says about a base model: every module that LoRA can target, and every other tensor.
///
/// Names are those in the checkpoint that transformers 5.23.0 writes for the configuration.
public struct BaseDescription: Sendable {
  /// Most modules that are believed; the largest published models have below 100,000.
  public static let moduleLimit = 1 << 18

  /// The `model_type` of the configuration.
  public let modelType: String
  /// The model class, such as `LlamaForCausalLM`, when the configuration names one that is known.
  ///
  /// Otherwise the heads of the architecture's usual class were taken.
  public let className: String?
  /// Modules in the order of the model; a tied output head is among them, with `tiedTo`.
  public internal(set) var modules: [BaseModule] = []
  /// Matrices that pick experts: reachable as target parameters, and linear layers in older versions of the library.
  public internal(set) var routers: [BaseModule] = []
  /// What the library names or stores otherwise in memory.
  public internal(set) var runtimeModules: [RuntimeModule] = []
  /// Parameters and buffers outside the modules.
  public internal(set) var otherTensors: [BaseTensor] = []
  /// Number of parameters as the library counts them: norms and biases included, tied ones once.
  public internal(set) var parameters: UInt64 = 0
  /// Number of layers for each list of layers, by its path in the checkpoint, such as `model.layers`.
  public internal(set) var layerCounts: [String: UInt64] = [:]
  /// Rows of the token embedding; nil for models without one.
  public internal(set) var vocabularySize: UInt64?
  /// Elements in a row of the token embedding; nil for models without one.
  public internal(set) var hiddenSize: UInt64?
  /// Other spellings of the paths, by older versions of the library or for the body alone; the first that fits counts.
  public internal(set) var aliases: [PathAlias] = []

  private var places: [String: Place] = [:]

  private enum Place {
    case module(Int)
    case router(Int)
    case runtime(Int)
  }

  init(modelType: String, className: String?) {
    self.modelType = modelType
    self.className = className
  }
}

/// Another way to spell the beginning of a path.
public struct PathAlias: Sendable, Hashable {
  /// How the path may begin, such as `language_model.model.`; empty for any path.
  public let spelling: String
  /// How it begins here, such as `model.language_model.`.
  public let canonical: String
  /// Who spells it that way, for messages.
  public let origin: String

  /// An alias.
  public init(_ spelling: String, _ canonical: String, origin: String) {
    self.spelling = spelling
    self.canonical = canonical
    self.origin = origin
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
    if let found = place(path, alias: nil) { return found }
    for alias in aliases where path.hasPrefix(alias.spelling) {
      let other = alias.canonical + path.dropFirst(alias.spelling.count)
      if let found = place(other, alias: alias) { return found }
    }
    return nil
  }

  private func place(_ path: String, alias: PathAlias?) -> ModuleMatch? {
    switch places[path] {
    case .module(let index): ModuleMatch(module: modules[index], runtime: nil, alias: alias)
    case .router(let index): ModuleMatch(module: routers[index], runtime: nil, alias: alias)
    case .runtime(let index):
      ModuleMatch(module: runtimeModules[index].module, runtime: runtimeModules[index], alias: alias)
    case nil: nil
    }
  }

  /// Fills the index that `match` uses; names in the checkpoint win over names in memory.
  mutating func index() {
    places.reserveCapacity(modules.count + routers.count + runtimeModules.count)
    for (position, runtime) in runtimeModules.enumerated() { places[runtime.module.name] = .runtime(position) }
    for (position, router) in routers.enumerated() {
      places[router.name] = .router(position)
      if router.name.hasSuffix(".weight") { places[String(router.name.dropLast(7))] = .router(position) }
    }
    for (position, module) in modules.enumerated() { places[module.name] = .module(position) }
  }

  /// Names and shapes of all tensors in the checkpoint: weights and biases of the modules, then the others.
  public var tensors: [BaseTensor] {
    var tensors: [BaseTensor] = []
    for module in modules + routers {
      if module.tiedTo == nil { tensors.append(BaseTensor(name: module.tensor, shape: module.shape)) }
      if module.hasBias { tensors.append(BaseTensor(name: module.name + ".bias", shape: [module.outFeatures])) }
    }
    return tensors + otherTensors
  }
}
