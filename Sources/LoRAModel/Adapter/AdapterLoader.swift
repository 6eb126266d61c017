import Diagnostics
package import JSON
import LoRAIO
public import Safetensors
import TensorCore

extension Adapter {
  /// Reads an adapter from a folder or a weights file: header and config, and of the data no more than the single
  /// numbers that hold an alpha.
  ///
  /// Never throws: whatever is wrong is among the `findings`, and everything that could be understood is kept.
  ///
  /// - Parameters:
  ///   - path: a folder, or a file of weights.
  ///   - unpacking: when a compressed file is unpacked.
  public static func load(_ path: String, unpacking: SafetensorsFile.Unpacking = .now) -> Adapter {
    let location = AdapterLocation(path)
    let examined = location.weights.map { SafetensorsFile.examine($0, unpacking: unpacking) }
    return read(
      path, weights: location.weights, file: examined?.file, isSound: examined?.isSound ?? false,
      config: location.config.map { AdapterConfig.read($0) }, findings: location.findings + (examined?.findings ?? []))
  }

  /// What an adapter would be whose file had these entries over the same data, and whose config these members.
  ///
  /// - Parameters:
  ///   - tensors: the entries; values are not looked at, but for alphas in the file.
  ///   - config: the members, or nil for no config.
  ///   - weights: the path that the weights are said to lie at; the config lies beside it.
  package func reread(_ tensors: [TensorInfo], config: JSONObject?, weights: String) -> Adapter {
    let configPath = Folder.join(Folder.parent(weights), AdapterLocation.configName)
    return Self.read(
      path, weights: weights, file: file?.viewed(as: tensors), isSound: file != nil,
      config: config.map { AdapterConfig.parse($0, path: configPath) }, findings: [])
  }

  private static func read(
    _ path: String, weights: String?, file: SafetensorsFile?, isSound: Bool, config: ConfigReading?,
    findings: [Finding]
  ) -> Adapter {
    var reading = config
    let scheme = file.flatMap {
      NamingSchemes.scheme(for: $0.header, hasPEFTConfig: reading?.raw?["peft_type"] != nil)
    }
    if scheme?.configUse == ConfigUse.none { reading = nil }
    var findings = findings + (reading?.findings ?? [])
    let tensors = file?.header.tensors ?? []
    var assembly = Assembly(tensors, scheme)
    let trainer = file.flatMap { OtherTrainer.of($0.header) }
    var scaling = scaling(scheme, reading, file, isSound: isSound, assembly.alphas, &findings)
    if trainer == .mistralFinetune, reading == nil, let weights,
      let scale = OtherTrainer.mistralScale(beside: weights)
    {
      scaling = .multiplier(scale.factor, rank: scale.rank)
    }
    var adapter = assembly.adapter(path: path, weightsPath: weights ?? path, reading, scaling)
    if let config = reading?.config, let exhaustion = scaling.exhaustion(config) {
      findings.append(exhaustion)
      reading?.config = nil
      assembly = Assembly(tensors, scheme)
      adapter = assembly.adapter(path: path, weightsPath: weights ?? path, reading, .unknown)
    }
    // torchtune's config does not know the field; its tensors do.
    if scheme?.configUse == .optional, adapter.modules.contains(where: { $0.magnitude != nil }) {
      adapter.config?.usesDoRA = true
    }
    adapter.trainer = trainer
    if let weights, adapter.foreignMethod == nil {
      if reading == nil, trainer == nil, scheme?.configUse == .required {
        findings.append(.missingConfig(beside: weights))
      }
      if reading?.mlx != nil, scheme?.format == .peft {
        findings.append(.foreignConfig(Folder.join(Folder.parent(weights), AdapterLocation.configName)))
      }
    }
    adapter.file = file
    adapter.findings = findings
    return adapter
  }

