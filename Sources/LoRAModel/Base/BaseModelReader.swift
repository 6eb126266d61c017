import BaseCatalogue
import Diagnostics
import JSON
import LoRAIO
package import QuantizedWeights
import RemoteFiles
import Safetensors
import TensorCore

extension BaseModel {
  /// Reads a base model: headers and config only, never tensor data.
  ///
  /// The path is a `config.json` under any name, a model folder, a safetensors file, an `*.index.json`, or the id of a
  /// repository (`org/name`, `org/name@revision`) in the local Hugging Face cache, or where one of them lies on a server
  /// for which a `RemoteStore` is installed. A config alone gives the modules
  /// through the catalogue; weights are described further by the `config.json` beside them.
  ///
  /// - Throws: `BaseModelError` when there is nothing to go by; what is merely wrong is in `findings`.
  public static func open(_ path: String) throws(BaseModelError) -> BaseModel {
    try open(path, cache: .standard)
  }

  /// The base model that the text of a `config.json` describes; `path` stands for it in messages.
  ///
  /// - Throws: `BaseModelError` when the text is no config, or one of a model that cannot exist.
  public static func described(by config: [UInt8], path: String) throws(BaseModelError) -> BaseModel {
    var reader = BaseModelReader(path: path, repository: nil)
    return try reader.describe(try BaseConfig.parse(config, path: path))
  }

  /// Ids of the repositories in the local Hugging Face cache, sorted.
  public static var cachedRepositories: [String] { HubCache.standard.repositories }

  /// The same base without quantisation: every weight that its files hold as codes is an F64 tensor of exact numbers,
  /// computed when it is read; nil when there is none.
  package func dequantized() -> BaseModel? {
    guard let quantized = quantizedWeights(), !quantized.weights.isEmpty else { return nil }
    var reader = BaseModelReader(path: path, repository: name)
    return reader.assemble(without: quantized, of: self)
  }

  /// The weights that the files hold as codes, looked for now if they were not when the base was opened.
  package func quantizedWeights() -> QuantizedCheckpoint? {
    quantized ?? checkpoint.flatMap { QuantizedCheckpoint($0, config: config) }
  }

  static func open(_ path: String, cache: HubCache) throws(BaseModelError) -> BaseModel {
    let found: FileKind?
    do throws(IOError) { found = try FileKind.leading(to: path) } catch { throw .unreadable(error) }
    guard let kind = found else {
      guard let (id, revision) = HubCache.repository(path) else { throw .notFound(path: path) }
      var reader = BaseModelReader(path: path, repository: id)
      return try reader.readFolder(
        try BaseModelError.finding(id) { () throws(HubCacheError) in try cache.snapshot(of: id, revision: revision) })
    }
    let repository = Folder.resolvedFolder(path).flatMap { HubCache.repository(holding: $0) }
    var reader = BaseModelReader(path: path, repository: HubCache.repository(holding: path) ?? repository)
    return kind == .folder ? try reader.readFolder(path) : try reader.readFile(path)
  }
}

extension Folder {
  /// A folder's path with links resolved; nil for anything else, since files of the cache are links out of it.
  fileprivate static func resolvedFolder(_ path: String) -> String? {
    FileKind(path: path) == .folder ? resolved(path) : nil
  }
}

/// Finds the parts of a base model and puts them together.
private struct BaseModelReader {
  let path: String
  let repository: String?
  private var findings: [Finding] = []

  init(path: String, repository: String?) {
    self.path = path
    self.repository = repository
  }

  // MARK: Finding the parts

  mutating func readFolder(_ folder: String) throws(BaseModelError) -> BaseModel {
    if FileKind(path: Folder.join(folder, "snapshots")) == .folder, Folder.lastComponent(folder).hasPrefix("models--") {
      let id = HubCache.repository(holding: Folder.join(folder, "snapshots/x")) ?? folder
      return try readFolder(
        try BaseModelError.finding(id) { () throws(HubCacheError) in
          try HubCache.snapshot(inRepository: folder, revision: "main")
        })
    }
    let weights = Checkpoint.examine(folder)
    return try assemble(weights, config: try sibling(in: folder, isNeeded: weights.checkpoint == nil))
  }

