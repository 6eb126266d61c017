import LoRAModel
import LoRASlots
import Safetensors
import TensorCore

/// The numbers of a deployment; docs/capacity.md has the formula and the source of each.
public struct CapacityPlan: Sendable {
  /// One adapter's size.
  public struct AdapterSize: Sendable, Equatable {
    /// Its path, or nil for one that is only planned.
    public let path: String?
    /// Its largest rank.
    public let rank: UInt64
    /// Modules that it adapts.
    public let modules: Int
    /// Elements of all A and B.
    public let parameters: UInt64
    /// Bytes of all A and B in the engine's type.
    public let bytes: UInt64
  }

  /// What the plan is for.
  public let request: CapacityRequest
  /// The adapters; one when they are only planned.
  public let adapters: [AdapterSize]
  /// Parameters of the largest adapter in one layer; nil when its layers differ or it is in none.
  public let parametersPerLayer: UInt64?
  /// Layers that the largest adapter is in.
  public let adaptedLayers: Int
  /// Rank that every slot has room for.
  public let maxLoRARank: UInt64
  /// Parameters of the base; nil when nobody knows.
  public let baseParameters: UInt64?
  /// Bytes of the base's weights: of the files, or two for each parameter.
  public let baseBytes: UInt64?
  /// Bytes of one slot.
  public let slotBytes: UInt64
  /// Bytes of all slots.
  public let reservationBytes: UInt64
  /// The form of the key-value cache; nil for a model without one.
  public let cache: KeyValueCache?
  /// Operations that the largest adapter adds for a token.
  public let deltaFLOPs: Double
  /// Operations of the base for a token.
  public let baseFLOPs: Double

  /// Does the arithmetic.
  public init(_ request: CapacityRequest) throws(CapacityError) {
    self.request = request
    let base = request.base
    guard base.isKnown else {
      throw .unknownSizes(base: base.path, reason: "its architecture is not in the catalogue and it has no weights")
    }
    let sizes = try Self.sizes(request)
    adapters = sizes.map(\.size)
    guard let largest = sizes.max(by: { $0.size.parameters < $1.size.parameters }) else {
      throw .noTargets("no adapter", base: base.path)
    }
    let layers = Set(largest.byLayer.values)
    parametersPerLayer = layers.count == 1 ? layers.first : nil
    adaptedLayers = largest.byLayer.count
    let rank = adapters.map(\.rank).max() ?? 1
    maxLoRARank = request.maxLoRARank ?? CapacityRequest.legalRanks.first { $0 >= rank } ?? rank
    baseParameters = base.parameters
    if let checkpoint = base.checkpoint {
      baseBytes = checkpoint.tensorBytes
    } else if let parameters = base.parameters {
      baseBytes = try exact(UInt128(parameters) * 2, "the size of the base")
    } else {
      baseBytes = nil
    }
    (slotBytes, reservationBytes) = try Self.slots(request, rank: maxLoRARank)
    let cache = KeyValueCache(of: base)
    // A config of absurd sizes has no cache that could be planned for.
    let elements = cache.map { UInt128($0.layers) * UInt128($0.elementsPerLayer) } ?? 0
    self.cache = elements < 1 << 48 ? cache : nil
    deltaFLOPs = largest.operations
    let share = base.activeExpertShare
    baseFLOPs = base.modules.values.reduce(0) { $0 + $1.baseOperations(activeShare: share) }
  }

  /// Bytes of one slot and of all.
  static func slots(_ request: CapacityRequest, rank: UInt64) throws(CapacityError) -> (UInt64, UInt64) {
    var options = SlotOptions()
    options.slots = 1
    options.rank = rank
    options.dtype = request.dtype
    options.targetModules = request.slotTargets
    let slot: UInt64
    do throws(SlotLayoutError) {
      slot = try SlotLayout(of: request.base, options).slotBytes
    } catch {
      throw .slots("\(error)")
    }
    return (slot, try exact(UInt128(slot) * UInt128(request.maxLoRAs), "the reservation for all slots"))
  }
}

