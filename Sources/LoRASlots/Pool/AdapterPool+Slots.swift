public import SlotCache
import Synchronization

/// What a slot holds.
public struct SlotStatus: Sendable {
  /// The adapter's number; nil for a slot that belongs to none.
  public let adapter: Int?
  /// How many times the slot has changed.
  public let generation: UInt64
  /// Whether the last change has ended.
  public let isReady: Bool
}

/// Slots and their tenants.
extension AdapterPool {
  /// Leases on slots that hold these adapters, in their order, assigned by the cache; what is not there is loaded, all of
  /// it in one transfer.
  ///
  /// - Throws: `.gone`, `.busy` when no adapter can make room, `.assigned` when the caller assigns slots, or why something
  ///   could not be read or moved; the slots that could not be filled are empty then, the others keep their tenants.
  public func acquire(_ adapters: [Int], for waiter: SlotWaiter = .host) throws(AdapterPoolError) -> [SlotLease] {
    if let leases = try hits(adapters, waiter) { return leases }
    return try changing.withLock { _ throws(AdapterPoolError) in
      // Another thread may have loaded them meanwhile.
      if let leases = try hits(adapters, waiter) { return leases }
      return try assign(adapters, waiter)
    }
  }

  /// Takes back one lease that was detached: the slot may get another tenant, but not before what `waiter` has to do now
  /// has ended.
  ///
  /// - Throws: `.notAcquired` when the slot was not acquired in this generation.
  public func release(slot: Int, generation: UInt64, after waiter: SlotWaiter) throws(AdapterPoolError) {
    try check(slot)
    let handle = try state.withLock { (state) throws(AdapterPoolError) in
      guard state.slots[slot].generation == generation, let handle = state.slots[slot].handle else {
        throw .notAcquired(slot: slot, generation: generation)
      }
      return handle
    }
    release(handle, after: try onDevice { () throws(SlotDeviceError) in try waiter.fences() })
  }

  func release(_ handle: SlotHandle, after fences: [any SlotFence]) {
    state.withLock { $0.release(handle, after: fences) }
  }

  /// Fills slots of the caller's choice, all in one transfer.
  ///
  /// - Parameters:
  ///   - adapters: adapters in host memory, or registered ones.
  ///   - slots: as many different slots; after a failure they belong to no adapter.
  ///   - waiter: who waits for it.
  public func load(_ adapters: [Int], into slots: [Int], for waiter: SlotWaiter = .host) throws(AdapterPoolError) {
    guard adapters.count == slots.count, Set(slots).count == slots.count else {
      throw .invalid("a slot is named twice; one transfer fills a slot once")
    }
    try changing.withLock { _ throws(AdapterPoolError) in
      let (memory, queued) = try take(slots, waiter)
      try state.withLock { (state) throws(AdapterPoolError) in
        for adapter in adapters { try state.check(adapter) }
      }
      for adapter in adapters { try bring(adapter) }
      let assignments = zip(adapters, slots).map { PoolState.Assignment(adapter: $0, slot: $1) }
      _ = try move(assignments, in: memory, after: queued, waiter)
    }
  }

  /// Makes a slot of the caller's choice all zero.
  public func evict(_ slot: Int, for waiter: SlotWaiter = .host) throws(AdapterPoolError) {
    try changing.withLock { _ throws(AdapterPoolError) in
      let (memory, queued) = try take([slot], waiter)
      let readers = queued + state.withLock { $0.slots[slot].readers }
      let change = try onDevice { () throws(SlotDeviceError) in try memory.clear(slot: slot, after: readers) }
      state.withLock { state in
        state.slots[slot].readers = []
        state.slots[slot].change = change
      }
      try onDevice { () throws(SlotDeviceError) in try waiter.wait(for: change) }
    }
  }

  /// Blocks until a slot's last change has ended.
  public func wait(_ slot: Int) throws(AdapterPoolError) {
    try check(slot)
    let change = state.withLock { $0.slots[slot].change }
    try onDevice { () throws(SlotDeviceError) in try change?.wait() }
  }

  /// What a slot holds.
  public func status(of slot: Int) throws(AdapterPoolError) -> SlotStatus {
    try check(slot)
    let known = state.withLock { $0.slots[slot] }
    return SlotStatus(
      adapter: known.adapter, generation: known.generation, isReady: known.change?.isDone != false)
  }

  /// Whether a handle still stands for the tenant that it was given out for.
  public func isCurrent(_ handle: SlotHandle) -> Bool { state.withLock { $0.cache.isCurrent(handle) } }

  // MARK: The cache assigns

  /// An adapter's slot, as the cache gave it out.
  private struct Grant: Sendable {
    var adapter: Int
    var access: SlotAccess
    var slot: PoolState.Slot
  }

