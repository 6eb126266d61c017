import Diagnostics
import JSON
import LoRAEngines
import LoRAIO
public import LoRAModel
import Safetensors
import TensorCore

import struct BaseCatalogue.RuntimeModule

extension PackingPlan {
  /// How `adapter` fills a slot of `layout`.
  ///
  /// Nothing is read but the header. Every shape is compared with the base's, so that a plan never reads or writes
  /// outside its tensors and its slot.
  /// - Throws: `PackingError` for adapters that the slot has no place for: a rank beyond the slot's, modules without
  ///   slot, shapes of another base, anything but plain LoRA factors.
  public init(_ adapter: Adapter, base: BaseModel, layout: SlotLayout) throws(PackingError) {
    var planner = PackingPlanner(adapter: adapter, base: base, layout: layout)
    try planner.collect()
    try planner.writeBlocks()
    self.init(
      blocks: planner.blocks, stages: planner.stages, sourceBytes: planner.sourceBytes, liveBytes: planner.liveBytes)
  }
}

/// One factor pair of the adapter, as far as a slice of one matrix takes it.
struct SliceFactors {
  let rank: UInt64
  let a: PackingSource
  let b: PackingSource
}

/// Makes the plan: first what the adapter has for which slice, then block after block.
struct PackingPlanner {
  /// A slice of one expert of one module.
  struct Key: Hashable {
    var module: Int
    var slice: Int
    var expert: UInt64
  }

  let adapter: Adapter
  let base: BaseModel
  let layout: SlotLayout
  private(set) var factors: [Key: SliceFactors] = [:]
  private var filled: Set<Int> = []
  private(set) var blocks: [PackingBlock] = []
  private(set) var stages: [PackingStage] = []
  private(set) var liveBytes: UInt64 = 0
  private(set) var sourceBytes: UInt64 = 0

  init(adapter: Adapter, base: BaseModel, layout: SlotLayout) {
    self.adapter = adapter
    self.base = base
    self.layout = layout
  }

  func refusal(_ subject: String? = nil, _ reason: String, hint: String? = nil) -> PackingError {
    PackingError(adapter.path, subject, reason, hint: hint)
  }

  // MARK: What the adapter has

  mutating func collect() throws(PackingError) {
    guard let file = adapter.file else { throw refusal(nil, "it has no weights that can be read") }
    if let error = adapter.findings.first(where: { $0.severity == .error }) {
      throw refusal(error.tensor, error.message, hint: error.hint)
    }
    if let method = adapter.foreignMethod { throw refusal(nil, "it is a \(escaped(method)) adapter, not LoRA") }
    if let tensor = adapter.unknown.first {
      throw refusal(tensor.name, "nothing is known of this tensor, so it would be left out")
    }
    if let whole = adapter.replacements.first(where: { $0.role != .adaptedBase }) {
      throw refusal(whole.tensor.name, "a slot has no place for whole tensors of the base")
    }
    sourceBytes = file.contents.size >= file.header.dataStart ? file.contents.size - file.header.dataStart : 0
    for module in adapter.modules { try collect(module) }
    if factors.isEmpty { throw refusal(nil, "it has no LoRA factors") }
  }

  private mutating func collect(_ module: AdapterModule) throws(PackingError) {
    let pair = try pair(module)
    guard module.bBias == nil else { throw refusal(module.name, "a slot has no place for a bias of B") }
    guard module.magnitude == nil else { throw refusal(module.name, "it is DoRA, which slots cannot hold") }
    guard Float(pair.scale).isFinite else {
      throw refusal(module.name, "its scale \(pair.scale) is not a finite number in f32")
    }
    for tensor in [pair.a.tensor, pair.b.tensor] { try check(tensor) }
    guard let match = base.match(module.name) else {
      let closest = base.closest(to: module.name).map { "the closest name is \(escaped($0))" }
      throw refusal(module.name, "the base has no such module", hint: closest)
    }
    guard let place = place(of: match) else {
      let reason = layout.absence(of: match.module.name, base)
      throw refusal(
        module.name, "the engine keeps no slot for this module: it is \(reason.rawValue)",
        hint: [.notTargeted, .notListed].contains(reason)
          ? "add it to --target-modules, or train without it" : "train without it")
    }
    try collect(module, pair, place)
  }