  mutating func readFile(_ file: String) throws(BaseModelError) -> BaseModel {
    if try !Self.isJSON(file) || file.hasSuffix(".index.json") || file.mentions(".safetensors.index.") {
      let weights = Checkpoint.examine(file)
      return try assemble(weights, config: try sibling(in: Folder.parent(file), isNeeded: false))
    }
    return try describe(try BaseConfig.read(file))
  }

  /// Whether a file starts as JSON text does; a safetensors file starts with eight bytes of length.
  private static func isJSON(_ file: String) throws(BaseModelError) -> Bool {
    if file.hasSuffix(".json") { return true }
    if file.hasSuffix(".safetensors") || file.hasSuffix(".zst") { return false }
    do throws(IOError) {
      let input = try InputFile(path: file)
      let head = try input.bytes(at: 0, count: Int(min(input.size, 64)))
      return head.first { $0 > 0x20 } == UInt8(ascii: "{") && !(head.count > 8 && head[8] == UInt8(ascii: "{"))
    } catch {
      throw .unreadable(error)
    }
  }

  /// The config.json in a folder; one that cannot be used is an error only where there is nothing else.
  private mutating func sibling(in folder: String, isNeeded: Bool) throws(BaseModelError) -> BaseConfig? {
    let path = Folder.join(folder, "config.json")
    guard FileKind(path: path) != nil else { return nil }
    do throws(BaseModelError) {
      return try BaseConfig.read(path)
    } catch {
      if isNeeded { throw error }
      // The parts of an image model have a config of another library, which says nothing about their names.
      if error.isOfDiffusers { return nil }
      findings.append(
        Finding(
          .configInvalid, "the base's config.json cannot be used: \(error.reason)", file: path,
          hint: "download it again"))
      return nil
    }
  }

  // MARK: Putting them together

  /// A model of which only the config is there.
  mutating func describe(_ config: BaseConfig) throws(BaseModelError) -> BaseModel {
    let description: BaseDescription?
    do throws(CatalogueError) {
      description = try Catalogue.describe(.object(config.object))
    } catch {
      guard error.isUnknownArchitecture || config.modelType == nil else {
        throw .config(path: config.path, reason: error.description, offset: nil)
      }
      description = nil
      findings.append(
        Finding(
          .baseUnknownArchitecture,
          "\(error.unknown(config.modelType)) and there are no weights, so names and shapes cannot be checked",
          file: config.path, found: config.modelType.map { escaped($0) },
          hint: "name the model's folder with its safetensors files instead"))
    }
    let index = Lazy { BaseModel.ModuleIndex(description.map { $0.modules(config) } ?? [:]) }
    return finish(
      config, description, nil, nil, index, vocabulary: description?.vocabularySize ?? config.vocabularySize,
      parameters: description?.parameters)
  }

  /// A model with weights, or a folder that turned out to have none.
  private mutating func assemble(_ weights: Checkpoint.Examined, config: BaseConfig?) throws(BaseModelError)
    -> BaseModel
  {
    guard let checkpoint = weights.checkpoint else {
      guard weights.isAbsent, let config else { throw .weights(weights.error) }
      // A config without weights is enough to check against; weights in another format are worth a word.
      findings += weights.findings.filter { $0.rule != .fileUnreadable }.map { finding in
        var finding = finding
        finding.severity = .warning
        return finding
      }
      return try describe(config)
    }
    findings += weights.findings
    let isComplete = weights.isSound && !weights.findings.contains { $0.rule == .shardMismatch }
    // States, maps and sizes of quantised weights lie among the data: on a server each costs a request, so that they are
    // asked for only where the numbers are.
    let quantized =
      RemotePath.isRemote(checkpoint.folder) ? nil : QuantizedCheckpoint(checkpoint, config: config?.object)
    return assemble(checkpoint, quantized, isComplete: isComplete, config)
  }