// MARK: - What follows

extension CapacityPlan {
  /// The largest adapter, which the single numbers are about.
  public var largest: AdapterSize? { adapters.max { $0.parameters < $1.parameters } }

  /// Whole adapters of the mean size in 2³⁰ bytes.
  public var adaptersPerGiB: UInt64 {
    let total = adapters.reduce(UInt128(0)) { $0 + UInt128($1.bytes) }
    guard total > 0 else { return 0 }
    return UInt64(truncatingIfNeeded: (UInt128(adapters.count) << 30) / total)
  }

  /// Parameters of the base for one of the largest adapter.
  public var shrinkRatio: Double? {
    guard let baseParameters, let largest, largest.parameters > 0 else { return nil }
    return Double(baseParameters) / Double(largest.parameters)
  }

  /// Bytes of a token in the key-value cache.
  public var kvBytesPerToken: UInt64? { cache.map { $0.elementsPerToken * request.kvType.bytes } }

  /// Bytes of a block of the key-value cache, over all layers.
  public var kvBlockBytes: UInt64? { kvBytesPerToken.map { $0 * request.blockSize } }

  /// Bytes that the engine may use: the card's memory times its share, less the overhead.
  public var budgetBytes: UInt64? {
    request.gpuMemory.map { memory in
      let share = UInt64(Double(memory) * request.gpuMemoryUtilization)
      return share > request.overhead ? share - request.overhead : 0
    }
  }

  /// Whether weights and slots fit; nil without a card.
  public var fits: Bool? {
    guard let budgetBytes, let baseBytes else { return nil }
    return baseBytes <= budgetBytes && reservationBytes <= budgetBytes - baseBytes
  }

  /// Blocks of the key-value cache beside weights and slots; nil without a card.
  public var kvBlocksAvailable: UInt64? { blocks(besides: reservationBytes) }

  /// Blocks that the slots take the place of: on a card, the difference with and without them; else as many as have
  /// their size, rounded up.
  public var kvBlocksDisplaced: UInt64? {
    guard let kvBlockBytes, kvBlockBytes > 0 else { return nil }
    if let without = blocks(besides: 0), let with = kvBlocksAvailable { return without - with }
    return reservationBytes / kvBlockBytes + (reservationBytes % kvBlockBytes > 0 ? 1 : 0)
  }

  private func blocks(besides reservation: UInt64) -> UInt64? {
    guard let budgetBytes, let baseBytes, let kvBlockBytes, kvBlockBytes > 0 else { return nil }
    guard baseBytes <= budgetBytes, reservation <= budgetBytes - baseBytes else { return 0 }
    return (budgetBytes - baseBytes - reservation) / kvBlockBytes
  }

  /// One card for each tenant.
  public var gpusDedicated: UInt64? { request.tenants }

  /// Cards when each serves as many tenants as it has slots.
  public var gpusShared: UInt64? {
    request.tenants.map { $0 / request.maxLoRAs + ($0 % request.maxLoRAs > 0 ? 1 : 0) }
  }

  /// Cards saved by sharing.
  public var gpusSaved: UInt64? {
    guard let gpusDedicated, let gpusShared else { return nil }
    return gpusDedicated - gpusShared
  }

  /// What so many cards cost in a month.
  public func monthlyCost(_ gpus: UInt64?) -> Double? {
    guard let gpus, let hourly = request.gpuHourlyCost else { return nil }
    return Double(gpus) * hourly * CapacityRequest.hoursPerMonth
  }

  /// The share of the slots' bytes that the adapters, one in each, leave empty.
  public var paddingWasteRatio: Double {
    let used = adapters.reduce(0.0) { $0 + Double($1.bytes) }
    let reserved = Double(slotBytes) * Double(adapters.count)
    return reserved > 0 ? max(0, 1 - used / reserved) : 0
  }
}