  private func pair(_ module: AdapterModule) throws(PackingError) -> LoRAPair {
    do throws(LoRAPairProblem) {
      return try adapter.pair(of: module)
    } catch {
      throw refusal(module.name, "\(error)", hint: error.hint)
    }
  }

  private func check(_ tensor: TensorInfo) throws(PackingError) {
    guard tensor.dtype.bits % 8 == 0 else {
      throw refusal(tensor.name, "factors of type \(tensor.dtype.name) are not loaded")
    }
    guard tensor.end <= sourceBytes else {
      throw refusal(tensor.name, "the tensor \(tensor.shape) is beyond the end of the file")
    }
  }

  /// Where a module of the base lies in the engine, piece by piece where the files hold it in pieces.
  func place(of match: ModuleMatch) -> EnginePlace? {
    let places = layout.engine.places
    if let place = places[match.module.name] { return place }
    guard let runtime = match.runtime, runtime.firstRow == nil else { return nil }
    if let place = places[runtime.module.name] { return place }
    let isSplit = runtime.isSplitByExpert
    var targets: [(slice: Int, firstRow: UInt64)] = []
    var module: Int?
    var row: UInt64 = 0
    for part in isSplit ? runtime.parts(ofExpert: 0) : runtime.parts {
      guard let place = places[part], module == nil || module == place.module, let size = base.modules[part] else {
        return nil
      }
      module = place.module
      targets += place.targets.map { ($0.slice, $0.firstRow + row) }
      row += size.outFeatures
    }
    return module.map { EnginePlace(module: $0, targets: targets, expert: nil) }
  }

  private mutating func collect(_ module: AdapterModule, _ pair: LoRAPair, _ place: EnginePlace) throws(PackingError) {
    let (a, b) = (pair.a.tensor, pair.b.tensor)
    guard module.kind != .conv1d, module.kind != .conv2d else {
      throw refusal(module.name, "its factors \(a.shape) and \(b.shape) are no matrices")
    }
    let experts = module.kind == .parameter ? layout.engine.modules[place.module].experts : 1
    guard pair.experts == experts, module.kind != .parameter || place.expert == nil else {
      throw refusal(
        module.name, "its factors \(a.shape) and \(b.shape) are not those of \(experts) experts of one rank")
    }
    try checkRank(pair.rank, module, place)
    try checkSizes(module, input: pair.a.count, output: pair.b.count, place)
    let (sizeOfA, sizeOfB) = (a.dtype.bits / 8, b.dtype.bits / 8)
    for expert in 0..<experts {
      // Both products are at most the size of a tensor in the file.
      let down = PackingSource(
        start: a.begin + expert * pair.a.expertStride * sizeOfA, dtype: a.dtype, rows: pair.rank,
        columns: pair.a.count, rowStride: pair.a.rankStride, columnStride: pair.a.stride)
      let up = PackingSource(
        start: b.begin + expert * pair.b.expertStride * sizeOfB, dtype: b.dtype, rows: pair.b.count,
        columns: pair.rank, rowStride: pair.b.stride, columnStride: pair.b.rankStride, scale: scale(pair, place))
      try store(module, SliceFactors(rank: pair.rank, a: down, b: up), place, expert: place.expert ?? expert)
    }
  }

  private func checkRank(_ rank: UInt64, _ module: AdapterModule, _ place: EnginePlace) throws(PackingError) {
    guard rank <= layout.options.rank else {
      throw refusal(
        module.name, "its rank \(rank) is larger than the slots' rank \(layout.options.rank)",
        hint: "pack with --max-lora-rank \(rank) or more")
    }
    // Experts of a fully sharded layout share the adapter's rank, everything else the slot's.
    if layout.options.isFullySharded, layout.engine.modules[place.module].isStack,
      rank % layout.options.tensorParallel != 0
    {
      throw refusal(
        module.name, "its rank \(rank) cannot be shared by \(layout.options.tensorParallel) devices",
        hint: "pack without --fully-sharded")
    }
  }

