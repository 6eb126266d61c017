import CLoRALoader
import LoRASlots
import SlotCache

/// Slots that the pool chooses, by the rules of `SlotCache`.
extension AdapterPool {
  /// Gives every adapter a slot and keeps it there until `release`; what has none yet is loaded, all in one transfer.
  ///
  /// - Returns: slot and generation of each.
  /// - Throws: `LORA_GONE`, `LORA_BUSY`, or what the device throws; the slots that should have been filled are empty then
  ///   and nothing is kept.
  func acquire(_ adapters: [Int64], stream: UInt) throws(LoaderFailure) -> [(slot: UInt64, generation: UInt64)] {
    try locked { (state) throws(LoaderFailure) in
      for adapter in adapters where state.residents[adapter] == nil { throw gone(adapter) }
      try state.choose(.pool)
      let memory = try memory(&state)
      let queued = try fences(after: stream)
      var granted: [SlotAccess] = []
      do throws(LoaderFailure) {
        var loads: [SlotLoad] = []
        for adapter in adapters {
          let access = try grant(adapter, &state)
          granted.append(access)
          guard !access.deviceHit, let resident = state.residents[adapter] else { continue }
          let slot = access.handle.slot
          loads.append(load(resident, into: slot, after: queued + state.tenancies[slot].readers))
          state.empty(slot)
          state.tenancies[slot].readers = []
          state.tenancies[slot].handle = access.handle
        }
        if !loads.isEmpty {
          let loading = try onDevice { () throws(SlotDeviceError) in try memory.load(loads) }
          for (adapter, access) in zip(adapters, granted) where !access.deviceHit {
            state.tenancies[access.handle.slot].adapter = adapter
            state.tenancies[access.handle.slot].change = loading
            state.isRead(adapter, by: loading)
            _ = state.cache.publish(access.handle)
          }
        }
        // Of those that were there, some may have been loaded for another stream a moment ago.
        for access in granted {
          if let change = state.tenancies[access.handle.slot].change { try order(change, before: stream) }
        }
      } catch {
        for access in granted {
          if access.deviceHit {
            state.cache.release(access.handle)
          } else if state.cache.fail(access.handle) {
            state.empty(access.handle.slot)
          }
        }
        throw error
      }
      return granted.map { (UInt64($0.handle.slot), state.tenancies[$0.handle.slot].generation) }
    }
  }

  private func grant(_ adapter: Int64, _ state: inout State) throws(LoaderFailure) -> SlotAccess {
    do throws(SlotCacheError) {
      let access = try state.cache.access(Self.index(adapter))
      _ = state.cache.retain(access.handle)
      return access
    } catch { throw LoaderFailure(error) }
  }

  /// Takes back one `acquire`; the slot is not overwritten before what is queued on the stream now has ended.
  func release(_ number: UInt64, generation: UInt64, stream: UInt) throws(LoaderFailure) {
    let slot = try check(number)
    try locked { (state) throws(LoaderFailure) in
      guard state.tenancies[slot].generation == generation, let handle = state.tenancies[slot].handle else {
        throw LoaderFailure(LORA_INVALID, "slot \(slot) was not acquired in generation \(generation)")
      }
      let fences = try fences(after: stream)
      state.tenancies[slot].readers = state.tenancies[slot].readers.filter { !$0.isDone } + fences
      state.cache.release(handle)
    }
  }
}
