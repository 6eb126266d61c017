public import LoRAIO
public import LoRAModel
import Safetensors
public import SlotCache
import Synchronization
import TensorCore

/// Adapters on a device and in host memory, swapped as requests for them come in.
///
/// Every adapter is known by a small number. `acquire` gives leases on slots that hold the adapters and keeps them there
/// until the leases are released; who makes room is decided by `SlotCache`. A slot is empty from the moment it loses its
/// tenant until the next one is completely in place, so no request is ever served another adapter than the one asked for.
///
/// Safe from any number of threads: hits take a short lock, loads are made one after the other, as they share one bus.
public final class AdapterSlots: Sendable {
  /// The slots.
  public let memory: any SlotMemory
  private let base: BaseModel
  private let pool: HostPool
  private let workers: Int
  private let state: Mutex<State>
  /// Held while something is read or moved.
  private let loading = Mutex(())

  /// What is known of one adapter.
  fileprivate struct Entry: Sendable {
    var path: String
    var adapter: Adapter
    var plan: PackingPlan
    /// Its place in the pool while it is in host memory.
    var place: Int?
    var digest: ContentDigest?
  }

  fileprivate struct State: Sendable {
    var cache: SlotCache
    var entries: [Entry] = []
    var numbers: [String: Int] = [:]
    /// For each slot, those who may still read its present or last contents.
    var readers: [[any SlotFence]]
  }

  /// Slots of `layout` on `device`, over a pool of `hostCapacity` adapters (`max_cpu_loras`) of at most `adapterBytes`
  /// bytes of weights each; all memory is allocated now.
  ///
  /// - Throws: `SlotDeviceError` when there is not enough of it.
  public init(
    base: BaseModel, layout: SlotLayout, device: any SlotDevice, hostCapacity: Int, adapterBytes: UInt64,
    policy: SlotCache.Policy = .lru, workers: Int
  ) throws(SlotDeviceError) {
    self.base = base
    self.workers = workers
    let cache = SlotCache(slots: layout.slots, hostCapacity: hostCapacity, policy: policy)
    memory = try device.allocateSlots(layout)
    pool = try HostPool(places: cache.hostCapacity, placeBytes: adapterBytes, device: device)
    state = Mutex(State(cache: cache, readers: Array(repeating: [], count: layout.slots)))
  }

  /// Makes an adapter known and checks that it fits; nothing but its header is read.
  ///
  /// - Returns: its number; the same for the same path.
  public func register(_ path: String) throws(AdapterSlotsError) -> Int {
    if let known = state.withLock({ $0.numbers[path] }) { return known }
    let adapter = Adapter.load(path, unpacking: .onDemand)
    let plan: PackingPlan
    do throws(PackingError) { plan = try PackingPlan(adapter, base: base, layout: memory.layout) } catch {
      throw .refused(error)
    }
    guard let file = adapter.file, file.dataBytes <= pool.placeBytes else {
      throw .refused(
        PackingError(path, nil, "its weights are more than the pool's places of \(ByteCount(pool.placeBytes))"))
    }
    return state.withLock { state in
      if let known = state.numbers[path] { return known }
      state.entries.append(Entry(path: path, adapter: adapter, plan: plan))
      state.numbers[path] = state.entries.count - 1
      state.cache.reserve(adapters: state.entries.count)
      return state.entries.count - 1
    }
  }

  /// Forgets what is in memory of an adapter, so that its files are opened and read again; false while it is in use.
  ///
  /// A file that was replaced under its name gets another digest by that, and never the old one's slot.
  public func reload(_ path: String) throws(AdapterSlotsError) -> Bool {
    let isGone = loading.withLock { _ in
      state.withLock { state -> Bool in
        guard let number = state.numbers[path] else { return true }
        guard !state.cache.isInHost(number) || state.cache.remove(number) else { return false }
        state.releasePlace(of: number, pool)
        state.numbers[path] = nil
        return true
      }
    }
    guard isGone else { return false }
    _ = try register(path)
    return true
  }

  /// What the adapter's contents are; nil until it was in host memory once.
  public func digest(of adapter: Int) -> ContentDigest? {
    state.withLock { $0.entries.indices.contains(adapter) ? $0.entries[adapter].digest : nil }
  }

  // MARK: Use

