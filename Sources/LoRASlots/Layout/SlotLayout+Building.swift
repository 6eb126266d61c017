public import LoRAEngines
public import LoRAModel
import TensorCore

extension SlotLayout {
  /// The buffers that an engine keeps for a base; nothing is allocated.
  ///
  /// - Throws: `SlotLayoutError` for a base without modules or with unknown sizes, for sizes that the devices cannot
  ///   share, and for options that make no sense.
  public init(of base: BaseModel, _ options: SlotOptions) throws(SlotLayoutError) {
    guard options.slots > 0, options.slots < 1 << 24 else {
      throw .option("the number of slots must be 1 to 16,777,215")
    }
    guard options.rank > 0, options.rank <= 1 << 20 else { throw .option("the rank must be 1 to 1,048,576") }
    guard [.f32, .f16, .bf16].contains(options.dtype) else {
      throw .option("slots hold F32, F16 or BF16, not \(options.dtype.name)")
    }
    if !options.scheme.canSplitFully, options.isFullySharded {
      throw .option("\(options.scheme.rawValue) does not split the factors further than tensor parallelism does")
    }
    let engine = try EngineModules(
      base, traits: options.scheme.traits(of: base), targetModules: options.targetModules)
    var builder = SlotLayoutBuilder(options: options, shard: try TensorShard(options), engine: engine)
    try builder.build()
    self.init(
      options: options, modules: builder.modules, buffers: builder.buffers, stageCount: builder.stageCount,
      slotBytes: builder.slotBytes, totalBytes: try builder.totalBytes(slots: UInt64(options.slots)), engine: engine,
      recipes: builder.recipes)
  }
}

/// Turns modules into buffers.
struct SlotLayoutBuilder {
  let options: SlotOptions
  let shard: TensorShard
  let engine: EngineModules
  private(set) var modules: [SlotModule] = []
  private(set) var buffers: [SlotBuffer] = []
  private(set) var recipes: [SlotLayoutInput] = []
  private(set) var stageCount = 0
  private(set) var slotBytes: UInt64 = 0
  private var shapes: [(Shape, bytes: UInt64)] = []

  /// Buffers start at multiples of this many bytes.
  static let alignment: UInt64 = 256

  init(options: SlotOptions, shard: TensorShard, engine: EngineModules) {
    self.options = options
    self.shard = shard
    self.engine = engine
  }

  mutating func build() throws(SlotLayoutError) {
    var pending: [(module: Int, factor: SlotBuffer.Factor, slice: Int, stage: Int)] = []
    var stages: [UInt64] = []
    for (index, module) in engine.modules.enumerated() {
      let place = module.kind == .embedding ? 0 : module.layer.map { $0 &+ 1 } ?? .max
      if stages.last != place { stages.append(place) }
      let first = recipes.count
      for factor in SlotBuffer.Factor.allCases {
        for (slice, slices) in groups(of: module).enumerated() {
          try append(module, index, factor, slices)
          pending.append((index, factor, slice, stages.count - 1))
        }
      }
      modules.append(SlotModule(name: module.name, buffers: first..<recipes.count, stage: stages.count - 1))
    }
    stageCount = stages.count
    try place(pending)
  }

  /// The slices that share a buffer: all that have the same input where the scheme joins them.
  private func groups(of module: EngineModule) -> [Range<Int>] {
    guard options.scheme.joinsSlices else { return module.slices.indices.map { $0..<$0 + 1 } }
    if case .experts = module.kind {
      let down = module.slices.count - 1
      return [0..<down, down..<down + 1]
    }
    return [0..<module.slices.count]
  }

  private mutating func append(
    _ module: EngineModule, _ index: Int, _ factor: SlotBuffer.Factor, _ slices: Range<Int>
  ) throws(SlotLayoutError) {
    let recipe = factor == .a ? try recipeOfA(module, index, slices) : try recipeOfB(module, index, slices)
    var shape = Shape([recipe.rows, recipe.columns])
    if module.isStack || options.scheme.hasExpertDimension && !recipe.isTransposed {
      shape = Shape([recipe.matrices, recipe.rows, recipe.columns])
    }
    guard let elements = shape.elementCount, elements <= 1 << 56 else { throw .tooLarge(module.name) }
    let bytes = elements * (options.dtype.bits / 8)
    recipes.append(recipe)
    shapes.append((shape, bytes))
    slotBytes &+= bytes
    guard slotBytes <= 1 << 60 else { throw .tooLarge(module.name) }
  }

  private func recipeOfA(_ module: EngineModule, _ index: Int, _ slices: Range<Int>) throws(SlotLayoutError)
    -> SlotLayoutInput
  {
    let slice = module.slices[slices.lowerBound]
    let isSplit = shard.isFull && slice.sharing == .column
    let ranks = isSplit ? try shard.part(of: options.rank, "the rank of the slots") : 0..<options.rank
    let inputs = slice.sharing == .row ? try shard.part(of: slice.input, module.name) : 0..<slice.input
    let isTransposed = module.kind == .embedding && options.scheme.transposesEmbeddings
    let height = UInt64(ranks.count) * UInt64(slices.count)
    let width = UInt64(inputs.count)
    return SlotLayoutInput(
      module: index, slices: slices, matrices: module.experts, rows: isTransposed ? width : height,
      columns: isTransposed ? height : width, ranks: ranks, inputs: inputs, outputs: [], isTransposed: isTransposed)
  }

