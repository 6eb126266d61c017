import BaseCatalogue
import LoRADeltas
import LoRAModel
import Safetensors
import TensorCore

/// Two models of one architecture, tensor beside tensor: what an adapter can hold of their difference, and how.
struct ModelComparison: Sendable {
  let base: ModelTensors
  let tuned: ModelTensors
  /// Modules that get factors, in natural order of their names.
  private(set) var modules: [ExtractModule] = []
  /// All other tensors of numbers.
  private(set) var wholes: [WholeTensor] = []
  /// Names in memory of all modules of the base that can be adapted.
  private(set) var baseModules: [String] = []

  private let names: LoadedTensorNames
  /// Tensors of the files that modules hold.
  private var taken: Set<String> = []

  init(base: ModelTensors, tuned: ModelTensors) throws(SurgeryError) {
    (self.base, self.tuned) = (base, tuned)
    names = LoadedTensorNames(base.model)
    try checkNames()
    addStacksOfSingles()
    addFused()
    for name in base.model.modules.keys.ordered(by: naturallyPrecedes) { add(name) }
    modules.sort { naturallyPrecedes($0.name, $1.name) }
    let containers = Self.containers(tuned.names)
    for name in tuned.names.ordered(by: naturallyPrecedes) where !taken.contains(name) { addWhole(name, containers) }
    orderStacks()
  }

  // MARK: Names and shapes

  /// Refuses models that do not have the same tensors.
  private func checkNames() throws(SurgeryError) {
    var refusals: [SurgeryRefusal] = []
    func refuse(_ name: String, _ reason: String) {
      refusals.append(SurgeryRefusal(tuned.model.path, subject: name, reason, hint: "is this the right base?"))
    }
    for name in base.names.ordered(by: naturallyPrecedes) {
      guard let source = base[name] else { continue }
      guard let other = tuned[name] else {
        if !Self.isBuffer(name, source) { refuse(name, "the tuned model has no such tensor, but the base does") }
        continue
      }
      if source.info.dtype.isFloat, !other.info.dtype.isFloat || !source.isReadable || !other.isReadable {
        refuse(
          name,
          "it is \(source.info.dtype.name) in the base and \(other.info.dtype.name) here, and only F64, F32, F16 and "
            + "BF16 are compared")
      } else if source.info.shape != other.info.shape, !hasOtherRows(name, source, other) {
        refuse(name, "it is \(other.info.shape), but the base's is \(source.info.shape)")
      }
    }
    guard refusals.isEmpty else { throw .refused(refusals) }
  }

  /// Whether only the number of tokens differs.
  private func hasOtherRows(_ name: String, _ one: TensorSource, _ other: TensorSource) -> Bool {
    guard let rows = base.model.vocabularySize, !one.info.shape.dimensions.isEmpty,
      one.info.shape.rank == other.info.shape.rank
    else { return false }
    let (here, there) = (one.info.shape.dimensions, other.info.shape.dimensions)
    return here[0] == rows && here.dropFirst() == there.dropFirst()
  }

  /// Whether a tensor holds nothing that is trained, so that files may lack it.
  private static func isBuffer(_ name: String, _ source: TensorSource) -> Bool {
    !source.info.dtype.isFloat || name.hasSuffix(".inv_freq") || name.hasSuffix(".masked_bias")
      || name.hasSuffix(".attn.bias") || name.hasSuffix(".position_ids")
  }

  /// Both tensors of a name where they have one shape.
  private func pair(_ name: String) -> (base: TensorSource, tuned: TensorSource)? {
    guard let one = base[name], let other = tuned[name], one.info.shape == other.info.shape, one.info.elementCount > 0,
      one.isReadable, other.isReadable
    else { return nil }
    return (one, other)
  }

  // MARK: Modules

  /// Experts that the files hold one by one and the library stacks.
  private mutating func addStacksOfSingles() {
    for (name, match) in base.model.expertStacks {
      guard let runtime = match.runtime, runtime.isSplitByExpert, !runtime.module.isTransposed else { continue }
      var matrices: [DeltaMatrix] = []
      var used: [String] = []
      for expert in 0..<match.module.experts {
        guard let matrix = stacked(runtime.parts(ofExpert: expert), &used) else { break }
        matrices.append(matrix)
      }
      guard UInt64(matrices.count) == match.module.experts, let dtype = used.first.flatMap({ tuned[$0]?.info.dtype }),
        matrices.allSatisfy({ $0.rows == matrices[0].rows && $0.columns == matrices[0].columns })
      else { continue }
      taken.formUnion(used)
      baseModules.append(name)
      modules.append(ExtractModule(name, .parameter, matrices, dtype: dtype))
    }
  }

  /// Layers that the library builds of several in the files, or several of one.
  private mutating func addFused() {
    for runtime in base.model.description?.runtimeModules ?? [] {
      guard runtime.module.kind == .linear, !runtime.isSplitByExpert, !runtime.module.isTransposed,
        !runtime.isReordered, runtime.firstRow != nil || runtime.parts.count > 1
      else { continue }
      var used: [String] = []
      guard let whole = stacked(runtime.parts, &used), let dtype = used.first.flatMap({ tuned[$0]?.info.dtype }) else {
        continue
      }
      var matrix = whole
      if let first = runtime.firstRow.flatMap({ Int(exactly: $0) }) {
        guard let part = whole.parts.first, let rows = Int(exactly: runtime.module.outFeatures), first >= 0, rows > 0,
          first <= part.rows, rows <= part.rows - first
        else { continue }
        matrix = DeltaMatrix(
          [DeltaMatrix.Part(base: part.base, tuned: part.tuned, start: first * whole.columns, rows: rows)],
          columns: whole.columns)
      }
      taken.formUnion(used)
      baseModules.append(runtime.module.name)
      modules.append(ExtractModule(runtime.module.name, .linear, [matrix], dtype: dtype))
    }
  }

