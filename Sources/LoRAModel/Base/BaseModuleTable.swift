import BaseCatalogue
import Diagnostics
import JSON
import QuantizedWeights
import Safetensors
import TensorCore

/// Sorts the tensors of a checkpoint into modules: names and sizes from the files, kind and orientation from the
/// catalogue where it knows the module, else from `BaseModuleShape`.
struct BaseModuleTable {
  var modules: [String: BaseModule] = [:]
  /// Tensors that the library keeps as one with others.
  var tiedTensors: [TiedTensor] = []
  /// Where files and config contradict each other.
  private(set) var contradictions: [Finding] = []

  let checkpoint: Checkpoint
  private let quantized: QuantizedCheckpoint?
  let description: BaseDescription?
  let config: BaseConfig?
  private let shapes: BaseModuleShape
  private let path: String
  /// Modules with tensors beside them that only quantised weights have.
  private var companions: Set<String> = []
  /// Names by which the catalogue knows the modules found.
  var described: Set<String> = []
  /// Modules whose stored shape is not the one that the config gives.
  private var reshaped: [(module: String, expected: Shape, found: Shape)] = []

  init(
    checkpoint: Checkpoint, quantized: QuantizedCheckpoint?, description: BaseDescription?, config: BaseConfig?,
    path: String
  ) {
    self.checkpoint = checkpoint
    self.quantized = quantized
    self.description = description
    self.config = config
    self.path = path
    shapes = BaseModuleShape(
      modelType: config?.modelType,
      hiddenSize: description?.hiddenSize ?? config?.hiddenSize ?? Self.embeddingWidth(checkpoint),
      shapeOfAttention: checkpoint.tensors.first { $0.key.hasSuffix("c_attn.weight") }?.value.info.shape)
    collect()
    addTied()
  }

  /// Width of a token embedding among the tensors, which is the hidden size.
  private static func embeddingWidth(_ checkpoint: Checkpoint) -> UInt64? {
    for (name, entry) in checkpoint.tensors where entry.info.shape.rank == 2 {
      guard case .weight(let module) = BaseTensorName(name) else { continue }
      if BaseModuleShape.isTokenEmbedding(BaseModuleShape.leaf(module)) { return entry.info.shape[1] }
    }
    return nil
  }

  private mutating func collect() {
    var found: [(name: String, meaning: BaseTensorName)] = []
    found.reserveCapacity(checkpoint.tensors.count)
    modules.reserveCapacity(checkpoint.tensors.count)
    for name in checkpoint.tensors.keys {
      let meaning = BaseTensorName(name)
      switch meaning {
      case .companion(let owner): companions.insert(owner)
      case .bias, .buffer: break
      default: found.append((name, meaning))
      }
    }
    for (name, meaning) in found {
      guard let entry = checkpoint.tensors[name] else { continue }
      switch meaning {
      case .weight(let module): addModule(module, weightName: name, entry)
      case .packedWeight(let module): addModule(module, weightName: name, entry, isPacked: true)
      case .packedParameter(let parameter): addParameter(parameter, weightName: name, entry, isPacked: true)
      case .parameter: addParameter(name, weightName: name, entry, isPacked: false)
      case .companion, .bias, .buffer: break
      }
    }
  }

  // MARK: One weight

  private mutating func addModule(_ name: String, weightName: String, _ entry: Checkpoint.Entry, isPacked: Bool = false)
  {
    let shape = entry.info.shape
    let isQuantized = isPacked || companions.contains(name) || !entry.info.dtype.isPlainWeight
    // Stacks of experts may be called a module's weight in the files.
    let known = catalogued(name) ?? catalogued(weightName)
    guard let guess = known.map({ ModuleKind(of: $0) }) ?? shapes.kind(ofModule: name, shape) else { return }
    let hasBias =
      checkpoint.tensors[name + ".bias"] != nil || checkpoint.tensors[name + ".in_proj_bias"] != nil
      || checkpoint.tensors[name + ".base_layer.bias"] != nil
    if isQuantized {
      return add(quantized: name, kind: guess, known: known, weightName: weightName, entry, hasBias: hasBias)
    }
    let fits = BaseModuleShape.ranks(guess).contains(shape.rank)
    guard let kind = fits ? guess : shapes.kind(ofModule: name, shape) else { return }
    let isTransposed = fits ? known?.isTransposed ?? shapes.isTransposed(name, kind, shape) : false
    if let known { note(known, name: name, found: shape) }
    add(name, kind, shape, isTransposed: isTransposed, hasBias: hasBias, weightName: weightName, entry)
  }

  private mutating func addParameter(_ name: String, weightName: String, _ entry: Checkpoint.Entry, isPacked: Bool) {
    let shape = entry.info.shape
    let known = catalogued(name)
    if isPacked || companions.contains(name) || (known != nil && !entry.info.dtype.isPlainWeight) {
      guard shape.rank >= 2 else { return }
      return add(quantized: name, kind: .parameter, known: known, weightName: weightName, entry, hasBias: false)
    }
    guard (2...3).contains(shape.rank), entry.info.dtype.isPlainWeight else { return }
    let isTransposed = known?.isTransposed ?? shapes.isTransposed(name, .parameter, shape)
    if let known { note(known, name: name, found: shape) }
    let hasBias = checkpoint.tensors[name + "_bias"] != nil
    add(name, .parameter, shape, isTransposed: isTransposed, hasBias: hasBias, weightName: weightName, entry)
  }

