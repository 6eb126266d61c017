import TensorCore

/// `target_parameters`: which keys of an adapter stand for a bare parameter, such as a stack of experts, and for which.
///
/// PEFT names the factors of a parameter after the module that owns it. It nests one wrapper for each adapted parameter
/// of a module, the parameter registered first innermost, so a key with n `.base_layer` components belongs to the
/// parameter n places from the end (peft 0.21, `tuners_utils.py: _inject_parameters`, run).
struct ParameterTargets {
  /// Names of parameters that any module may own: entries without a dot, as PEFT writes them when it translates the
  /// experts of older releases (`gate_up_proj`, `down_proj`).
  private let anywhere: Set<String>
  /// Names of parameters by the end of their owner's path.
  private let owned: [Substring: Set<String>]
  private let matching: TargetMatching

  /// The parameters of a config; nil when it targets none, or when no config says the ranks.
  init?(_ config: AdapterConfig, _ scaling: ModuleScaling) {
    guard !config.targetParameters.isEmpty, case .config(let matching, _) = scaling else { return nil }
    var anywhere: Set<String> = []
    var owned: [Substring: Set<String>] = [:]
    for entry in config.targetParameters {
      if let dot = entry.utf8.lastIndex(of: UInt8(ascii: ".")) {
        owned[entry[..<dot], default: []].insert(String(entry[entry.utf8.index(after: dot)...]))
      } else if anywhere.count < 64 {
        // No model has more kinds of stacks; each is looked for in every module.
        anywhere.insert(entry)
      }
    }
    self.anywhere = anywhere
    self.owned = owned
    self.matching = matching
  }

  /// Gives factors on a parameter the parameter's name, which the key does not carry, and their rank for one expert.
  ///
  /// - Parameter isModule: whether the file has factors under a name as it is written there.
  func resolve(_ module: inout AdapterModule, isModule: (String) -> Bool) {
    var components = module.name.dottedComponents[...]
    var depth = 0
    while components.last == "base_layer" {
      components.removeLast()
      depth += 1
    }
    let path = components.joined(separator: ".")
    // Without a base nothing says what owns a parameter; what `target_modules` names is a module all the same.
    if depth == 0, components.last != "experts", matching.targets(path) { return }
    var registered = parameters(of: path)
    // PEFT passes over entries that name no parameter of the model, so that names which experts never have take no place
    // where the file has fewer wrappers.
    if components.last == "experts", registered.count > 1,
      !isModule(path + String(repeating: ".base_layer", count: registered.count - 1))
    {
      let known = registered.filter { Self.registration($0) != .max }
      if !known.isEmpty { registered = known }
    }
    guard depth < registered.count else { return }
    module.name = path + "." + registered[registered.count - 1 - depth]
    module.kind = .parameter
    // The patterns see the parameter's own name.
    guard let declared = UInt64(exactly: matching.rank(of: module.name)), declared > 0,
      module.rank % declared == 0
    else { return }
    module.experts = module.rank / declared
    module.rank = declared
  }

  /// The targeted parameters that a module of this path may own, in the order of their registration.
  private func parameters(of path: String) -> [String] {
    var here = anywhere
    for ending in [path[...]] + path.suffixesAfterDots { here.formUnion(owned[ending] ?? []) }
    return here.sorted { (Self.registration($0), $0) < (Self.registration($1), $1) }
  }

  /// Order in which transformers' expert modules register their parameters.
  private static func registration(_ parameter: String) -> Int {
    ["gate_up_proj", "gate_proj", "w1", "up_proj", "w3", "down_proj", "w2"].firstIndex(of: parameter) ?? .max
  }
}
