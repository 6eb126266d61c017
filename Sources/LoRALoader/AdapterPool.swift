import CLoRALoader
import Diagnostics
import LoRAIO
import LoRAModel
import LoRASlots
import LoRASlotsCUDA
import Safetensors
import SlotCache
import Synchronization

/// An engine's slots and the adapters in host memory that go into them.
///
/// Memory, reading and identity are those of `HostPool`, filling is that of the device's `SlotMemory`, and who stays in
/// host memory and, where the pool chooses slots, who has which of them is decided by `SlotCache`, all as in
/// `AdapterSlots`. What differs: loads are ordered by the engine's streams and not waited for, contents are known by
/// numbers and not by paths, and an engine may choose slots itself, have one adapter in several of them, and keep it
/// there when it left host memory.
final class AdapterPool: Sendable {
  /// An adapter in host memory.
  struct Resident {
    var plan: PackingPlan
    /// Its place in the pool.
    var place: Int
    /// Loads that may still read the place.
    var loads: [any SlotFence] = []
  }

  /// What is known of a slot.
  struct Tenancy {
    var adapter: Int64 = 0
    var generation: UInt64 = 0
    /// The last load or eviction.
    var change: (any SlotFence)?
    /// The tenant as the cache has it, where the pool chooses.
    var handle: SlotHandle?
    /// Where the pool chooses: ends of work that may still read the slot.
    var readers: [any SlotFence] = []
  }

  /// Who decides which adapter gets which slot.
  enum Chooser: Sendable {
    case engine, pool
  }

  struct State {
    var residents: [Int64: Resident] = [:]
    /// The numbers of all contents that were ever added.
    var numbers: [ContentDigest: Int64] = [:]
    var tenancies: [Tenancy]
    var placements: [SlotPlacement?]
    var slots: (any SlotMemory)?
    /// Who is in host memory, and where the pool chooses in which slot; adapter n is n - 1 there.
    var cache: SlotCache
    /// Set by the first change of a slot.
    var chooser: Chooser?
  }

  let layout: SlotLayout
  let device: any SlotDevice
  let pool: HostPool
  let workers: Int
  private let base: BaseModel
  private let state: Mutex<State>

  init(
    _ base: BaseModel, _ layout: SlotLayout, on device: any SlotDevice, residents: Int, adapterBytes: UInt64,
    workers: Int
  ) throws(LoaderFailure) {
    self.base = base
    self.layout = layout
    self.device = device
    self.workers = workers
    // An adapter that the pool gives a slot is in host memory too.
    let cache = SlotCache(slots: min(layout.slots, residents), hostCapacity: residents)
    pool = try onDevice { () throws(SlotDeviceError) in
      try HostPool(places: cache.hostCapacity, placeBytes: adapterBytes, device: device)
    }
    state = Mutex(
      State(
        tenancies: Array(repeating: Tenancy(), count: layout.slots),
        placements: Array(repeating: nil, count: layout.buffers.count), cache: cache))
  }

  // Host memory must not go while a load reads it.
  deinit {
    state.withLock { state in
      for tenancy in state.tenancies {
        do throws(SlotDeviceError) { try tenancy.change?.wait() } catch {}
      }
    }
  }

  // MARK: Host memory