  private mutating func add(
    _ name: String, _ kind: ModuleKind, _ shape: Shape, isTransposed: Bool, hasBias: Bool, weightName: String,
    _ entry: Checkpoint.Entry
  ) {
    let (input, output) = BaseModuleShape.features(kind, shape, isTransposed: isTransposed)
    modules[name] = BaseModule(
      name: name, kind: kind, inFeatures: input, outFeatures: output, shape: shape, isTransposed: isTransposed,
      hasBias: hasBias, weightName: weightName, weight: entry, tiedTo: nil, isQuantized: false)
  }

  /// A quantised weight.
  ///
  /// Where its format is not known, packed storage says little, so the sizes are the catalogue's; 8-bit types keep the
  /// shape.
  private mutating func add(
    quantized name: String, kind: ModuleKind, known: BaseCatalogue.BaseModule?, weightName: String,
    _ entry: Checkpoint.Entry, hasBias: Bool
  ) {
    let isTransposed = known?.isTransposed ?? false
    if let weight = quantized?.weights[name + ".weight"] ?? quantized?.weights[name],
      BaseModuleShape.ranks(kind).contains(weight.shape.rank)
    {
      let isTransposed = known?.isTransposed ?? weight.isInputFirst
      if let known { note(known, name: name, found: weight.shape) }
      let (input, output) = BaseModuleShape.features(kind, weight.shape, isTransposed: isTransposed)
      modules[name] = BaseModule(
        name: name, kind: kind, inFeatures: input, outFeatures: output, shape: weight.shape, isTransposed: isTransposed,
        hasBias: hasBias, weightName: weightName, weight: entry, tiedTo: nil, isQuantized: true)
      return
    }
    let shape = entry.info.shape
    let keepsShape = entry.info.dtype.bits == 8 && BaseModuleShape.ranks(kind).contains(shape.rank) && isWhole(entry)
    let stored = keepsShape ? BaseModuleShape.features(kind, shape, isTransposed: isTransposed) : (0, 0)
    let (input, output) = known.map { ($0.inFeatures, $0.outFeatures) } ?? stored
    modules[name] = BaseModule(
      name: name, kind: kind, inFeatures: input, outFeatures: output, shape: shape, isTransposed: isTransposed,
      hasBias: hasBias, weightName: weightName, weight: entry, tiedTo: nil, isQuantized: true)
  }

  /// Whether each byte is one element: an 8-bit float, or an integer that is not two packed 4-bit numbers.
  private func isWhole(_ entry: Checkpoint.Entry) -> Bool { entry.info.dtype.isFloat || entry.info.dtype == .i8 }

  /// What the catalogue says about a module in the files, which may be spelled otherwise there.
  private mutating func catalogued(_ name: String) -> BaseCatalogue.BaseModule? {
    guard let match = description?.match(name), match.runtime == nil else { return nil }
    described.insert(match.module.name)
    return match.module
  }

  private mutating func note(_ known: BaseCatalogue.BaseModule, name: String, found: Shape) {
    if known.shape != found { reshaped.append((name, known.shape, found)) }
  }

  // MARK: Files against config

  /// Compares what was found with what the config describes; `isComplete` when the files are known to be all there.
  mutating func compare(isComplete: Bool) {
    guard let description, let config else { return }
    if !reshaped.isEmpty {
      let ordered = reshaped.sorted { naturallyPrecedes($0.module, $1.module) }
      let first = ordered[0]
      let others = ordered.count > 1 ? " and so are \(ordered.count - 1) more" : ""
      contradict(
        "the weight of \(escaped(first.module)) is stored with another shape than the config gives it\(others); the "
          + "files are believed", config, module: first.module, expected: "\(first.expected)", found: "\(first.found)")
    }
    guard isComplete else { return }
    let known = description.modules + description.routers
    let missing = known.filter { !described.contains($0.name) }.map(\.name)
    if !missing.isEmpty {
      let ordered = missing.sorted(by: naturallyPrecedes)
      contradict(
        "\(missing.count) of the modules that the config describes are not in the files, \(escaped(ordered[0])) among "
          + "them", config, module: ordered[0], expected: "\(known.count) modules",
        found: "\(known.count - missing.count)")
    }
    compareLayers(description, config)
  }

  private mutating func compareLayers(_ description: BaseDescription, _ config: BaseConfig) {
    var beyond: (module: String, list: String, index: UInt64)?
    for name in modules.keys {
      guard let (list, index) = BaseNames.layer(of: name), let count = description.layerCounts[String(list)],
        index >= count, index - count >= config.predictionLayers
      else { continue }
      if let beyond, (beyond.index, beyond.module) >= (index, name) { continue }
      beyond = (name, String(list), index)
    }
    guard let beyond, let count = description.layerCounts[beyond.list] else { return }
    contradict(
      "the files hold more layers in \(escaped(beyond.list)) than the config describes; loaders ignore the others",
      config, module: beyond.module, expected: "\(count) layers", found: "layer \(beyond.index)")
  }

  private mutating func contradict(
    _ message: String, _ config: BaseConfig, module: String, expected: String, found: String
  ) {
    contradictions.append(
      Finding(
        .baseConfigMismatch, message, file: config.path, module: module, expected: expected, found: found,
        hint: "check that config.json and the weights belong to the same model"))
  }
}
