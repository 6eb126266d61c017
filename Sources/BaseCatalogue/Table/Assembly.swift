import TensorCore

/// Writes the rows of a type of the table out for a configuration.
struct Assembly {
  private(set) var expansion: Expansion
  /// Spellings of the models inside by releases before 5.
  private(set) var olderTowers: [PathAlias] = []
  private let problems: Config.Problems
  private var blocks: [String: [Item]] = [:]
  /// Sizes that are the same in every layer, which need not be worked out for each.
  private var sameSizes: [Sizes: [FieldValue]] = [:]
  private var steps = 0

  /// The sizes of a leaf over the fields of a section.
  private struct Sizes: Hashable {
    let leaf: ObjectIdentifier
    let fields: ObjectIdentifier
  }

  init(_ expansion: Expansion, problems: Config.Problems) {
    self.expansion = expansion
    self.problems = problems
  }

  /// Where rows stand: paths in memory and in the checkpoint, and the numbers of the layers around.
  private struct Place {
    var memory: String
    var disk: String
    /// The part of both that belongs to a model around this one.
    var root: (memory: String, disk: String)
    var names: StoredNames.Node?
    var indices: [Int] = []

    /// The place of a component below, which may have another name in the checkpoint.
    func below(_ component: String, number: Int? = nil) -> Place {
      var place = self
      place.memory = joined(memory, component)
      if let number { place.indices.append(number) }
      place.names = names?.children[component] ?? (number == nil ? nil : names?.children["*"])
      if let stored = place.names?.names, stored.count == 1 {
        place.disk = joined(root.disk, place.filled(stored[0]))
      } else {
        // Mostly both paths are one text, which need not be made twice.
        place.disk = disk == memory ? place.memory : joined(disk, component)
      }
      return place
    }

    /// A name with the numbers of the layers for its stars.
    func filled(_ name: String) -> String {
      guard name.contains("*") else { return name }
      var numbers = indices[...]
      return name.split(separator: ".", omittingEmptySubsequences: false)
        .map { $0 == "*" ? numbers.popFirst().map { String($0) } ?? "*" : String($0) }
        .joined(separator: ".")
    }

    /// The path of a router, whose name in the checkpoint may be that of its weight alone.
    var router: Path {
      let weight = below("weight").disk
      let stored = weight.hasSuffix(".weight") ? String(weight.dropLast(7)) : weight
      return Path(stored, memory: memory == stored ? nil : memory)
    }

    var path: Path { Path(disk, memory: memory == disk ? nil : memory) }
  }

  /// Adds the rows of a class; a model inside another one keeps no prefix of its own in the checkpoint.
  mutating func add(_ type: TypeText.Class, _ fields: TypeFields) {
    let root = type.names.root
    var place = Place(memory: "", disk: "", root: ("", ""), names: root)
    if let stored = root.names?.first { place.disk = stored }
    // The body first: what shares the token embedding's weight must come after it.
    let body = type.rows.filter { $0.name == type.prefix }
    add(body + type.rows.filter { $0.name != type.prefix }, fields, place)
  }

  private mutating func add(_ rows: [Item], _ fields: TypeFields, _ place: Place) {
    for item in rows {
      if problems.first != nil { return }
      if let condition = item.condition, !condition.value(fields, place.indices).isTrue { continue }
      switch item.content {
      case .leaf(let leaf): add(leaf, fields, item.name.isEmpty ? place : place.below(item.name))
      case .model(let automatic, let section): addModel(automatic, section, fields, place.below(item.name))
      case .scope(let count, let section, let list):
        guard let inner = section.map({ fields.fields($0) }) ?? fields else { return }
        let rows = self.rows(of: list)
        let place = item.name.isEmpty ? place : place.below(item.name)
        if let count {
          let value = count.value(fields, place.indices)
          // A number that the configuration leaves out is none.
          if value != .null { add(rows, value.size, inner, place) }
        } else {
          add(rows, inner, place)
        }
      }
    }
  }

  private mutating func rows(of list: ItemList) -> [Item] {
    guard let block = list.block else { return list.items }
    if let known = blocks[block] { return known }
    let items = TypeTable.block(block)
    blocks[block] = items
    return items
  }