  /// Where the scales of these modules come from; what is wrong there is added to the findings.
  private static func scaling(
    _ scheme: (any NamingScheme)?, _ reading: ConfigReading?, _ file: SafetensorsFile?, isSound: Bool,
    _ alphas: [String: TensorInfo], _ findings: inout [Finding]
  ) -> ModuleScaling {
    if let config = reading?.config { return ModuleScaling(config) }
    if let mlx = reading?.mlx, scheme?.format == .mlx {
      return mlx.scale.map { .multiplier($0, rank: mlx.rank) } ?? .unknown
    }
    guard scheme?.configUse == ConfigUse.none, let file else { return .unknown }
    let (configs, problems) = DiffusersNaming.configs(in: file)
    findings += problems
    let parts = configs.mapValues {
      (matching: TargetMatching($0), usesRoot: $0.usesRankStabilizedScale)
    }
    guard isSound, !alphas.isEmpty else { return .file(parts: parts, alphas: [:]) }
    let read = AlphaValues(alphas, in: file)
    findings += read.findings
    return .file(parts: parts, alphas: read.values)
  }
}

extension Finding {
  fileprivate static func missingConfig(beside weights: String) -> Finding {
    Finding(
      .configMissing, "there is no adapter_config.json beside the weights, so rank, alpha and base are unknown",
      file: weights, expected: Folder.join(Folder.parent(weights), AdapterLocation.configName),
      found: "no such file",
      hint: "export with save_pretrained, which writes both files")
  }

  fileprivate static func foreignConfig(_ config: String) -> Finding {
    Finding(
      .configInvalid, "the config is one of MLX but the tensors have PEFT's names, so their scale is not known",
      file: config, expected: "\"peft_type\": \"LORA\"", found: "no peft_type",
      hint: "put the config that was saved with these weights beside them")
  }
}

/// Collects tensors into modules.
private struct Assembly {
  let scheme: (any NamingScheme)?
  /// The tensors that hold the alphas of modules, by module.
  private(set) var alphas: [String: TensorInfo] = [:]
  private var modules: [AdapterModule] = []
  /// Modules are filled in where they lie, for they are large.
  private var positions = ModulePositions()
  private var kinds = ModuleKinds()
  /// For each kind whether its names, in PEFT's plain form, need not be taken apart.
  private var arePlain: [Bool] = []
  private var replacements: [Replacement] = []
  private var misnamed: [MisnamedTensor] = []
  private var unknown: [TensorInfo] = []
  private var leftovers: [TensorInfo] = []
  private var variantParts: [String: [String: Int]] = [:]
  private var foreign: [String: Int] = [:]
  /// The last tensor that was the A of a module, with the module's position.
  private var latestA: (name: String, module: Int)?

  init(_ tensors: [TensorInfo], _ scheme: (any NamingScheme)?) {
    self.scheme = scheme
    modules.reserveCapacity(tensors.count / 2)
    LargePages.advise(roomOf: &modules)
    tensors.lendEach { add($0) }
    latestA = nil
  }

  /// Longest name that is looked at, in bytes: several times what the deepest models have, and short enough that work
  /// over pairs of its components stays small.
  private static let nameLimit = 4096

  private mutating func add(_ tensor: borrowing TensorInfo) {
    // In a file as PEFT writes it B follows its A, which spares half of the names from being taken apart.
    if let (name, module) = latestA, PEFTNaming.isFactorB(tensor.name, besides: name), modules[module].b == nil {
      modules[module].b = copy tensor
      return
    }
    guard tensor.name.utf8.count <= Self.nameLimit else { return unknown.append(copy tensor) }
    if scheme?.format == .peft, let (place, part) = PEFTNaming.factorPlace(in: tensor.name.utf8Span.span) {
      let kind = kinds.kind(of: tensor.name.utf8Span.span.extracting(place))
      while arePlain.count <= kind { arePlain.append(PEFTNaming.isPlain(kinds.first[arePlain.count].utf8Span.span)) }
      if arePlain[kind] {
        let position = add(tensor, part, to: PEFTNaming.text(place, of: tensor.name), kind)
        if part == .a { latestA = (tensor.name, position) }
        return
      }
    }
    let tensor = copy tensor
    guard let key = scheme?.read(tensor.name) else {
      if let method = ForeignMethods.method(of: tensor.name) { foreign[method, default: 0] += 1 }
      unknown.append(tensor)
      return
    }
    switch key.meaning {
    case .factor(let module, let part):
      let position = add(tensor, part, to: module)
      if part == .a, key.misnaming == nil, scheme?.format == .peft { latestA = (tensor.name, position) }
    case .replacement(let name, let role): replacements.append(Replacement(name: name, role: role, tensor: tensor))
    case .variant(let module, let part): variantParts[part, default: [:]][module, default: 0] += 1
    case .leftover: return leftovers.append(tensor)
    case .foreign(let method):
      foreign[method, default: 0] += 1
      unknown.append(tensor)
    case .alpha(let module):
      if alphas[module] == nil { alphas[module] = tensor } else { unknown.append(tensor) }
    case .unknown: unknown.append(tensor)
    }
    if let misnaming = key.misnaming, key.meaning != .unknown {
      misnamed.append(MisnamedTensor(tensor: tensor, problem: misnaming.problem, rightName: misnaming.rightName))
    }
  }

