import LoRAEngines
import LoRAModel
import LoRASlots
import Safetensors

public import struct BaseCatalogue.RecurrentState

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
  /// Parameters of the base; nil when the base is not known.
  public let baseParameters: UInt64?
  /// Bytes of the base's weights: of the files, or two for each parameter.
  public let baseBytes: UInt64?
  /// The part of them that one device holds.
  public let baseBytesPerGPU: UInt64?
  /// Bytes of one slot on one device; nil when an engine has no slots for any module of the base.
  public let slotBytes: UInt64?
  /// Bytes of a slot where one device holds the whole model.
  private let wholeSlotBytes: UInt64?
  /// Bytes of all slots on one device.
  public let reservationBytes: UInt64?
  /// Whether vLLM serves adapters for the architecture at all; where not, slots are what its rules would give.
  public let isServed: Bool
  /// The form of the key-value cache; nil for a model without one, or when it is not known.
  public let cache: KeyValueCache?
  /// What the layers keep that do without such a cache; nil where there are none, or when it is not known.
  public let state: RecurrentState?
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
    } else if let bytes = base.describedBytes {
      baseBytes = try exact(bytes, "the size of the base")
    } else {
      baseBytes = nil
    }
    // Heads come first: what they cannot be shared by is easier to understand than a number of rows.
    let cache = try KeyValueCache(of: base)?.shared(by: request.tensorParallel)
    // A config of absurd sizes has no cache that could be planned for.
    self.cache = cache.flatMap { $0.isPlausible ? $0 : nil }
    state = base.config.flatMap { RecurrentState($0, devices: request.tensorParallel) }
    baseBytesPerGPU = try Self.share(of: baseBytes, request)
    let layout = try Self.layout(request, rank: maxLoRARank)
    isServed = layout?.isServed ?? false
    slotBytes = layout?.slotBytes
    var whole = request
    whole.tensorParallel = 1
    wholeSlotBytes =
      request.tensorParallel == 1 ? layout?.slotBytes : try Self.layout(whole, rank: maxLoRARank)?.slotBytes
    reservationBytes = try layout.map { layout throws(CapacityError) in
      try exact(UInt128(layout.slotBytes) * UInt128(request.maxLoRAs), "the reservation for all slots")
    }
    deltaFLOPs = largest.operations
    let share = base.activeExpertShare
    baseFLOPs = base.modules.values.reduce(0) { $0 + $1.baseOperations(activeShare: share) }
  }

  /// The slots of one device; nil when an engine has none for any module of the base.
  static func layout(_ request: CapacityRequest, rank: UInt64) throws(CapacityError) -> SlotLayout? {
    var options = SlotOptions()
    options.slots = 1
    options.rank = rank
    options.dtype = request.dtype
    options.targetModules = request.slotTargets
    options.tensorParallel = request.tensorParallel
    do throws(SlotLayoutError) {
      return try SlotLayout(of: request.base, options)
    } catch {
      if case .noModules(_, nil) = error { return nil }
      throw .slots("\(error)")
    }
  }

  /// One device's part of the base's bytes: of every module in proportion to its elements, of everything else all.
  private static func share(of total: UInt64?, _ request: CapacityRequest) throws(CapacityError) -> UInt64? {
    guard let total, request.tensorParallel > 1 else { return total }
    let shares: TensorParallelSplit
    do throws(SlotLayoutError) {
      shares = try TensorParallelSplit(of: request.base, devices: request.tensorParallel)
    } catch {
      throw .sharing("the base's weights cannot be shared: \(error)")
    }
    var part = Int128(total)
    for (name, share) in shares.shares {
      guard let module = request.base.modules[name], share.whole > 0 else { continue }
      let bytes = module.weight?.info.byteCount ?? share.whole * 2
      part += Int128(bytes) * (Int128(share.part) - Int128(share.whole)) / Int128(share.whole)
    }
    return part > 0 ? UInt64(exactly: part) : nil
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

  /// Bytes that one sequence takes in layers with a state of constant size.
  public var stateBytesPerSequence: UInt64? { state?.bytes }

  /// Bytes of a block of the key-value cache, over all layers.
  public var kvBlockBytes: UInt64? { kvBytesPerToken.map { $0 * request.blockSize } }

  /// Bytes that the engine may use: the device's memory times its share, less the overhead.
  public var budgetBytes: UInt64? {
    request.gpuMemory.map { memory in
      let share = UInt64(Double(memory) * request.gpuMemoryUtilization)
      return share > request.overhead ? share - request.overhead : 0
    }
  }

  /// Whether weights and slots fit; nil without a device.
  public var fits: Bool? { fits(besides: reservationBytes ?? 0) }

  private func fits(besides reservation: UInt64) -> Bool? {
    guard let budgetBytes, let baseBytesPerGPU else { return nil }
    return baseBytesPerGPU <= budgetBytes && reservation <= budgetBytes - baseBytesPerGPU
  }

  /// Blocks of the key-value cache beside weights and slots; nil without a device.
  public var kvBlocksAvailable: UInt64? { blocks(besides: reservationBytes ?? 0) }

  /// Blocks that the slots take the place of: on a device, the difference with and without them; else as many as have
  /// their size, rounded up.
  public var kvBlocksDisplaced: UInt64? {
    guard let kvBlockBytes, kvBlockBytes > 0, let reservationBytes else { return nil }
    if let without = blocks(besides: 0), let with = kvBlocksAvailable { return without - with }
    return reservationBytes / kvBlockBytes + (reservationBytes % kvBlockBytes > 0 ? 1 : 0)
  }

  private func blocks(besides reservation: UInt64) -> UInt64? {
    guard let budgetBytes, let baseBytesPerGPU, let kvBlockBytes, kvBlockBytes > 0 else { return nil }
    guard fits(besides: reservation) == true else { return 0 }
    return (budgetBytes - baseBytesPerGPU - reservation) / kvBlockBytes
  }

  /// A server for each tenant, of as many devices as share a layer; nil where they do not hold the base.
  public var gpusDedicated: UInt64? {
    if fits(besides: 0) == false { return nil }
    return request.tenants.map { servers($0) }
  }

  /// Devices when each server has as many tenants as slots; nil where base and slots do not fit.
  public var gpusShared: UInt64? {
    if fits == false { return nil }
    return request.tenants.map { servers($0 / request.maxLoRAs + ($0 % request.maxLoRAs > 0 ? 1 : 0)) }
  }

  /// Devices of so many servers.
  private func servers(_ count: UInt64) -> UInt64 {
    UInt64(clamping: UInt128(count) * UInt128(request.tensorParallel))
  }

  /// Devices saved by sharing.
  public var gpusSaved: UInt64? {
    guard let gpusDedicated, let gpusShared else { return nil }
    return gpusDedicated - gpusShared
  }

  /// What so many devices cost in a month.
  public func monthlyCost(_ gpus: UInt64?) -> Double? {
    guard let gpus, let hourly = request.gpuHourlyCost else { return nil }
    return Double(gpus) * hourly * CapacityRequest.hoursPerMonth
  }

  /// The share of the slots' bytes that the adapters, one in each, leave empty.
  public var paddingWasteRatio: Double? {
    guard let wholeSlotBytes else { return nil }
    let used = adapters.reduce(0.0) { $0 + Double($1.bytes) }
    let reserved = Double(wholeSlotBytes) * Double(adapters.count)
    return reserved > 0 ? max(0, 1 - used / reserved) : 0
  }
}