  /// The matrices of some modules below each other; nil where one is missing or has another width.
  private func stacked(_ modules: [String], _ used: inout [String]) -> DeltaMatrix? {
    var parts: [DeltaMatrix.Part] = []
    var columns: Int?
    for name in modules {
      let name = name.hasSuffix(".weight") ? String(name.dropLast(7)) : name
      guard let module = base.model.modules[name], module.kind == .linear, !module.isTransposed, module.tiedTo == nil,
        let (one, other) = pair(module.weightName), one.info.shape.rank == 2
      else { return nil }
      let matrix = DeltaMatrix(one, other)
      if let columns, columns != matrix.columns { return nil }
      columns = matrix.columns
      parts += matrix.parts
      used.append(module.weightName)
    }
    return columns.map { DeltaMatrix(parts, columns: $0) }
  }

  private mutating func add(_ stored: String) {
    guard let module = base.model.modules[stored], module.tiedTo == nil, !taken.contains(module.weightName),
      let (one, other) = pair(module.weightName), canAdapt(module)
    else { return }
    let name = names.module(stored)
    let shape = one.info.shape
    let dtype = other.info.dtype
    var found: ExtractModule?
    switch module.kind {
    case .embedding:
      found = ExtractModule(name, .embedding, [DeltaMatrix(one, other)], dtype: dtype, rowsAreInputs: true)
    case .linear:
      found = ExtractModule(
        name, .linear, [DeltaMatrix(one, other)], dtype: dtype, rowsAreInputs: module.isTransposed)
    case .conv1d, .conv2d:
      found = ExtractModule(
        name, module.kind, [DeltaMatrix(one, other)], dtype: dtype, inputShape: Array(shape.dimensions.dropFirst()))
    case .parameter:
      let (rows, columns) = (Int(shape[1]), Int(shape[2]))
      let matrices = (0..<Int(shape[0])).map { expert in
        DeltaMatrix(
          [DeltaMatrix.Part(base: one, tuned: other, start: expert * rows * columns, rows: rows)], columns: columns)
      }
      found = ExtractModule(name, .parameter, matrices, dtype: dtype, rowsAreInputs: module.isTransposed)
    }
    guard let found else { return }
    taken.insert(module.weightName)
    baseModules.append(name)
    modules.append(found)
  }

  /// Most elements of a row that factors are computed for: a few rows must fit into memory.
  private static let widestRow: UInt64 = 1 << 20

  /// Whether PEFT can put factors on a module so that they mean the difference.
  private func canAdapt(_ module: LoRAModel.BaseModule) -> Bool {
    // A tensor that is several modules would get the factors of each.
    if !base.aliases(of: module.weightName).isEmpty { return false }
    let shape = module.shape
    guard shape.rank > 1, shape.dimensions.dropFirst().reduce(1, { $0 &* $1 }) <= Self.widestRow else { return false }
    switch module.kind {
    case .embedding: return shape.rank == 2
    case .linear:
      // torch's attention adapts three projections at once, and a router is no layer in every release.
      let isRouter = base.model.description?.routers.contains { $0.name == module.name + ".weight" } ?? false
      return shape.rank == 2 && !isRouter && !module.weightName.hasSuffix(".in_proj_weight")
    // One channel to a group means that the factors would be those of groups.
    case .conv1d, .conv2d: return shape.rank > 2 && shape[1] > 1
    case .parameter: return shape.rank == 3 && shape[0] > 1 && module.name.contains("experts")
    }
  }

  // MARK: Whole tensors

  /// Modules that hold other modules, which cannot be saved without them.
  private static func containers(_ names: some Sequence<String>) -> Set<String> {
    var found: Set<String> = []
    for name in names {
      var path = WholeTensor.owner(of: name)
      while path.contains(".") {
        path = WholeTensor.owner(of: path)
        guard found.insert(path).inserted else { break }
      }
    }
    return found
  }

  private mutating func addWhole(_ stored: String, _ containers: Set<String>) {
    guard let other = tuned[stored], other.info.dtype.isFloat, other.info.elementCount > 0 else { return }
    let matrices = pair(stored).map { DeltaMatrix.flat($0.base, $0.tuned) }
    var whole = WholeTensor(stored: stored, name: names.tensor(stored), tuned: other, matrices: matrices)
    whole.aliases = tuned.aliases(of: stored).filter { base.ties($0, to: stored) }.map { names.tensor($0) }
    let leaf = stored[(stored.lastIndex(of: ".").map { stored.index(after: $0) } ?? stored.startIndex)...]
    whole.isBare = leaf != "weight" && leaf != "bias" || containers.contains(WholeTensor.owner(of: stored))
    wholes.append(whole)
  }

  // MARK: Stacks

  /// Puts the stacks of one owner in the order in which the owner registers them.
  private mutating func orderStacks() {
    var owners: [String: [Int]] = [:]
    for (index, module) in modules.enumerated() where module.kind == .parameter {
      owners[module.owner, default: []].append(index)
    }
    for (owner, indices) in owners {
      let order = base.model.parameters(of: owner).map { names.module($0.module.name) }
      let sorted = indices.ordered { left, right in
        (order.firstIndex(of: modules[left].name) ?? .max, modules[left].name)
          < (order.firstIndex(of: modules[right].name) ?? .max, modules[right].name)
      }
      for (place, index) in sorted.enumerated() { modules[index].place = place }
    }
  }
}