  /// Puts a tensor into its module, and gives the module's position.
  ///
  /// - Parameter kind: the kind of the name, if it was the last that was asked for.
  private mutating func add(_ tensor: borrowing TensorInfo, _ part: FactorPart, to name: String, _ kind: Int? = nil)
    -> Int
  {
    let position = positions.position(of: name, in: modules)
    if position == modules.count {
      modules.append(
        AdapterModule(
          name: name, kind: .linear, rank: 0, inFeatures: 0, outFeatures: 0, scale: 1, scaleSource: .assumed))
      modules[position].isTransposed = scheme?.storesTransposed ?? false
      if let kind { kinds.appendLast(kind) } else { kinds.append(name) }
    }
    // A second tensor for the same place (the name once with and once without a wrapper) has no meaning of its own.
    var isTaken = false
    func place(_ tensor: borrowing TensorInfo, _ slot: inout TensorInfo?) {
      if case .none = slot { slot = copy tensor } else { isTaken = true }
    }
    switch part {
    case .a: place(tensor, &modules[position].a)
    case .b: place(tensor, &modules[position].b)
    case .embeddingA:
      place(tensor, &modules[position].a)
      modules[position].kind = .embedding
    case .embeddingB:
      place(tensor, &modules[position].b)
      modules[position].kind = .embedding
    case .bBias: place(tensor, &modules[position].bBias)
    case .magnitude: place(tensor, &modules[position].magnitude)
    }
    if isTaken { unknown.append(copy tensor) }
    return position
  }

  /// The adapter with all that was collected, which is given away: copies of a hundred thousand tensors are large.
  mutating func adapter(path: String, weightsPath: String, _ reading: ConfigReading?, _ scaling: ModuleScaling)
    -> Adapter
  {
    let parameters = reading?.config.flatMap { ParameterTargets($0, scaling) }
    // As they stand in the file; what the parameters say may give modules other names.
    let written = parameters == nil && alphas.isEmpty ? [] : Set(modules.lazy.map(\.name))
    for position in modules.indices {
      Self.finish(&modules[position], alpha: alphas[modules[position].name])
      parameters?.resolve(&modules[position]) { written.contains($0) }
      scaling.apply(to: &modules[position])
    }
    // What the parameters say may have given modules other names.
    if parameters != nil { kinds = ModuleKinds(modules.map(\.name)) }
    let order = kinds.naturalOrder() ?? modules.indices.sorted { naturallyPrecedes(modules[$0].name, modules[$1].name) }
    modules.arrange(order)
    kinds.reorder(order)
    defer { modules = [] }
    removeCopies()
    let sorted = replacements.sorted { naturallyPrecedes($0.name, $1.name) }
    // An alpha without factors belongs to another method, or to nothing.
    let strays = alphas.filter { !written.contains($0.key) }.values.sorted { $0.name < $1.name }
    return Adapter(
      path: path, weightsPath: weightsPath, file: nil, config: reading?.config, rawConfig: reading?.raw,
      format: scheme?.format ?? .unknown, modules: modules, knownKinds: kinds,
      replacements: sorted, misnamed: misnamed,
      unknown: unknown + strays, leftovers: leftovers, variantParts: variantParts,
      foreignMethod: Self.declaredMethod(reading) ?? method,
      findings: [])
  }