  /// Leases on slots that hold these adapters, in their order; what is not there is loaded, all of it in one transfer.
  ///
  /// - Throws: `AdapterSlotsError`; the slots that could not be filled are empty then, the others keep their tenants.
  public func acquire(_ adapters: [Int]) throws(AdapterSlotsError) -> [SlotLease] {
    if let leases = hits(adapters) { return leases }
    return try loading.withLock { _ throws(AdapterSlotsError) in
      // Another thread may have loaded them meanwhile.
      if let leases = hits(adapters) { return leases }
      return try load(adapters)
    }
  }

  /// Reads an adapter into host memory, as a hint that it will be asked for.
  public func prefetch(_ adapter: Int) throws(AdapterSlotsError) {
    try loading.withLock { _ throws(AdapterSlotsError) in
      let isThere = try state.withLock { state throws(AdapterSlotsError) in
        try state.check(adapter)
        do throws(SlotCacheError) {
          let (hit, dropped) = try state.cache.prefetch(adapter)
          if let dropped { state.releasePlace(of: dropped, pool) }
          return hit
        } catch { throw .busy(error) }
      }
      if !isThere { try fill(adapter) }
    }
  }

  /// Keeps an adapter where it is; false when it is not in host memory.
  public func pin(_ adapter: Int) -> Bool { state.withLock { $0.cache.pin(adapter) } }

  /// Takes back `pin`.
  public func unpin(_ adapter: Int) { state.withLock { $0.cache.unpin(adapter) } }

  /// Whether a handle still stands for the tenant that it was given out for.
  public func isCurrent(_ handle: SlotHandle) -> Bool { state.withLock { $0.cache.isCurrent(handle) } }

  /// Adapters in host memory and with a slot.
  public var counts: (host: Int, device: Int) { state.withLock { ($0.cache.hostCount, $0.cache.deviceCount) } }

  /// Leases if all adapters have slots that are ready.
  private func hits(_ adapters: [Int]) -> [SlotLease]? {
    let accesses = state.withLock { state -> [SlotAccess]? in
      guard adapters.allSatisfy({ state.cache.ready($0) != nil }) else { return nil }
      var accesses: [SlotAccess] = []
      for adapter in adapters {
        // Cannot fail: a hit needs no room.
        guard let access = try? state.cache.access(adapter), state.cache.retain(access.handle) else { continue }
        accesses.append(access)
      }
      return accesses
    }
    // Made outside the lock, which a lease takes when it ends.
    return accesses.map { zip(adapters, $0).map { SlotLease(adapter: $0, access: $1, timings: nil, owner: self) } }
  }

  // MARK: Loading, one at a time

  private func load(_ adapters: [Int]) throws(AdapterSlotsError) -> [SlotLease] {
    var accesses: [SlotAccess] = []
    do throws(AdapterSlotsError) {
      for adapter in adapters { accesses.append(try grant(adapter)) }
      for (adapter, access) in zip(adapters, accesses) where !access.hostHit { try fill(adapter) }
      let timings = try move(adapters, accesses)
      state.withLock { state in
        for access in accesses where !access.deviceHit { _ = state.cache.publish(access.handle) }
      }
      return zip(adapters, accesses).map { SlotLease(adapter: $0, access: $1, timings: timings, owner: self) }
    } catch {
      state.withLock { state in
        for access in accesses {
          // What was there before stays; what should have come has failed.
          if access.deviceHit { state.cache.release(access.handle) } else { _ = state.cache.fail(access.handle) }
        }
        for adapter in adapters where state.entries.indices.contains(adapter) && state.entries[adapter].place == nil {
          _ = state.cache.remove(adapter)
        }
      }
      throw error
    }
  }

  /// Gives an adapter a slot and keeps it from being taken while it is filled.
  private func grant(_ adapter: Int) throws(AdapterSlotsError) -> SlotAccess {
    try state.withLock { state throws(AdapterSlotsError) in
      try state.check(adapter)
      do throws(SlotCacheError) {
        let access = try state.cache.access(adapter)
        _ = state.cache.retain(access.handle)
        if let dropped = access.dropped { state.releasePlace(of: dropped, pool) }
        return access
      } catch { throw .busy(error) }
    }
  }