  private mutating func add(_ rows: [Item], _ count: Size, _ fields: TypeFields, _ place: Place) {
    guard let count = count.value else { return problems.report(.size(module: place.disk)) }
    let (sum, overflow) = steps.addingReportingOverflow(Int(clamping: count))
    guard !overflow, sum <= BaseDescription.moduleLimit else {
      return problems.report(.tooManyModules(limit: BaseDescription.moduleLimit))
    }
    steps = sum
    expansion.recordLayers(Size(exactly: count), place.path)
    for index in 0..<Int(count) {
      if problems.first != nil { return }
      add(rows, fields, place.below(String(index), number: index))
    }
  }

  private mutating func addModel(_ automatic: String, _ section: String, _ fields: TypeFields, _ place: Place) {
    guard let inner = fields.fields(section) else { return }
    guard let type = inner.type.classes.first(where: { $0.automatic.contains(automatic) }) else {
      return problems.report(.unknownModelType(inner.type.modelType))
    }
    inner.checkStrings()
    if let component = PathAlias.olderComponent(of: inner.type.modelType) {
      for path in [place.disk, place.memory] where !olderTowers.contains(where: { $0.canonical == path + "." }) {
        olderTowers.append(
          PathAlias(
            "\(path).\(component).", path + ".", origin: "version 4", isStored: path == place.disk,
            isReadByPEFT: path == place.memory))
      }
    }
    let names = type.names.root
    let root = (place.memory, place.disk)
    add(type.rows, inner, Place(memory: place.memory, disk: place.disk, root: root, names: names))
  }
}

extension Assembly {
  private mutating func add(_ leaf: Item.Leaf, _ fields: TypeFields, _ place: Place) {
    let values = values(leaf, fields, place)
    let sizes = values.map(\.size)
    func flag(_ position: Int) -> Bool { values.indices.contains(position) && values[position].isTrue }
    func size(_ position: Int) -> Size { sizes.indices.contains(position) ? sizes[position] : .invalid }
    let path = place.path
    switch leaf.kind {
    case .linear: add(linear(path, size(0), size(1), bias: flag(2)), leaf, place)
    case .transposedLinear: add(transposedLinear(path, size(0), size(1)), leaf, place)
    case .embedding: add(embedding(path, size(0), size(1)), leaf, place)
    case .convolution:
      let shape = leaf.stored.first.map { $0.map { $0.value(fields, place.indices).size } } ?? []
      add(grouped(path, size(0), size(1), shape, bias: flag(2)), leaf, place)
    case .stack: add(stack(path, size(0), size(2), size(1)), leaf, place)
    case .transposedStack: add(stack(path, size(0), size(1), size(2), transposed: true), leaf, place)
    case .router: add(router(place.router, size(0), size(1)), leaf, place)
    case .splitStack: addSplit(leaf, sizes, place)
    case .norm:
      let names = flag(1) ? ["weight", "bias"] : ["weight"]
      expansion.add(names.map { .tensor(place.below($0).path, [size(0)]) }, below: "")
    case .tensor where leaf.tiedTo == nil: expansion.add([.tensor(path, sizes)], below: "")
    case .buffer where leaf.tiedTo == nil: expansion.add([.buffer(path, sizes)], below: "")
    case .tensor, .buffer: break
    case .fusedLinear:
      let row = linear(Path(place.disk, memory: place.memory), size(0), size(1), bias: flag(2))
      if case .module(let row) = row { expansion.addFused(row, firstRow: size(3), in: place.disk, rows: size(4)) }
    case .storedLinear, .storedConvolution, .storedTensor: addStored(leaf, sizes, fields, place, hasBias: flag(2))
    }
  }

  private mutating func values(_ leaf: Item.Leaf, _ fields: TypeFields, _ place: Place) -> [FieldValue] {
    guard leaf.isSameInLayers else { return leaf.sizes.map { $0.value(fields, place.indices) } }
    let sizes = Sizes(leaf: ObjectIdentifier(leaf), fields: ObjectIdentifier(fields))
    if let known = sameSizes[sizes] { return known }
    let values = leaf.sizes.map { $0.value(fields) }
    sameSizes[sizes] = values
    return values
  }