  private func recipeOfB(_ module: EngineModule, _ index: Int, _ slices: Range<Int>) throws(SlotLayoutError)
    -> SlotLayoutInput
  {
    var outputs: [[Range<UInt64>]] = []
    var rows: UInt64 = 0
    for slice in module.slices[slices] {
      let runs = try runs(of: slice, in: module)
      outputs.append(runs)
      for run in runs { rows = rows.addingReportingOverflow(UInt64(run.count)).partialValue }
    }
    return SlotLayoutInput(
      module: index, slices: slices, matrices: module.experts, rows: rows, columns: options.rank,
      ranks: 0..<options.rank, inputs: 0..<0, outputs: outputs, isTransposed: false)
  }

  /// This device's outputs of a slice; runs that touch are one.
  private func runs(of slice: EngineSlice, in module: EngineModule) throws(SlotLayoutError) -> [Range<UInt64>] {
    var sharing = slice.sharing
    if module.kind == .head, options.scheme.splitsHead { sharing = .column }
    // Fully sharded factors of what is split by inputs are split by outputs too.
    if sharing == .row, shard.isFull { return [try shard.part(of: slice.output, module.name)] }
    guard sharing == .column else { return [0..<slice.output] }
    var runs: [Range<UInt64>] = []
    var first: UInt64 = 0
    for piece in slice.pieces {
      let part = try shard.part(of: piece, module.name)
      let run = first + part.lowerBound..<first + part.upperBound
      if let last = runs.last, last.upperBound == run.lowerBound {
        runs[runs.count - 1] = last.lowerBound..<run.upperBound
      } else {
        runs.append(run)
      }
      first += piece.rows
    }
    return runs
  }

  // MARK: Places

  private mutating func place(_ pending: [(module: Int, factor: SlotBuffer.Factor, slice: Int, stage: Int)])
    throws(SlotLayoutError)
  {
    let slots = UInt64(options.slots)
    let slotStride = shapes.reduce(0) { $0 &+ Self.aligned($1.bytes) }
    var offset: UInt64 = 0
    for (position, entry) in pending.enumerated() {
      let (shape, bytes) = shapes[position]
      let isSlotMajor = options.scheme.isSlotMajor
      buffers.append(
        SlotBuffer(
          module: engine.modules[entry.module].name, factor: entry.factor, slice: entry.slice, shape: shape,
          stage: entry.stage, slotBytes: bytes, offset: offset, slotStride: isSlotMajor ? slotStride : bytes))
      let (piece, overflow) = bytes.multipliedReportingOverflow(by: isSlotMajor ? 1 : slots)
      guard !overflow, piece <= 1 << 60, offset <= 1 << 60 else { throw .tooLarge(engine.modules[entry.module].name) }
      offset += Self.aligned(piece)
    }
  }

  /// Bytes of one allocation for this many slots.
  func totalBytes(slots: UInt64) throws(SlotLayoutError) -> UInt64 {
    guard let total = SlotLayout.totalBytes(of: shapes.map(\.bytes), slots: slots, options.scheme) else {
      throw .tooLarge("the slots")
    }
    return total
  }

  static func aligned(_ bytes: UInt64) -> UInt64 { (bytes + alignment - 1) / alignment * alignment }
}

extension SlotLayout {
  /// Bytes of one allocation for this many slots, or nil beyond what can be addressed.
  static func totalBytes(of buffers: [UInt64], slots: UInt64, _ scheme: SlotScheme) -> UInt64? {
    var total: UInt64 = 0
    for bytes in buffers {
      let one = scheme.isSlotMajor ? SlotLayoutBuilder.aligned(bytes) : bytes
      let (all, tooMany) = one.multipliedReportingOverflow(by: slots)
      guard !tooMany, all <= 1 << 60 else { return nil }
      total += scheme.isSlotMajor ? all : SlotLayoutBuilder.aligned(all)
      guard total <= 1 << 60 else { return nil }
    }
    return total
  }

  /// The largest number of slots whose buffers fit into `bytes`; 0 when not even one does.
  public func largestSlotCount(in bytes: UInt64) -> UInt64 {
    let sizes = buffers.map(\.slotBytes)
    func fits(_ slots: UInt64) -> Bool {
      Self.totalBytes(of: sizes, slots: slots, options.scheme).map { $0 <= bytes } ?? false
    }
    guard slotBytes > 0 else { return 0 }
    var low: UInt64 = 0
    var high = bytes / slotBytes + 1
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if fits(middle) { low = middle } else { high = middle }
    }
    return low
  }
}