  private func checkSizes(_ module: AdapterModule, input: UInt64, output: UInt64, _ place: EnginePlace)
    throws(PackingError)
  {
    let slices = layout.engine.modules[place.module].slices
    let last = place.targets.last
    let (rows, overflow) = last.map { slices[$0.slice].output.addingReportingOverflow($0.firstRow) } ?? (0, true)
    guard let first = place.targets.first, !overflow, slices[first.slice].input == input, rows == output else {
      let wanted = place.targets.first.map { slices[$0.slice].input } ?? 0
      throw refusal(
        module.name, "its factors are for in \(input), out \(output), the base's module has in \(wanted), out \(rows)",
        hint: "the adapter was trained on another model")
    }
  }

  /// What is folded into B: nothing in SGLang, whose kernels scale dense modules themselves.
  private func scale(_ pair: LoRAPair, _ place: EnginePlace) -> Float {
    if layout.options.scheme.keepsScales, layout.engine.modules[place.module].experts == 1 { return 1 }
    return Float(pair.scale)
  }

  private mutating func store(_ module: AdapterModule, _ pair: SliceFactors, _ place: EnginePlace, expert: UInt64)
    throws(PackingError)
  {
    for target in place.targets {
      let size = pair.b.dtype.bits / 8
      let rows = layout.engine.modules[place.module].slices[target.slice].output
      var up = pair.b
      // The row exists: all targets together have as many rows as B.
      up.start += target.firstRow * up.rowStride * size
      up.rows = rows
      let key = Key(module: place.module, slice: target.slice, expert: expert)
      guard factors.updateValue(SliceFactors(rank: pair.rank, a: pair.a, b: up), forKey: key) == nil else {
        throw refusal(module.name, "another module of the adapter goes to the same place")
      }
      filled.insert(place.module)
    }
  }

  // MARK: Blocks

  mutating func writeBlocks() throws(PackingError) {
    var first = 0
    var sources: [Range<UInt64>] = []
    for (position, module) in layout.modules.enumerated() {
      for buffer in module.buffers { try write(buffer, isFilled: filled.contains(position)) }
      let isLast = position + 1 == layout.modules.count || layout.modules[position + 1].stage != module.stage
      guard isLast else { continue }
      for block in blocks[first...] { if let source = block.source { sources.append(source.bytes) } }
      stages.append(PackingStage(blocks: first..<blocks.count, sources: Self.merged(sources)))
      first = blocks.count
      sources.removeAll()
    }
  }

  private mutating func write(_ buffer: Int, isFilled: Bool) throws(PackingError) {
    let recipe = layout.recipes[buffer]
    let elements = recipe.matrices * recipe.rows * recipe.columns
    guard isFilled else { return zero(buffer, start: 0, elements: elements) }
    for matrix in 0..<recipe.matrices {
      let start = matrix * recipe.rows * recipe.columns
      switch layout.buffers[buffer].factor {
      case .a: try writeA(buffer, recipe, expert: matrix, start: start)
      case .b: try writeB(buffer, recipe, expert: matrix, start: start)
      }
    }
  }

