public import LoRAModel

/// How several devices share the weights of a base, as vLLM's layers do: some by outputs, some by inputs, embedding and
/// head of the vocabulary by tokens (`vllm/model_executor/layers/linear.py`, `vocab_parallel_embedding.py`).
public struct TensorParallelSplit: Sendable {
  /// Elements of each module's weight as the engine has it, and how many of them the first device holds.
  ///
  /// Heads that are fewer than the devices are on several of them; the vocabulary is padded to a multiple of 64 before
  /// it is shared. Every device has all of what is not here: norms, biases, routers and other towers.
  public let shares: [String: (whole: UInt64, part: UInt64)]

  /// - Parameters:
  ///   - base: the model whose weights are shared.
  ///   - devices: number of devices that share each layer, from 1.
  /// - Throws: `SlotLayoutError` for sizes that are unknown or that the devices cannot share.
  public init(of base: BaseModel, devices: UInt64) throws(SlotLayoutError) {
    var options = SlotOptions()
    options.tensorParallel = devices
    let shard = try TensorShard(options)
    let engine = try EngineModules(base, traits: options.scheme.traits(of: base).withoutEmbeddings, targetModules: nil)
    var shares: [String: (whole: UInt64, part: UInt64)] = [:]
    for (name, place) in engine.places {
      let module = engine.modules[place.module]
      // A stack has every expert, a module of its own only one.
      let matrices = place.expert == nil ? module.experts : 1
      var (whole, part) = (UInt64(0), UInt64(0))
      for target in place.targets {
        let slice = module.slices[target.slice]
        let (inputs, outputs) = try Self.part(of: slice, of: name, shard)
        whole = try Self.sum(whole, slice.input, slice.output, matrices, name)
        part = try Self.sum(part, inputs, outputs, matrices, name)
      }
      shares[name] = (whole, part)
    }
    for (name, module) in base.modules where module.tiedTo == nil && shares[name] == nil {
      let isHead = module.kind == .linear && module.outFeatures == base.vocabularySize
      guard isHead || module.kind == .embedding && module.inFeatures == base.vocabularySize else { continue }
      let width = isHead ? module.inFeatures : module.outFeatures
      let rows = isHead ? module.outFeatures : module.inFeatures
      let padded = (rows / 64 + (rows % 64 > 0 ? 1 : 0)) * 64
      shares[name] = (
        try Self.sum(0, rows, width, 1, name),
        try Self.sum(0, devices == 1 ? rows : padded / devices + (padded % devices > 0 ? 1 : 0), width, 1, name)
      )
    }
    self.shares = shares
  }

  private static func part(of slice: EngineSlice, of name: String, _ shard: TensorShard) throws(SlotLayoutError) -> (
    inputs: UInt64, outputs: UInt64
  ) {
    switch slice.sharing {
    case .replicated: return (slice.input, slice.output)
    case .row: return (UInt64(try shard.part(of: slice.input, name).count), slice.output)
    case .column:
      var rows: UInt64 = 0
      for piece in slice.pieces { rows += UInt64(try shard.part(of: piece, name).count) }
      return (slice.input, rows)
    }
  }

  private static func sum(
    _ sum: UInt64, _ rows: UInt64, _ columns: UInt64, _ matrices: UInt64, _ name: String
  ) throws(SlotLayoutError) -> UInt64 {
    let product = UInt128(rows) * UInt128(columns)
    guard product < 1 << 56, let total = UInt64(exactly: UInt128(sum) + product * UInt128(matrices)), total < 1 << 60
    else { throw .tooLarge(name) }
    return total
  }
}
