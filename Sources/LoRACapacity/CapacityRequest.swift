import LoRAEngines
public import LoRAModel
public import TensorCore

/// What a deployment is to be.
public struct CapacityRequest: Sendable {
  /// The adapters that are to be served.
  public enum Adapters: Sendable {
    /// Adapters of one rank on some modules of the base.
    case uniform(rank: UInt64, targets: TargetSelection)
    /// These adapters.
    case real([Adapter])
  }

  /// The base model.
  public var base: BaseModel
  /// The adapters.
  public var adapters: Adapters
  /// Type that the engine holds adapters in.
  public var dtype = DType.bf16
  /// Slots on the device.
  public var maxLoRAs: UInt64 = 8
  /// Rank that every slot has room for; nil for the smallest of vLLM's that is enough.
  public var maxLoRARank: UInt64?
  /// Modules that the engine keeps slots for; nil for all that it can.
  public var slotTargets: [String]?
  /// Devices that share each layer.
  public var tensorParallel: UInt64 = 1
  /// Customers, each with an adapter.
  public var tenants: UInt64?
  /// Memory of a device, in bytes.
  public var gpuMemory: UInt64?
  /// The share of it that the engine takes.
  public var gpuMemoryUtilization = 0.9
  /// Memory for activations, CUDA graphs and everything else, in bytes.
  public var overhead: UInt64 = 0
  /// Type of the key-value cache.
  public var kvType = KeyValueType.bf16
  /// Tokens of a block of the key-value cache.
  public var blockSize: UInt64 = 16
  /// What a device costs for an hour.
  public var gpuHourlyCost: Double?

  /// A request with the defaults: BF16, 8 slots, blocks of 16 tokens, 90 % of a device.
  public init(base: BaseModel, adapters: Adapters) {
    self.base = base
    self.adapters = adapters
  }

  /// The values that vLLM takes for `max_lora_rank` (vllm/config/lora.py).
  public static var legalRanks: [UInt64] { Engine.vLLM.legalRankLimits }

  /// Hours of a month: a year of 8,760 hours by twelve.
  public static let hoursPerMonth = 730.0
}
