public import TensorCore

/// What a layout is made for.
public struct SlotOptions: Sendable, Hashable {
  /// How buffers are shaped and where slots lie.
  public var scheme = SlotScheme.vllm
  /// Number of slots (`max_loras`), at least 1.
  public var slots = 1
  /// Rank that every slot has room for (`max_lora_rank`), at least 1.
  public var rank: UInt64 = 16
  /// Type of the elements: F32, F16 or BF16.
  public var dtype = DType.bf16
  /// Number of devices that share each layer.
  public var tensorParallel: UInt64 = 1
  /// Which of those devices this is, from 0.
  public var tensorRank: UInt64 = 0
  /// Whether the factors that tensor parallelism leaves whole are split too (`--fully-sharded-loras`).
  public var isFullySharded = false
  /// Modules that get slots, by the last components of their names; nil gives slots to all that the engine can adapt.
  public var targetModules: [String]?

  /// The defaults: vLLM, one slot of rank 16 in BF16, one device.
  public init() {}
}