  /// The model that a quantised one is without quantisation.
  mutating func assemble(without quantized: QuantizedCheckpoint, of base: BaseModel) -> BaseModel {
    findings = base.findings.filter { $0.severity == .error }
    let config = base.config.map { config in
      var object = config
      for section in QuantizationConfig.sections { object[section] = nil }
      return BaseConfig(path: base.configPath ?? base.path, object: object)
    }
    return assemble(quantized.dequantized, nil, isComplete: false, config)
  }

  private mutating func assemble(
    _ checkpoint: Checkpoint, _ quantized: QuantizedCheckpoint?, isComplete: Bool, _ config: BaseConfig?
  ) -> BaseModel {
    var description: BaseDescription?
    if let config, config.modelType != nil {
      do throws(CatalogueError) {
        description = try Catalogue.describe(.object(config.object))
          .spelled(asInFilesThatHold: { checkpoint.tensors[$0] != nil })
      } catch {
        if !error.isUnknownArchitecture {
          findings.append(
            Finding(
              .baseConfigMismatch, "the config does not describe a model that could exist: \(error.description)",
              file: config.path, hint: "download config.json again"))
        }
      }
    }
    var table = BaseModuleTable(
      checkpoint: checkpoint, quantized: quantized, description: description, config: config, path: path)
    table.compare(isComplete: isComplete)
    findings += table.contradictions
    let tokens = table.modules.values.filter {
      $0.kind == .embedding && BaseModuleShape.isTokenEmbedding(BaseModuleShape.leaf($0.name))
    }
    let rows = tokens.min { ($0.name.utf8.count, $0.name) < ($1.name.utf8.count, $1.name) }?.shape[0]
    let hasCodes = table.modules.values.contains { $0.isQuantized }
    let index = Lazy { [modules = table.modules] in BaseModel.ModuleIndex(modules) }
    let stored = quantized?.problems.isEmpty == true ? quantized?.parameters : nil
    return finish(
      config, description, checkpoint, quantized, index, tied: table.tiedTensors,
      vocabulary: rows ?? description?.vocabularySize ?? config?.vocabularySize,
      parameters: hasCodes ? stored ?? description?.parameters ?? checkpoint.parameters : checkpoint.parameters)
  }

  private func finish(
    _ config: BaseConfig?, _ description: BaseDescription?, _ checkpoint: Checkpoint?,
    _ quantized: QuantizedCheckpoint?, _ index: Lazy<BaseModel.ModuleIndex>, tied: [TiedTensor] = [],
    vocabulary: UInt64?, parameters: UInt64?
  ) -> BaseModel {
    let memoryNames = MemoryNames(config)
    var storedNames: [String: String] = [:]
    if description == nil, !memoryNames.isPlain {
      for name in index.value.modules.keys {
        let inMemory = memoryNames.name(of: name)
        if inMemory != name { storedNames[inMemory] = name }
      }
    }
    let tiesByDefault =
      description.map { !$0.tiedModules.isEmpty } ?? index.value.modules.values.contains { $0.tiedTo != nil }
    return BaseModel(
      path: path, configPath: config?.path, config: config?.object, modelType: config?.modelType,
      name: repository ?? config?.name, checkpoint: checkpoint, description: description,
      parameters: parameters, vocabularySize: vocabulary,
      tiesEmbeddings: description == nil ? config?.tiesEmbeddings ?? tiesByDefault : tiesByDefault,
      tiedTensors: tied, isKnown: checkpoint != nil || description != nil, quantization: config?.quantization,
      quantized: quantized, findings: findings, memoryNames: memoryNames, storedNames: storedNames, index: index)
  }
}

