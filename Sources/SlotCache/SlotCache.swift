/// Which adapters are in host memory and which of them have a slot on the device: two LRU orders, nothing else.
///
/// The rules are vLLM's (`vllm/lora/model_manager.py`, `worker_manager.py`): a request touches both levels; an adapter
/// that is not in host memory is taken in first, for which the one that was not used for longest leaves and gives up
/// its slot too; then the adapter gets the lowest free slot, or that of the slot's tenant that was not used for longest.
/// Pinned adapters and slots that are being read are passed over.
///
/// Adapters are small numbers that the caller gives out. Nothing is read or moved here: the loader of weights follows
/// what `access` says, and `publish`es or `fail`s the slot afterwards. A value for one thread at a time. Every step costs
/// the same whatever the number of adapters, but for the pinned ones that a search for a victim steps over.
public struct SlotCache: Sendable {
  /// Which adapter makes room for another.
  public enum Policy: String, Sendable, CaseIterable {
    /// The one that was not used for longest.
    case lru
    /// The one that came first.
    case fifo
  }

  /// Number of slots on the device.
  public let slots: Int
  /// Number of adapters that host memory holds; at least `slots`.
  public let hostCapacity: Int
  /// Who makes room.
  public let policy: Policy

  var host = Order()
  var device = Order()
  var free: FreeSlots
  var adapters: [AdapterState] = []
  var tenants: [SlotState]

  /// An empty cache.
  ///
  /// - Parameters:
  ///   - slots: at least 1.
  ///   - hostCapacity: taken as `slots` when it is less, as every adapter with a slot is in host memory too.
  public init(slots: Int, hostCapacity: Int, policy: Policy = .lru) {
    precondition(slots > 0 && slots < Int32.max, "the number of slots must be positive")
    self.slots = slots
    self.hostCapacity = max(hostCapacity, slots)
    self.policy = policy
    free = FreeSlots(slots: slots)
    tenants = Array(repeating: SlotState(), count: slots)
    device.grow(to: slots)
  }

  /// Makes room for adapters 0 ..< count, so that requests need not.
  public mutating func reserve(adapters count: Int) {
    guard count > adapters.count else { return }
    adapters.append(contentsOf: repeatElement(AdapterState(), count: count - adapters.count))
    host.grow(to: count)
  }

  /// Number of adapters in host memory.
  public var hostCount: Int { host.count }

  /// Number of slots that have a tenant, ready or loading.
  public var deviceCount: Int { slots - free.count }
}

/// What is known about one adapter.
struct AdapterState: Sendable {
  /// Its slot, or negative.
  var slot: Int32 = -1
  var isPinned = false
}

/// What is known about one slot.
struct SlotState: Sendable {
  /// Its adapter, or negative.
  var adapter: Int32 = -1
  /// Counts the tenants; 0 is before the first.
  var generation: UInt32 = 0
  var isReady = false
  /// How many read it.
  var readers: Int32 = 0
}

/// A slot as one tenant has it: with the next tenant it is no longer current.
public struct SlotHandle: Sendable, Hashable {
  /// The slot, from 0.
  public let slot: Int
  /// Which of the slot's tenants is meant.
  public let generation: UInt32

  /// A handle of these parts, as a caller got them before.
  public init(slot: Int, generation: UInt32) {
    self.slot = slot
    self.generation = generation
  }
}

/// Why an adapter cannot be given room.
public enum SlotCacheError: Error, Sendable, Equatable, CustomStringConvertible {
  /// All adapters in host memory are pinned or being read.
  case hostBusy
  /// All slots are pinned or being read.
  case slotsBusy

  /// One sentence.
  public var description: String {
    switch self {
    case .hostBusy: "every adapter in host memory is pinned or in use; raise max_cpu_loras or unpin one"
    case .slotsBusy: "every slot is pinned or in use; raise max_loras or unpin an adapter"
    }
  }
}