  private mutating func writeA(_ buffer: Int, _ recipe: SlotLayoutInput, expert: UInt64, start: UInt64)
    throws(PackingError)
  {
    let slices = Array(recipe.slices)
    let pairs = slices.map { factors[Key(module: recipe.module, slice: $0, expert: expert)] }
    guard slices.count > 1 else {
      return write(
        buffer, start: start, rows: recipe.rows, columns: recipe.columns,
        pairs[0].flatMap { Self.part(ofA: $0, recipe) })
    }
    // Several slices in one buffer: experts at the slot's rank, everything else tight at the adapter's rank, as the
    // kernels find them.
    let height = recipe.rows / UInt64(slices.count)
    let ranks = Set(pairs.compactMap { $0?.rank })
    guard ranks.count <= 1 else {
      throw refusal(
        layout.buffers[buffer].module, "its parts have ranks \(ranks.ordered()), and SGLang takes one for all of them")
    }
    let step = recipe.matrices > 1 ? height : ranks.first ?? height
    for (position, pair) in pairs.enumerated() {
      let isLast = position + 1 == pairs.count
      let first = UInt64(position) * step
      write(
        buffer, start: start + first * recipe.columns, rows: isLast ? recipe.rows - first : step,
        columns: recipe.columns, pair.flatMap { Self.part(ofA: $0, recipe) })
    }
  }

  private mutating func writeB(_ buffer: Int, _ recipe: SlotLayoutInput, expert: UInt64, start: UInt64)
    throws(PackingError)
  {
    var start = start
    for (position, slice) in recipe.slices.enumerated() {
      let pair = factors[Key(module: recipe.module, slice: slice, expert: expert)]
      for run in recipe.outputs[position] {
        let rows = UInt64(run.count)
        var source = pair?.b
        source?.dropRows(run.lowerBound)
        source?.rows = rows
        write(buffer, start: start, rows: rows, columns: recipe.columns, source)
        start += rows * recipe.columns
      }
    }
  }

  /// This device's part of A, or nil when it has no rank of it.
  private static func part(ofA pair: SliceFactors, _ recipe: SlotLayoutInput) -> PackingSource? {
    var source = pair.a
    guard recipe.ranks.lowerBound < source.rows else { return nil }
    source.dropRows(recipe.ranks.lowerBound)
    source.rows = min(source.rows, UInt64(recipe.ranks.count))
    source.dropColumns(recipe.inputs.lowerBound)
    source.columns = UInt64(recipe.inputs.count)
    return recipe.isTransposed ? source.transposed : source
  }

  private mutating func write(
    _ buffer: Int, start: UInt64, rows: UInt64, columns: UInt64, _ source: PackingSource?
  ) {
    guard let source else { return zero(buffer, start: start, elements: rows * columns) }
    blocks.append(PackingBlock(buffer: buffer, start: start, rows: rows, columns: columns, source: source))
    liveBytes += source.rows * source.columns * (layout.dtype.bits / 8)
  }

  private mutating func zero(_ buffer: Int, start: UInt64, elements: UInt64) {
    guard elements > 0 else { return }
    if let last = blocks.last, last.buffer == buffer, last.source == nil, last.start + last.columns == start,
      last.rows == 1
    {
      blocks[blocks.count - 1].columns += elements
      return
    }
    blocks.append(PackingBlock(buffer: buffer, start: start, rows: 1, columns: elements, source: nil))
  }

  /// Ascending ranges without gaps or overlaps between them.
  static func merged(_ ranges: [Range<UInt64>]) -> [Range<UInt64>] {
    var result: [Range<UInt64>] = []
    for range in ranges.ordered(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = result.last, range.lowerBound <= last.upperBound {
        result[result.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        result.append(range)
      }
    }
    return result
  }
}

extension PackingSource {
  /// Bytes from the first to the last element.
  public var bytes: Range<UInt64> {
    let size = dtype.bits / 8
    guard rows > 0, columns > 0 else { return start..<start }
    return start..<start + ((rows - 1) * rowStride + (columns - 1) * columnStride + 1) * size
  }

  /// Rows and columns exchanged.
  var transposed: PackingSource {
    var other = self
    (other.rows, other.columns) = (columns, rows)
    (other.rowStride, other.columnStride) = (columnStride, rowStride)
    return other
  }

  mutating func dropRows(_ count: UInt64) {
    start += count * rowStride * (dtype.bits / 8)
    rows -= min(count, rows)
  }

  mutating func dropColumns(_ count: UInt64) {
    start += count * columnStride * (dtype.bits / 8)
    columns -= min(count, columns)
  }
}
