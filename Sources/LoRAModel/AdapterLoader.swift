import LoRAIO
import Safetensors
import TensorCore

extension Adapter {
  /// Reads an adapter from a folder or a weights file: header and config only, no tensor data.
  ///
  /// Never throws: whatever is wrong is among the `findings`, and everything that could be understood is kept.
  public static func load(_ path: String) -> Adapter {
    let location = AdapterLocation(path)
    var findings = location.findings
    let examined = location.weights.map { SafetensorsFile.examine($0) }
    findings += examined?.findings ?? []
    let reading = location.config.map { AdapterConfig.read($0) }
    let file = examined?.file
    let scheme = file.flatMap { NamingSchemes.scheme(for: $0.header) }
    findings += reading?.findings ?? []
    if reading == nil, scheme?.format == .peft, let weights = location.weights {
      findings.append(
        Finding(
          .configMissing, "there is no adapter_config.json beside the weights, so rank, alpha and base are unknown",
          file: weights, expected: Folder.join(Folder.parent(weights), AdapterLocation.configName),
          found: "no such file",
          hint: "export with save_pretrained, which writes both files"))
    }
    var assembly = Assembly(scheme: scheme, config: reading?.config)
    for tensor in file?.header.tensors ?? [] { assembly.add(tensor) }
    var adapter = assembly.adapter(path: path, weightsPath: location.weights ?? path)
    adapter.file = file
    adapter.rawConfig = reading?.raw
    adapter.findings = findings
    return adapter
  }
}

/// Collects tensors into modules.
private struct Assembly {
  let scheme: (any NamingScheme)?
  let config: AdapterConfig?
  private let matching: TargetMatching?
  private var modules: [String: AdapterModule] = [:]
  private var replacements: [Replacement] = []
  private var misnamed: [MisnamedTensor] = []
  private var unknown: [TensorInfo] = []
  private var foreign: [String: Int] = [:]

  init(scheme: (any NamingScheme)?, config: AdapterConfig?) {
    self.scheme = scheme
    self.config = config
    matching = config.map { TargetMatching($0) }
  }

  mutating func add(_ tensor: TensorInfo) {
    guard let key = scheme?.read(tensor.name) else {
      if let method = ForeignMethods.method(of: tensor.name) { foreign[method, default: 0] += 1 }
      unknown.append(tensor)
      return
    }
    switch key.meaning {
    case .factor(let module, let part): add(tensor, part, to: module)
    case .replacement(let name, let role): replacements.append(Replacement(name: name, role: role, tensor: tensor))
    case .foreign(let method):
      foreign[method, default: 0] += 1
      unknown.append(tensor)
    case .alpha, .unknown: unknown.append(tensor)
    }
    if let misnaming = key.misnaming, key.meaning != .unknown {
      misnamed.append(MisnamedTensor(tensor: tensor, problem: misnaming.problem, rightName: misnaming.rightName))
    }
  }

  private mutating func add(_ tensor: TensorInfo, _ part: FactorPart, to name: String) {
    var module =
      modules[name]
      ?? AdapterModule(
        name: name, kind: .linear, rank: 0, inFeatures: 0, outFeatures: 0, scale: 1, scaleSource: .assumed)
    module.isTransposed = scheme?.storesTransposed ?? false
    // A second tensor for the same place (the name once with and once without a wrapper) has no meaning of its own.
    var isTaken = false
    func place(_ slot: inout TensorInfo?) {
      if slot == nil { slot = tensor } else { isTaken = true }
    }
    switch part {
    case .a: place(&module.a)
    case .b: place(&module.b)
    case .embeddingA:
      place(&module.a)
      module.kind = .embedding
    case .embeddingB:
      place(&module.b)
      module.kind = .embedding
    case .bBias: place(&module.bBias)
    case .magnitude: place(&module.magnitude)
    }
    if isTaken { unknown.append(tensor) }
    modules[name] = module
  }

  func adapter(path: String, weightsPath: String) -> Adapter {
    var finished = modules.values.map { finish($0) }
    finished.sort { naturallyPrecedes($0.name, $1.name) }
    let sorted = replacements.sorted { naturallyPrecedes($0.name, $1.name) }
    let declared = config.flatMap { $0.peftType == "LORA" ? nil : $0.peftType }
    return Adapter(
      path: path, weightsPath: weightsPath, file: nil, config: config, rawConfig: nil,
      format: scheme?.format ?? .unknown,
      modules: finished, replacements: sorted, misnamed: misnamed, unknown: unknown,
      foreignMethod: foreign.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? declared, findings: [])
  }

  /// Sizes, rank and scale of a module whose tensors are all collected.
  private func finish(_ module: AdapterModule) -> AdapterModule {
    var module = module
    let (rankOfA, inputs) = Self.sizes(module.a, rankFirst: !module.isTransposed)
    let (rankOfB, outputs) = Self.sizes(module.b, rankFirst: module.isTransposed)
    module.rank = rankOfA ?? rankOfB ?? 0
    module.inFeatures = inputs ?? 0
    module.outFeatures = outputs ?? 0
    switch module.a?.shape.rank ?? module.b?.shape.rank {
    case 3?: module.kind = .conv1d
    case 4?: module.kind = .conv2d
    default: break
    }
    guard let matching else { return module }
    resolveParameter(&module)
    module.declaredRank = matching.rank(of: module.name)
    module.alpha = matching.alpha(of: module.name)
    module.scale = matching.scale(of: module.name)
    module.scaleSource = config?.usesRankStabilizedScale == true ? .alphaOverRootRank : .alphaOverRank
    return module
  }

  /// Rank and the other size of a factor; nil for tensors that cannot be one.
  private static func sizes(_ tensor: TensorInfo?, rankFirst: Bool) -> (rank: UInt64?, other: UInt64?) {
    guard let tensor, tensor.shape.rank >= 2 else { return (nil, nil) }
    return rankFirst ? (tensor.shape[0], tensor.shape[1]) : (tensor.shape[1], tensor.shape[0])
  }

  /// Gives factors on a bare parameter (a stack of experts) the parameter's name, which the key does not carry.
  ///
  /// PEFT nests one wrapper per adapted parameter, the parameter registered first innermost, so a key with n
  /// `.base_layer` components belongs to the parameter n places from the end (facts: peft 0.21, run).
  private func resolveParameter(_ module: inout AdapterModule) {
    guard let config, !config.targetParameters.isEmpty else { return }
    var components = module.name.split(separator: ".").map { String($0) }
    let depth = components.reversed().prefix { $0 == "base_layer" }.count
    components.removeLast(depth)
    let path = components.joined(separator: ".")
    let leaves = Set(
      config.targetParameters.compactMap { entry -> String? in
        guard let dot = entry.lastIndex(of: ".") else { return entry }
        let parent = entry[..<dot]
        return path == parent || path.hasSuffix("." + parent) ? String(entry[entry.index(after: dot)...]) : nil
      })
    let registered = leaves.sorted {
      (Self.registration($0), $0) < (Self.registration($1), $1)
    }
    guard depth < registered.count, let declared = UInt64(exactly: config.rank), declared > 0 else { return }
    module.name = path + "." + registered[registered.count - 1 - depth]
    module.kind = .parameter
    if module.rank % declared == 0 {
      module.experts = module.rank / declared
      module.rank = declared
    }
  }

  /// Order in which transformers' expert modules register their parameters.
  private static func registration(_ parameter: String) -> Int {
    ["gate_up_proj", "gate_proj", "w1", "up_proj", "w3", "down_proj", "w2"].firstIndex(of: parameter) ?? .max
  }
}
