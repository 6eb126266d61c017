import LoRAModel
import SlotCache

/// What a pool knows of its adapters and its slots: bookkeeping alone, nothing here reads, moves or waits.
struct PoolState: Sendable {
  /// What is known of one adapter.
  struct Entry: Sendable {
    /// What it is read from when it is asked for; nil when only its contents are known.
    var source: Adapter?
    /// How it fills a slot; nil when it is gone.
    var plan: PackingPlan?
    /// Its place in host memory while it is there.
    var place: Int?
    var digest: ContentDigest?
    /// Loads that may still read the place.
    var loads: [any SlotFence] = []
  }

  /// What is known of one slot.
  struct Slot: Sendable {
    /// The adapter whose weights it holds; nil while it holds none, or not all of them.
    var adapter: Int?
    /// Counts the changes.
    var generation: UInt64 = 0
    /// The last load or eviction; nil when it is known to have ended.
    var change: (any SlotFence)?
    /// The tenant as the cache has it, where the cache assigns slots.
    var handle: SlotHandle?
    /// Ends of work that may still read the slot, kept until a load that comes after them is queued.
    var readers: [any SlotFence] = []

    /// Takes the slot from its tenant: no request may take what is in it for the old tenant's.
    mutating func empty() {
      adapter = nil
      generation += 1
      handle = nil
    }
  }

  /// An adapter that gets a slot, and the cache's handle where the cache has assigned it.
  struct Assignment: Sendable {
    var adapter: Int
    var slot: Int
    var handle: SlotHandle?
  }

  /// Which adapters are in host memory, and where the cache assigns slots in which slot.
  var cache: SlotCache
  var entries: [Entry] = []
  /// The numbers of registered adapters by path.
  var paths: [String: Int] = [:]
  /// The numbers of all contents that were ever added.
  var contents: [ContentDigest: Int] = [:]
  var slots: [Slot]
  /// The engine's memory for each buffer, as far as it is bound.
  var placements: [SlotPlacement?]
  var memory: (any SlotMemory)?
  /// Set by the first change of a slot.
  var assigner: SlotAssigner?

  init(cache: SlotCache, slots: Int, buffers: Int) {
    self.cache = cache
    self.slots = Array(repeating: Slot(), count: slots)
    placements = Array(repeating: nil, count: buffers)
  }

  // MARK: Adapters

  /// Takes in a new adapter; returns its number.
  mutating func append(_ entry: Entry) -> Int {
    entries.append(entry)
    cache.reserve(adapters: entries.count)
    return entries.count - 1
  }

  /// Checks that an adapter is in host memory or can be read again.
  func check(_ adapter: Int) throws(AdapterPoolError) {
    guard entries.indices.contains(adapter), entries[adapter].place != nil || entries[adapter].source != nil else {
      throw .gone(adapter)
    }
  }

  /// Checks that an adapter is in host memory.
  func checkResident(_ adapter: Int) throws(AdapterPoolError) {
    guard entries.indices.contains(adapter), entries[adapter].place != nil else { throw .gone(adapter) }
  }

  /// Ends what is left of an adapter that the cache has dropped: its place, and its slot where the cache has assigned it.
  mutating func forget(_ adapter: Int, _ places: HostPlaces) {
    if let place = entries[adapter].place { places.give(back: place, after: entries[adapter].loads) }
    entries[adapter].place = nil
    entries[adapter].loads = []
    if entries[adapter].source == nil { entries[adapter].plan = nil }
    for slot in slots.indices where slots[slot].handle != nil && slots[slot].adapter == adapter { slots[slot].empty() }
  }

  // MARK: Slots

  /// Settles who assigns slots; the first change of one does.
  mutating func settle(_ assigner: SlotAssigner) throws(AdapterPoolError) {
    if let settled = self.assigner, settled != assigner { throw .assigned(by: settled) }
    self.assigner = assigner
  }

  /// Gives an adapter a slot by the cache's policy and keeps it from being taken.
  mutating func grant(_ adapter: Int, _ places: HostPlaces) throws(AdapterPoolError) -> SlotAccess {
    let access: SlotAccess
    do throws(SlotCacheError) { access = try cache.access(adapter) } catch { throw .busy(error) }
    _ = cache.retain(access.handle)
    if let dropped = access.dropped { forget(dropped, places) }
    if !access.deviceHit {
      slots[access.handle.slot].empty()
      slots[access.handle.slot].handle = access.handle
    }
    return access
  }

  /// Takes back `grant`: what was in a slot before stays, what should have come has failed.
  mutating func revoke(_ access: SlotAccess) {
    if access.deviceHit { return cache.release(access.handle) }
    if cache.fail(access.handle) { slots[access.handle.slot].empty() }
  }

  /// Notes that a load is queued: it comes after all readers, and reads the adapter's place.
  mutating func queued(_ assignment: Assignment, _ loading: any SlotFence) {
    slots[assignment.slot].readers = []
    slots[assignment.slot].change = loading
    entries[assignment.adapter].loads = entries[assignment.adapter].loads.filter { !$0.isDone } + [loading]
  }

  /// Gives a slot to the adapter that was loaded into it.
  mutating func publish(_ assignment: Assignment) {
    slots[assignment.slot].adapter = assignment.adapter
    if let handle = assignment.handle { _ = cache.publish(handle) }
  }

  /// Ends one use of a slot, which may still be read until `fences` have ended.
  mutating func release(_ handle: SlotHandle, after fences: [any SlotFence]) {
    if cache.isCurrent(handle) {
      slots[handle.slot].readers = slots[handle.slot].readers.filter { !$0.isDone } + fences
    }
    cache.release(handle)
  }
}
