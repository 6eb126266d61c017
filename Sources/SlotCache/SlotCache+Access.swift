/// What a request for an adapter met, and what has to be done for it.
public struct SlotAccess: Sendable, Equatable {
  /// The slot of the adapter, and which tenant of it the adapter is.
  public var handle: SlotHandle
  /// Whether the adapter was in host memory.
  public var hostHit: Bool
  /// Whether the adapter had the slot already.
  public var deviceHit: Bool
  /// The adapter that lost the slot to make room on the device, or nil.
  public var evicted: Int?
  /// The adapter that left host memory, or nil.
  public var dropped: Int?
  /// Whether the dropped adapter lost its slot by that.
  public var cascaded: Bool
}

extension SlotCache {
  /// A request for an adapter.
  ///
  /// When it had no slot, it has one now that is not ready: load it, then call `publish` or `fail`. A slot that lost its
  /// tenant is empty from this moment on, so no request can be served from it while it is overwritten.
  /// - Throws: `SlotCacheError` when no adapter can make room; nothing has changed then.
  public mutating func access(_ adapter: Int) throws(SlotCacheError) -> SlotAccess {
    reserve(adapters: adapter + 1)
    let slot = Int(adapters[adapter].slot)
    if slot >= 0 {
      touch(adapter, slot: slot)
      let handle = SlotHandle(slot: slot, generation: tenants[slot].generation)
      return SlotAccess(
        handle: handle, hostHit: true, deviceHit: true, evicted: nil, dropped: nil, cascaded: false)
    }
    // Both victims are found before anything changes.
    let hostHit = host.contains(adapter)
    let dropped = hostHit ? nil : try hostVictim()
    let cascaded = dropped.map { adapters[$0].slot >= 0 } ?? false
    let victim = free.count > 0 || cascaded ? nil : try slotVictim()
    if let dropped { drop(dropped) }
    if hostHit { touchHost(adapter) } else { host.insert(adapter) }
    let evicted = victim.map { Int(tenants[$0].adapter) }
    if let victim { empty(victim) }
    return SlotAccess(
      handle: occupy(adapter), hostHit: hostHit, deviceHit: false, evicted: evicted, dropped: dropped,
      cascaded: cascaded)
  }

  /// Takes an adapter into host memory without a slot, as a hint that it will be asked for.
  ///
  /// - Returns: whether it was there already, and the adapter that left for it.
  public mutating func prefetch(_ adapter: Int) throws(SlotCacheError) -> (hostHit: Bool, dropped: Int?) {
    reserve(adapters: adapter + 1)
    if host.contains(adapter) {
      touchHost(adapter)
      return (true, nil)
    }
    let dropped = try hostVictim()
    if let dropped { drop(dropped) }
    host.insert(adapter)
    return (false, dropped)
  }

  /// Makes the adapter leave host memory that would leave for another one next, to have room before it is known for whom.
  ///
  /// - Returns: the adapter, or nil when there is none.
  /// - Throws: `.hostBusy` when all of them are pinned or being read.
  public mutating func dropOldest() throws(SlotCacheError) -> Int? {
    guard host.count > 0 else { return nil }
    let adapter = try oldestInHost()
    drop(adapter)
    return adapter
  }

  // MARK: Steps

  private mutating func touch(_ adapter: Int, slot: Int) {
    guard policy == .lru else { return }
    host.moveToNewest(adapter)
    device.moveToNewest(slot)
  }

  private mutating func touchHost(_ adapter: Int) {
    if policy == .lru { host.moveToNewest(adapter) }
  }

  /// The adapter that leaves host memory for another, or nil when there is room.
  private func hostVictim() throws(SlotCacheError) -> Int? {
    host.count >= hostCapacity ? try oldestInHost() : nil
  }

  private func oldestInHost() throws(SlotCacheError) -> Int {
    var candidate = host.oldest
    while candidate >= 0 {
      let state = adapters[Int(candidate)]
      if !state.isPinned, state.slot < 0 || isMovable(Int(state.slot)) { return Int(candidate) }
      candidate = host.newer(than: candidate)
    }
    throw .hostBusy
  }

  /// The slot whose tenant makes room.
  private func slotVictim() throws(SlotCacheError) -> Int {
    var candidate = device.oldest
    while candidate >= 0 {
      let slot = Int(candidate)
      if !adapters[Int(tenants[slot].adapter)].isPinned, isMovable(slot) { return slot }
      candidate = device.newer(than: candidate)
    }
    throw .slotsBusy
  }

  /// Whether the slot is neither read nor filled.
  private func isMovable(_ slot: Int) -> Bool { tenants[slot].readers == 0 }

  private mutating func occupy(_ adapter: Int) -> SlotHandle {
    guard let slot = free.takeLowest() else { preconditionFailure("room was made before") }
    tenants[slot].adapter = Int32(truncatingIfNeeded: adapter)
    tenants[slot].generation &+= 1
    tenants[slot].isReady = false
    adapters[adapter].slot = Int32(truncatingIfNeeded: slot)
    device.insert(slot)
    return SlotHandle(slot: slot, generation: tenants[slot].generation)
  }

  mutating func empty(_ slot: Int) {
    adapters[Int(tenants[slot].adapter)].slot = -1
    tenants[slot].adapter = -1
    tenants[slot].isReady = false
    // A handle of the tenant that left is not current any more, also while the slot is empty.
    tenants[slot].generation &+= 1
    device.remove(slot)
    free.release(slot)
  }

  mutating func drop(_ adapter: Int) {
    if adapters[adapter].slot >= 0 { empty(Int(adapters[adapter].slot)) }
    adapters[adapter].isPinned = false
    host.remove(adapter)
  }
}