  private mutating func add(_ row: Row, _ leaf: Item.Leaf, _ place: Place) {
    guard case .module(var module) = row else { return }
    module.isTokens = leaf.isTokens
    module.isTied = leaf.tiedTo != nil
    module.tiedTo = leaf.tiedTo.flatMap { $0.isEmpty ? nil : stored(place.filled($0.replacingNumbers), place) }
    expansion.add([.module(module)], below: "")
  }

  /// The name of a weight in the checkpoint, from its path in the same model in memory.
  private func stored(_ path: String, _ place: Place) -> String {
    joined(joined(place.root.disk, path), "weight")
  }

  /// A convolution whose weight need not be (out, in, kernel…): groups see fewer inputs.
  private func grouped(_ path: Path, _ input: Size, _ output: Size, _ shape: [Size], bias: Bool) -> Row {
    let kind: BaseModule.Kind = shape.count == 2 ? .conv1d : shape.count == 3 ? .conv2d : .conv3d
    return .module(
      ModuleRow(
        path: path, kind: kind, inFeatures: input, outFeatures: output, shape: [output] + shape, hasBias: bias))
  }

  private mutating func addSplit(_ leaf: Item.Leaf, _ sizes: [Size], _ place: Place) {
    guard sizes.count == 3, !leaf.parts.isEmpty else { return problems.report(.size(module: place.disk)) }
    let (memory, name) = place.memory.aroundLastDot
    let (disk, _) = place.disk.aroundLastDot
    expansion.add(
      [
        .split(
          StackRow(
            memory: name, parts: leaf.parts.map { "{e}.\($0)" }, experts: sizes[0], inFeatures: sizes[2],
            outFeatures: sizes[1] / Size(leaf.parts.count)))
      ], below: Path(disk, memory: memory))
  }

  /// A tensor whose form in the checkpoint is another one.
  private mutating func addStored(
    _ leaf: Item.Leaf, _ sizes: [Size], _ fields: TypeFields, _ place: Place, hasBias: Bool
  ) {
    var shapes = leaf.stored.map { $0.map { $0.value(fields, place.indices).size } }
    let own = leaf.kind == .storedConvolution ? shapes.removeFirst() : []
    let names = storedNames(place)
    guard names.count == shapes.count else { return problems.report(.size(module: place.disk)) }
    let path = Path(place.disk, memory: place.memory)
    let row =
      switch leaf.kind {
      case .storedTensor: nil as Row?
      case .storedConvolution: grouped(path, sizes[0], sizes[1], own, bias: hasBias)
      default: linear(path, sizes[0], sizes[1], bias: hasBias)
      }
    if case .module(let row)? = row { return expansion.addStored(row, names, shapes) }
    for (name, shape) in zip(names, shapes) {
      expansion.add([.tensor(Path(name, memory: place.memory), shape)], below: "")
    }
  }

  /// The names in the checkpoint of what a module or tensor is stored as; several are those of its weights.
  private func storedNames(_ place: Place) -> [String] {
    if let names = place.names?.names { return names.map { joined(place.root.disk, place.filled($0)) } }
    guard let weights = place.names?.children["weight"]?.names else { return [place.disk] }
    return weights.map { name in
      let stored = joined(place.root.disk, place.filled(name))
      return stored.hasSuffix(".weight") ? String(stored.dropLast(7)) : stored
    }
  }
}

extension String {
  fileprivate var aroundLastDot: (String, String) {
    guard let dot = lastIndex(of: ".") else { return ("", self) }
    return (String(self[..<dot]), String(self[index(after: dot)...]))
  }

  /// The table writes the numbers of layers as braces in names that it ties to.
  fileprivate var replacingNumbers: String {
    split(separator: "{}", omittingEmptySubsequences: false).joined(separator: "*")
  }
}

private func joined(_ left: String, _ right: String) -> String { Path.joined(left, right) }
