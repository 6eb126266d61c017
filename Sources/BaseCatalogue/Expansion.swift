import TensorCore

/// Writes the rows of an architecture out into full names and checked sizes.
struct Expansion {
  var description: BaseDescription
  private(set) var body = Body()
  private let problems: Config.Problems
  private var root: Path = ""

  init(modelType: String, className: String?, problems: Config.Problems) {
    description = BaseDescription(modelType: modelType, className: className)
    self.problems = problems
  }

  /// Adds the rows of the body, which stands at a path.
  mutating func addBody(_ rows: [Row], at path: Path) {
    root = path
    add(rows, below: path)
    root = ""
  }

  /// Adds rows below a path; stops at the first problem.
  ///
  /// The depth is that of the rows in the architecture.
  mutating func add(_ rows: [Row], below path: Path) {
    for row in rows {
      if problems.first != nil { return }
      switch row {
      case .module(let module): add(module, below: path)
      case .split(let stack): add(stack, below: path)
      case .fused(var row, let firstRow, let total, let isReordered):
        row.path = path / row.path
        addFused(row, firstRow: firstRow, in: row.path.disk, rows: total, isReordered: isReordered)
      case .tables(var row, let parts):
        row.path = path / row.path
        addTables(row, parts.map { ((path / $0.name).disk, $0.rows) })
      case .tensor(let name, let shape): add(shape, named: path / name, isParameter: true)
      case .buffer(let name, let shape): add(shape, named: path / name, isParameter: false)
      case .scope(let name, let rows): add(rows, below: path / name)
      case .repeated(let name, let count, let isLayers, let rows):
        add(rows, count, below: path / name)
        if isLayers { recordLayers(count, path / name) }
      }
    }
  }

  private mutating func add(_ rows: (Int) -> [Row], _ count: Size, below path: Path) {
    guard let count = count.value else { return problems.report(.size(module: path.disk)) }
    guard count <= UInt64(BaseDescription.moduleLimit) else { return tooMany() }
    for index in 0..<Int(count) {
      if problems.first != nil { return }
      add(rows(index), below: path / Path(stringLiteral: String(index)))
    }
  }

  mutating func recordLayers(_ count: Size, _ path: Path) {
    description.layerCounts[path.disk] = count.value
    if !path.isPlain { description.layerCounts[path.memory] = count.value }
  }

  private mutating func add(_ row: ModuleRow, below path: Path) {
    guard hasRoom(for: 1) else { return }
    let full = row.isRouter ? path / row.path / "weight" : path / row.path
    guard let input = row.inFeatures.value, let output = row.outFeatures.value, let shape = checked(row.shape) else {
      return problems.report(.size(module: full.disk))
    }
    // A tied module has no tensor of its own and so no name in the checkpoint: it goes by its name in memory.
    let shared = row.tiedTo.map { (root / Path($0, memory: nil)).disk } ?? body.tokens
    let module = BaseModule(
      name: row.isTied ? full.memory : full.disk, kind: row.kind, inFeatures: input, outFeatures: output, shape: shape,
      hasBias: row.hasBias, isTransposed: row.isTransposed, tiedTo: row.isTied ? shared : nil)
    if row.isRouter { description.routers.append(module) } else { description.add(module) }
    if !row.isTied { count(shape, of: full.disk) }
    if row.hasBias { count([output], of: full.disk) }
    if !full.isPlain, full.memory != full.disk {
      if row.isTied {
        description.aliases.append(PathAlias(full.disk, full.memory, origin: "untied checkpoints"))
      } else {
        description.runtimeModules.append(RuntimeModule(module: module.renamed(full.memory), parts: [full.disk]))
      }
    }
    if row.isTokens {
      body = Body(vocabulary: row.inFeatures, hidden: row.outFeatures, tokens: module.tensor)
      description.vocabularySize = input
      description.hiddenSize = output
    }
  }

  private mutating func add(_ stack: StackRow, below path: Path) {
    let name = path.memory.isEmpty ? stack.memory : path.memory + "." + stack.memory
    let parts = stack.parts.map { (path / Path(stringLiteral: $0)).disk }
    let rows = stack.outFeatures * Size(parts.count)
    guard let input = stack.inFeatures.value, let output = stack.outFeatures.value, let joined = rows.value,
      let shape = checked([stack.experts, rows, stack.inFeatures])
    else { return problems.report(.size(module: name)) }
    guard let total = (stack.experts * Size(parts.count)).value, hasRoom(for: total) else { return tooMany() }
    let whole = BaseModule(
      name: name, kind: .parameter, inFeatures: input, outFeatures: joined, shape: shape, hasBias: false,
      isTransposed: false, tiedTo: nil)
    description.runtimeModules.append(RuntimeModule(module: whole, parts: parts))
    count(shape, of: name)
    description.add(
      ExpertLayers(parts: parts.map { ExpertName($0) }, count: shape[0], inFeatures: input, outFeatures: output))
  }