  /// Leases if all adapters have slots that are ready.
  private func hits(_ adapters: [Int], _ waiter: SlotWaiter) throws(AdapterPoolError) -> [SlotLease]? {
    let grants = state.withLock { state -> [Grant]? in
      guard adapters.allSatisfy({ state.cache.ready($0) != nil }) else { return nil }
      return adapters.compactMap { adapter in
        // Cannot fail: a hit needs no room.
        guard let access = try? state.grant(adapter, places) else { return nil }
        return Grant(adapter: adapter, access: access, slot: state.slots[access.handle.slot])
      }
    }
    guard let grants else { return nil }
    do throws(AdapterPoolError) { return try leases(grants, nil, waiter) } catch {
      state.withLock { state in for grant in grants { state.revoke(grant.access) } }
      throw error
    }
  }

  /// Gives every adapter a slot and loads what is not there.
  private func assign(_ adapters: [Int], _ waiter: SlotWaiter) throws(AdapterPoolError) -> [SlotLease] {
    try state.withLock { (state) throws(AdapterPoolError) in
      for adapter in adapters { try state.check(adapter) }
      try state.settle(.cache)
    }
    let memory = try memory()
    let queued = try onDevice { () throws(SlotDeviceError) in try waiter.fences() }
    var granted: [(adapter: Int, access: SlotAccess)] = []
    do throws(AdapterPoolError) {
      for adapter in adapters {
        let access = try state.withLock { (state) throws(AdapterPoolError) in try state.grant(adapter, places) }
        granted.append((adapter, access))
      }
      for (adapter, access) in granted where !access.hostHit { try fill(adapter) }
      let assignments = granted.filter { !$0.access.deviceHit }.map {
        PoolState.Assignment(adapter: $0.adapter, slot: $0.access.handle.slot, handle: $0.access.handle)
      }
      let timings = try move(assignments, in: memory, after: queued, waiter)
      let grants = state.withLock { state in
        granted.map { Grant(adapter: $0.adapter, access: $0.access, slot: state.slots[$0.access.handle.slot]) }
      }
      return try leases(grants, timings, waiter)
    } catch {
      state.withLock { state in
        for (_, access) in granted { state.revoke(access) }
        for adapter in adapters where state.entries[adapter].place == nil { _ = state.cache.remove(adapter) }
      }
      throw error
    }
  }

  /// Leases on granted slots, some of which may have been loaded for another stream a moment ago.
  private func leases(_ grants: [Grant], _ timings: SlotTimings?, _ waiter: SlotWaiter) throws(AdapterPoolError)
    -> [SlotLease]
  {
    for change in grants.compactMap(\.slot.change) {
      try onDevice { () throws(SlotDeviceError) in try waiter.wait(for: change) }
    }
    return grants.map {
      SlotLease(
        adapter: $0.adapter, access: $0.access, generation: $0.slot.generation, timings: timings, owner: self)
    }
  }

  // MARK: The caller assigns

  /// Takes slots from their tenants for the caller; returns the memory and what the change has to come after.
  private func take(_ slots: [Int], _ waiter: SlotWaiter) throws(AdapterPoolError) -> (
    any SlotMemory, after: [any SlotFence]
  ) {
    for slot in slots { try check(slot) }
    try state.withLock { (state) throws(AdapterPoolError) in try state.settle(.caller) }
    let memory = try memory()
    let queued = try onDevice { () throws(SlotDeviceError) in try waiter.fences() }
    // Whatever happens next, no request may take the slots for the old tenants'.
    state.withLock { state in for slot in slots { state.slots[slot].empty() } }
    return (memory, queued)
  }

  // MARK: Moving

  /// Moves adapters from host memory into their slots, all in one transfer; with `changing` held.
  ///
  /// - Returns: what it took, where the host waited.
  private func move(
    _ assignments: [PoolState.Assignment], in memory: any SlotMemory, after queued: [any SlotFence],
    _ waiter: SlotWaiter
  ) throws(AdapterPoolError) -> SlotTimings? {
    guard !assignments.isEmpty else { return SlotTimings() }
    let loads = try state.withLock { (state) throws(AdapterPoolError) in
      var loads: [SlotLoad] = []
      for assignment in assignments {
        let entry = state.entries[assignment.adapter]
        guard let place = entry.place, let plan = entry.plan else { throw .gone(assignment.adapter) }
        loads.append(
          SlotLoad(
            plan: plan, staging: places.staging, start: places.start(of: place), slot: assignment.slot,
            readers: queued + state.slots[assignment.slot].readers, isTimed: waiter.isHost))
      }
      return loads
    }
    let loading = try onDevice { () throws(SlotDeviceError) in try memory.load(loads) }
    state.withLock { state in for assignment in assignments { state.queued(assignment, loading) } }
    try onDevice { () throws(SlotDeviceError) in try waiter.wait(for: loading) }
    return state.withLock { state in
      for assignment in assignments { state.publish(assignment) }
      guard waiter.isHost else { return nil }
      // Everything that was queued has ended.
      for assignment in assignments { state.slots[assignment.slot].change = nil }
      return loading.timings
    }
  }
}