  /// Takes out what PEFT wrote twice, as `X.weight` and below `X.modules_to_save`, when it saved a resized embedding that
  /// was trained as a whole, or the biases of all modules beside a saved one; it reads the first.
  private mutating func removeCopies() {
    let copies = Set(misnamed.lazy.map(\.tensor.name).filter { $0.mentions(".modules_to_save.") })
    if copies.isEmpty { return }
    let plain = Set(replacements.filter { !copies.contains($0.tensor.name) }.map(\.name))
    let removed = replacements.filter { copies.contains($0.tensor.name) && plain.contains($0.name) }.map(\.tensor)
    let names = Set(removed.map(\.name))
    leftovers += removed
    replacements.removeAll { names.contains($0.tensor.name) }
    misnamed.removeAll { names.contains($0.tensor.name) }
  }

  /// The other method that most tensors belong to.
  private var method: String? { foreign.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key }

  /// The other method that the config names.
  private static func declaredMethod(_ reading: ConfigReading?) -> String? {
    if reading?.mlx?.fineTuneType == "full" { return "FULL" }
    if let raw = reading?.raw, AdapterConfig.isOfAdapterHub(raw) { return "AdapterHub" }
    guard let type = reading?.raw?["peft_type"]?.string?.uppercased(), type != "LORA" else { return nil }
    return type
  }

  /// Sizes and rank of a module whose tensors are all collected.
  private static func finish(_ module: inout AdapterModule, alpha: TensorInfo?) {
    if let alpha { module.alphaTensor = alpha }
    if module.isTransposed ? module.a?.shape.rank == 3 || module.b?.shape.rank == 3 : module.keepsExpertsApart {
      module.stackOfExperts()
    } else {
      let (rankOfA, inputs) = sizes(module.a, rankFirst: !module.isTransposed)
      let (rankOfB, outputs) = sizes(module.b, rankFirst: module.isTransposed)
      module.rank = rankOfA ?? rankOfB ?? 0
      module.inFeatures = inputs ?? 0
      module.outFeatures = outputs ?? 0
      switch module.a?.shape.rank ?? module.b?.shape.rank {
      case 3?: module.kind = .conv1d
      // Convolutions over three axes go with those over two; only the flattened kernel differs.
      case 4?, 5?: module.kind = .conv2d
      default: break
      }
    }
  }

  /// Rank and the other size of a factor; nil for tensors that cannot be one.
  private static func sizes(_ tensor: TensorInfo?, rankFirst: Bool) -> (rank: UInt64?, other: UInt64?) {
    guard let tensor, tensor.shape.rank >= 2 else { return (nil, nil) }
    return rankFirst ? (tensor.shape[0], tensor.shape[1]) : (tensor.shape[1], tensor.shape[0])
  }
}

/// Finds modules by name while they are collected.
///
/// As long as their names ascend, as in files whose tensors are sorted, none is one of before and none is looked up.
private struct ModulePositions {
  /// All names, once one did not ascend.
  private var positions: [String: Int] = [:]

  /// The position of a name, or that of a module to be appended.
  mutating func position(of name: String, in modules: [AdapterModule]) -> Int {
    if positions.isEmpty {
      guard let last = modules.last?.name else { return 0 }
      if last < name { return modules.count }
      if last == name { return modules.count - 1 }
      positions.reserveCapacity(2 * modules.count)
      for (position, module) in modules.enumerated() { positions[module.name] = position }
    }
    // One search instead of two.
    func read(_ position: inout Int) -> Int { position }
    return read(&positions[name, default: modules.count])
  }
}

extension AdapterModule {
  /// Whether A and B are stacks with one matrix for each expert, which are told from the factors of a convolution by the
  /// last dimension of B, and where that is 1 by the name.
  fileprivate var keepsExpertsApart: Bool {
    guard let a = a?.shape, let b = b?.shape, a.rank == 3, b.rank == 3 else { return false }
    return a[0] == b[0] && a[1] == b[2] && (b[2] > 1 || name.contains("experts"))
  }

  /// Sizes of a stack of experts as MLX stores it: A `[experts, rank, in]`, B `[experts, out, rank]`.
  fileprivate mutating func stackOfExperts() {
    kind = .parameter
    isTransposed = false
    let a = a.flatMap { $0.shape.rank == 3 ? $0.shape : nil }
    let b = b.flatMap { $0.shape.rank == 3 ? $0.shape : nil }
    experts = a?[0] ?? b?[0] ?? 1
    rank = a?[1] ?? b?[2] ?? 0
    inFeatures = a?[2] ?? 0
    outFeatures = b?[1] ?? 0
  }
}