  /// Reads an adapter into host memory; the same contents have the same number always.
  func add(_ path: String) throws(LoaderFailure) -> Int64 {
    let adapter = Adapter.load(path, unpacking: .onDemand)
    guard let file = adapter.file else {
      let problem = adapter.findings.first { $0.severity == .error }?.message ?? "it has no weights"
      throw LoaderFailure(LORA_UNREADABLE, "\(path): \(problem)")
    }
    let plan: PackingPlan
    do throws(PackingError) {
      plan = try PackingPlan(adapter, base: base, layout: layout)
    } catch {
      throw LoaderFailure(LORA_UNSUPPORTED, "\(error)")
    }
    guard file.dataBytes <= pool.placeBytes else {
      throw LoaderFailure(
        LORA_NO_MEMORY,
        "\(path): its \(file.dataBytes) bytes do not fit into the \(pool.placeBytes) for one adapter; "
          + "raise adapter_bytes")
    }
    let place = try locked { (state) throws(LoaderFailure) in try takePlace(&state) }
    let digest: ContentDigest
    do throws(AdapterSlotsError) {
      digest = try pool.read(adapter, into: place, workers: workers)
    } catch {
      pool.give(back: place)
      throw LoaderFailure(LORA_UNREADABLE, "\(error)")
    }
    return try locked { (state) throws(LoaderFailure) in
      let number = state.numbers[digest] ?? Int64(state.numbers.count) + 1
      state.numbers[digest] = number
      do throws(SlotCacheError) {
        let (isThere, dropped) = try state.cache.prefetch(Self.index(number))
        if let dropped { forget(Int64(dropped) + 1, &state) }
        if isThere {
          pool.give(back: place)
        } else {
          state.residents[number] = Resident(plan: plan, place: place)
        }
      } catch {
        pool.give(back: place)
        throw LoaderFailure(error)
      }
      return number
    }
  }

  /// A place that is not in use: a free one, or the least recently used adapter's after its loads have ended.
  private func takePlace(_ state: inout State) throws(LoaderFailure) -> Int {
    if let place = pool.take() { return place }
    do throws(SlotCacheError) {
      if let dropped = try state.cache.dropOldest() { forget(Int64(dropped) + 1, &state) }
    } catch { throw LoaderFailure(error) }
    guard let place = pool.take() else {
      throw LoaderFailure(LORA_NO_MEMORY, "all host memory is being read into; raise max_cpu_loras")
    }
    return place
  }

  /// Forgets an adapter.
  func remove(_ adapter: Int64) throws(LoaderFailure) {
    try locked { (state) throws(LoaderFailure) in
      guard state.residents[adapter] != nil else { throw gone(adapter) }
      guard state.cache.remove(Self.index(adapter)) else {
        throw LoaderFailure(LORA_BUSY, "adapter \(adapter) has a slot that is in use; release it first")
      }
      forget(adapter, &state)
    }
  }

  /// Keeps an adapter in host memory, and in its slot where the pool chooses; or no longer.
  func pin(_ adapter: Int64, _ isPinned: Bool) throws(LoaderFailure) {
    try locked { (state) throws(LoaderFailure) in
      guard state.residents[adapter] != nil else { throw gone(adapter) }
      if isPinned { _ = state.cache.pin(Self.index(adapter)) } else { state.cache.unpin(Self.index(adapter)) }
    }
  }

  /// Ends what is left of an adapter that the cache has dropped: its place, and its slot where the pool has chosen one.
  private func forget(_ adapter: Int64, _ state: inout State) {
    guard let resident = state.residents.removeValue(forKey: adapter) else { return }
    for load in resident.loads {
      // A load that failed no longer reads.
      do throws(SlotDeviceError) { try load.wait() } catch {}
    }
    pool.give(back: resident.place)
    for slot in state.tenancies.indices
    where state.tenancies[slot].handle != nil && state.tenancies[slot].adapter == adapter {
      state.empty(slot)
    }
  }

  func gone(_ adapter: Int64) -> LoaderFailure {
    LoaderFailure(LORA_GONE, "adapter \(adapter) is not in host memory; add it again")
  }

  /// What the cache calls an adapter.
  static func index(_ adapter: Int64) -> Int { Int(adapter) - 1 }

  /// Runs `body` alone.
  func locked<Value: Sendable>(_ body: (inout State) throws(LoaderFailure) -> Value) throws(LoaderFailure)
    -> Value
  {
    try state.withLock { (state) throws(LoaderFailure) in try body(&state) }
  }
}

extension AdapterPool.State {
  /// Takes a slot from its tenant: no request may take what is in it for the old tenant's.
  mutating func empty(_ slot: Int) {
    tenancies[slot].adapter = 0
    tenancies[slot].generation += 1
    tenancies[slot].handle = nil
  }
}
