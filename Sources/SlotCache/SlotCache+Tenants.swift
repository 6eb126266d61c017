extension SlotCache {
  /// Says that the tenant's weights are in the slot and can be read; false when the slot has another tenant by now.
  package mutating func publish(_ handle: SlotHandle) -> Bool {
    guard isCurrent(handle) else { return false }
    tenants[handle.slot].isReady = true
    return true
  }

  /// Says that the tenant's weights could not be loaded: the slot is empty again; false when it has another tenant.
  package mutating func fail(_ handle: SlotHandle) -> Bool {
    guard isCurrent(handle) else { return false }
    tenants[handle.slot].readers = 0
    empty(handle.slot)
    return true
  }

  /// Whether the slot still has the tenant that the handle was made for.
  package func isCurrent(_ handle: SlotHandle) -> Bool {
    handle.slot >= 0 && handle.slot < slots && tenants[handle.slot].generation == handle.generation
      && tenants[handle.slot].adapter >= 0
  }

  /// The slot from which an adapter can be served now; nil while it has none or is being loaded.
  package func ready(_ adapter: Int) -> SlotHandle? {
    guard adapters.indices.contains(adapter), case let slot = Int(adapters[adapter].slot), slot >= 0,
      tenants[slot].isReady
    else {
      return nil
    }
    return SlotHandle(slot: slot, generation: tenants[slot].generation)
  }

  /// The adapter that a slot serves, or nil when it is empty or being loaded.
  package func tenant(ofSlot slot: Int) -> Int? {
    tenants[slot].isReady ? Int(tenants[slot].adapter) : nil
  }

  /// Whether an adapter is in host memory.
  package func isInHost(_ adapter: Int) -> Bool { adapters.indices.contains(adapter) && host.contains(adapter) }

  // MARK: Use

  /// Keeps the slot's tenant until `release`; false when the handle is not current.
  ///
  /// A slot that is being loaded can be retained too: the one who loads it keeps it that way.
  package mutating func retain(_ handle: SlotHandle) -> Bool {
    guard isCurrent(handle) else { return false }
    tenants[handle.slot].readers += 1
    return true
  }

  /// Takes back one `retain`.
  package mutating func release(_ handle: SlotHandle) {
    guard isCurrent(handle), tenants[handle.slot].readers > 0 else { return }
    tenants[handle.slot].readers -= 1
  }

  /// Keeps an adapter in host memory and, once it has one, in its slot; false when it is not in host memory.
  package mutating func pin(_ adapter: Int) -> Bool {
    guard isInHost(adapter) else { return false }
    adapters[adapter].isPinned = true
    return true
  }

  /// Takes back `pin`.
  package mutating func unpin(_ adapter: Int) {
    if adapters.indices.contains(adapter) { adapters[adapter].isPinned = false }
  }

  /// Forgets an adapter: its slot is empty and host memory is free; false when it is not there or is being read.
  package mutating func remove(_ adapter: Int) -> Bool {
    guard isInHost(adapter) else { return false }
    let slot = Int(adapters[adapter].slot)
    if slot >= 0, tenants[slot].readers > 0 { return false }
    drop(adapter)
    return true
  }
}