  /// Reads an adapter into a place of the pool.
  private func fill(_ adapter: Int) throws(AdapterSlotsError) {
    let entry = state.withLock { $0.entries[adapter] }
    // The pool has a place for every adapter that the cache lets in.
    guard entry.place == nil, let place = pool.take() else { return }
    do throws(AdapterSlotsError) {
      let digest = try pool.read(entry.adapter, into: place, workers: workers)
      if let known = entry.digest, known != digest {
        throw .refused(
          PackingError(entry.path, nil, "its contents changed since it was loaded first", hint: "load it anew"))
      }
      state.withLock { state in
        state.entries[adapter].place = place
        state.entries[adapter].digest = digest
      }
    } catch {
      pool.give(back: place)
      state.withLock { _ = $0.cache.remove(adapter) }
      throw error
    }
  }

  /// Moves what has no slot contents yet in one batch and waits for it.
  private func move(_ adapters: [Int], _ accesses: [SlotAccess]) throws(AdapterSlotsError) -> SlotTimings {
    var seen: Set<Int> = []
    let loads = state.withLock { state in
      zip(adapters, accesses).compactMap { adapter, access -> SlotLoad? in
        guard !access.deviceHit, seen.insert(access.handle.slot).inserted, let place = state.entries[adapter].place
        else { return nil }
        let readers = state.readers[access.handle.slot]
        state.readers[access.handle.slot] = []
        return SlotLoad(
          plan: state.entries[adapter].plan, staging: pool.staging, start: pool.start(of: place),
          slot: access.handle.slot, readers: readers)
      }
    }
    guard !loads.isEmpty else { return SlotTimings() }
    do throws(SlotDeviceError) {
      let loading = try memory.load(loads)
      try loading.wait()
      return loading.timings
    } catch { throw .device(error) }
  }

  fileprivate func release(_ handle: SlotHandle, after fence: (any SlotFence)?) {
    state.withLock { state in
      if let fence, state.cache.isCurrent(handle) {
        state.readers[handle.slot].removeAll { $0.isDone }
        state.readers[handle.slot].append(fence)
      }
      state.cache.release(handle)
    }
  }
}

extension AdapterSlots.State {
  fileprivate func check(_ adapter: Int) throws(AdapterSlotsError) {
    guard entries.indices.contains(adapter) else { throw .unknown(adapter) }
  }

  /// Gives back the place of an adapter that has left host memory.
  fileprivate mutating func releasePlace(of adapter: Int, _ pool: HostPool) {
    if let place = entries[adapter].place { pool.give(back: place) }
    entries[adapter].place = nil
  }
}

/// The right to read one adapter's slot; it ends with `release`, or with the last reference.
public final class SlotLease: Sendable {
  /// The adapter's number.
  public let adapter: Int
  /// What the request met.
  public let access: SlotAccess
  /// What loading took, for the whole batch; nil when nothing had to be loaded.
  public let timings: SlotTimings?
  private let owner: AdapterSlots
  private let isOpen = Atomic<Bool>(true)

  init(adapter: Int, access: SlotAccess, timings: SlotTimings?, owner: AdapterSlots) {
    self.adapter = adapter
    self.access = access
    self.timings = timings
    self.owner = owner
  }

  /// The slot, and which of its tenants.
  public var handle: SlotHandle { access.handle }

  /// Ends the lease; the slot is not overwritten before `fence`, where there is one, has ended.
  public func release(after fence: (any SlotFence)? = nil) {
    guard isOpen.exchange(false, ordering: .acquiringAndReleasing) else { return }
    owner.release(handle, after: fence)
  }

  deinit { release() }
}

/// Why an adapter has no slot.
public enum AdapterSlotsError: Error, Sendable, CustomStringConvertible {
  /// The adapter cannot be packed.
  case refused(PackingError)
  /// No adapter can make room.
  case busy(SlotCacheError)
  /// The device failed.
  case device(SlotDeviceError)
  /// A file could not be read.
  case file(IOError)
  /// There is no adapter of this number.
  case unknown(Int)

  /// One sentence.
  public var description: String {
    switch self {
    case .refused(let error): error.description
    case .busy(let error): error.description
    case .device(let error): error.description
    case .file(let error): error.description
    case .unknown(let number): "no adapter has the number \(number)"
    }
  }
}