extension BaseModelError {
  /// The cause without the path, for a finding that names it.
  fileprivate var reason: String {
    switch self {
    case .config(_, let reason, _): reason
    case .unreadable(let error): error.cause
    default: description
    }
  }
}

extension BaseModelError {
  /// Looks into the cache for a repository.
  fileprivate static func finding<Result>(_ repository: String, _ body: () throws(HubCacheError) -> Result)
    throws(BaseModelError) -> Result
  {
    do throws(HubCacheError) { return try body() } catch {
      switch error {
      case .notCached(let reason): throw .notCached(repository: repository, reason: reason)
      case .unreadable(let cause): throw .unreadable(cause)
      }
    }
  }

  fileprivate var isOfDiffusers: Bool {
    if case .config(_, BaseConfig.diffusersReason, _) = self { true } else { false }
  }
}

extension CatalogueError {
  fileprivate var isUnknownArchitecture: Bool {
    switch self {
    case .unknownModelType, .unknownValue: true
    default: false
    }
  }

  /// What is not known, as the subject of a sentence.
  fileprivate func unknown(_ modelType: String?) -> String {
    if case .unknownValue = self { return description }
    let name = modelType.map { "the model type \"\(escaped($0))\"" } ?? "a config without model_type"
    return "\(name) is not in the architecture catalogue"
  }
}

extension BaseDescription {
  /// The modules of a model of which only the config is there.
  fileprivate func modules(_ config: BaseConfig) -> [String: BaseModule] {
    let exempt = config.quantization.map { _ in config.unquantizedNames }
    var modules: [String: BaseModule] = [:]
    modules.reserveCapacity(Int(clamping: moduleCount))
    for module in self.modules + routers {
      let described = BaseModule(module, isQuantized: exempt.map { module.isQuantizable(except: $0) } ?? false)
      modules[described.name] = described
    }
    for attention in attentions { modules[attention.name] = attention }
    return modules
  }

  /// torch's attentions, of which the catalogue knows the tensors.
  var attentions: [BaseModule] { otherTensors.compactMap { BaseModule(attention: $0) } }
}

extension BaseModule {
  /// A module as the catalogue describes it.
  init(_ module: BaseCatalogue.BaseModule, isQuantized: Bool) {
    self.init(
      name: module.isRouter ? String(module.name.dropLast(7)) : module.name, kind: ModuleKind(of: module),
      inFeatures: module.inFeatures, outFeatures: module.outFeatures, shape: module.shape,
      isTransposed: module.isTransposed, hasBias: module.hasBias, weightName: module.tensor, weight: nil,
      tiedTo: module.tiedTo, isQuantized: isQuantized)
  }
}

extension BaseModule {
  /// torch's MultiheadAttention: one matrix for all three projections, which PEFT adapts under the module's own name.
  fileprivate init?(attention tensor: BaseTensor) {
    guard tensor.shape.rank == 2, tensor.name.hasSuffix(".in_proj_weight"),
      case .weight(let module) = BaseTensorName(tensor.name)
    else { return nil }
    self.init(
      name: module, kind: .linear, inFeatures: tensor.shape[1], outFeatures: tensor.shape[0], shape: tensor.shape,
      isTransposed: false, hasBias: true, weightName: tensor.name, weight: nil, tiedTo: nil, isQuantized: false)
  }
}

extension BaseCatalogue.BaseModule {
  /// Whether quantisation as libraries apply it reaches the module: linear layers and stacks, not the output head.
  fileprivate func isQuantizable(except names: [String]) -> Bool {
    guard kind == .linear || (kind == .parameter && shape.rank == 3), tiedTo == nil else { return false }
    let leaf = BaseModuleShape.leaf(name)
    if leaf == "lm_head" || leaf == "embed_out" { return false }
    return !names.contains { listed in
      listed == name || name.hasPrefix(listed + ".") || name.hasSuffix("." + listed)
        || name.contains("." + listed + ".")
    }
  }
}