  /// Adds a module in memory, whose path is the row's, that a checkpoint holds as tensors of other shapes.
  mutating func addStored(_ row: ModuleRow, _ names: [String], _ shapes: [[Size]]) {
    guard hasRoom(for: UInt64(names.count)), let module = inMemory(row) else { return }
    description.runtimeModules.append(RuntimeModule(module: module, parts: names))
    for (name, sizes) in zip(names, shapes) { addPart(name, sizes, of: module) }
  }

  /// Adds a linear layer in memory that a checkpoint holds as some rows of a matrix of `rows`.
  mutating func addFused(
    _ row: ModuleRow, firstRow: Size, in name: String, rows: Size, isReordered: Bool = false
  ) {
    guard hasRoom(for: 1), let module = inMemory(row) else { return }
    guard let first = firstRow.value else { return problems.report(.size(module: name)) }
    description.runtimeModules.append(
      RuntimeModule(module: module, parts: [name], firstRow: first, isReordered: isReordered))
    if first == 0 { addPart(name, [rows, row.inFeatures], of: module) }
  }

  /// Adds the embedding of the vocabulary, whose rows follow each other in tensors of a checkpoint.
  private mutating func addTables(_ row: ModuleRow, _ parts: [(name: String, rows: Size)]) {
    guard hasRoom(for: UInt64(parts.count)), let module = inMemory(row) else { return }
    description.runtimeModules.append(RuntimeModule(module: module, parts: parts.map(\.name)))
    for part in parts {
      guard let rows = part.rows.value, let shape = checked([part.rows, row.outFeatures]) else {
        return problems.report(.size(module: part.name))
      }
      description.add(
        BaseModule(
          name: part.name, kind: .parameter, inFeatures: module.outFeatures, outFeatures: rows, shape: shape,
          hasBias: false, isTransposed: false, tiedTo: nil))
    }
    body = Body(vocabulary: row.inFeatures, hidden: row.outFeatures, tokens: module.tensor)
    description.vocabularySize = module.inFeatures
    description.hiddenSize = module.outFeatures
  }

  private mutating func inMemory(_ row: ModuleRow) -> BaseModule? {
    let name = row.path.memory
    guard let input = row.inFeatures.value, let output = row.outFeatures.value, let shape = checked(row.shape) else {
      problems.report(.size(module: name))
      return nil
    }
    count(shape, of: name)
    if row.hasBias { count([output], of: name) }
    return BaseModule(
      name: name, kind: row.kind, inFeatures: input, outFeatures: output, shape: shape, hasBias: row.hasBias,
      isTransposed: false, tiedTo: nil)
  }

  private mutating func addPart(_ name: String, _ sizes: [Size], of module: BaseModule) {
    guard let shape = checked(sizes), shape.rank > 0 else { return problems.report(.size(module: name)) }
    description.add(
      BaseModule(
        name: name, kind: module.kind, inFeatures: shape.rank > 1 ? shape[1] : 1, outFeatures: shape[0], shape: shape,
        hasBias: module.hasBias, isTransposed: false, tiedTo: nil))
  }

  private mutating func add(_ sizes: [Size], named path: Path, isParameter: Bool) {
    guard hasRoom(for: 1) else { return }
    guard let shape = checked(sizes) else { return problems.report(.size(module: path.disk)) }
    description.otherTensors.append(BaseTensor(name: path.disk, shape: shape))
    if !path.isPlain, path.memory != path.disk { description.runtimeTensors[path.memory] = path.disk }
    if isParameter { count(shape, of: path.disk) }
  }

  private func checked(_ sizes: [Size]) -> Shape? {
    var shape = Shape()
    for size in sizes {
      guard let value = size.value else { return nil }
      shape.append(value)
    }
    return shape.elementCount == nil ? nil : shape
  }

  private mutating func count(_ shape: Shape, of name: String) {
    let (sum, overflow) = description.parameters.addingReportingOverflow(shape.elementCount ?? .max)
    if overflow { problems.report(.size(module: name)) }
    description.parameters = sum
  }

  private func hasRoom(for more: UInt64) -> Bool {
    let present = description.moduleCount + UInt64(description.otherTensors.count)
    if more <= UInt64(BaseDescription.moduleLimit) - present { return true }
    tooMany()
    return false
  }

  private func tooMany() { problems.report(.tooManyModules(limit: BaseDescription.moduleLimit)) }
}

extension BaseModule {
  /// The same under another name.
  func renamed(_ name: String) -> BaseModule {
    BaseModule(
      name: name, kind: kind, inFeatures: inFeatures, outFeatures: outFeatures, shape: shape, hasBias: hasBias,
      isTransposed: isTransposed, tiedTo: tiedTo)
  }
}
