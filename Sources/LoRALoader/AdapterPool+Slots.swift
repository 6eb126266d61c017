import CLoRALoader
import LoRAIO
import LoRASlots
import LoRASlotsCUDA
import SlotCache

/// Slots that the engine chooses.
extension AdapterPool {
  /// Names the engine's memory for a buffer.
  func bind(_ buffer: Int, at placement: SlotPlacement) throws(LoaderFailure) {
    try locked { (state) throws(LoaderFailure) in
      guard layout.buffers.indices.contains(buffer) else {
        throw LoaderFailure(LORA_INVALID, "there is no buffer \(buffer), only \(layout.buffers.count)")
      }
      guard state.slots == nil else { throw LoaderFailure(LORA_INVALID, "buffers are bound before the first load") }
      let name = layout.buffers[buffer].name
      guard placement.address != 0 else { throw LoaderFailure(LORA_INVALID, "\(name): the address is null") }
      guard placement.stride >= layout.buffers[buffer].slotBytes || layout.slots == 1 else {
        throw LoaderFailure(
          LORA_INVALID,
          "\(name): \(placement.stride) bytes from slot to slot are less than the slot's "
            + "\(layout.buffers[buffer].slotBytes)")
      }
      state.placements[buffer] = placement
    }
  }

  /// Fills slots, all in one transfer.
  func load(_ adapters: [Int64], into slots: [UInt64], stream: UInt) throws(LoaderFailure) {
    guard Set(slots).count == slots.count else {
      throw LoaderFailure(LORA_INVALID, "a slot is named twice; one transfer fills a slot once")
    }
    try change(slots, to: adapters, stream: stream) { (memory, state, slots, readers) throws(LoaderFailure) in
      for adapter in adapters where state.residents[adapter] == nil { throw gone(adapter) }
      let loads = zip(adapters, slots).compactMap { adapter, slot in
        state.residents[adapter].map { load($0, into: slot, after: readers) }
      }
      let loading = try onDevice { () throws(SlotDeviceError) in try memory.load(loads) }
      for adapter in adapters {
        // A hit, which costs no other adapter its place.
        _ = try? state.cache.prefetch(Self.index(adapter))
        state.isRead(adapter, by: loading)
      }
      return loading
    }
  }

  /// What brings an adapter into a slot.
  func load(_ resident: Resident, into slot: Int, after readers: [any SlotFence]) -> SlotLoad {
    SlotLoad(
      plan: resident.plan, staging: pool.staging, start: pool.start(of: resident.place), slot: slot, readers: readers)
  }

  /// Makes a slot all zero.
  func evict(_ slot: UInt64, stream: UInt) throws(LoaderFailure) {
    try change([slot], to: [0], stream: stream) { (memory, _, slots, readers) throws(LoaderFailure) in
      try onDevice { () throws(SlotDeviceError) in try memory.clear(slot: slots[0], after: readers) }
    }
  }

  /// Changes slots between what is queued on the engine's stream now and what is queued later.
  private func change(
    _ numbers: [UInt64], to adapters: [Int64], stream: UInt,
    _ body: (any SlotMemory, inout State, [Int], [any SlotFence]) throws(LoaderFailure) -> any SlotFence
  ) throws(LoaderFailure) {
    try locked { (state) throws(LoaderFailure) in
      var slots: [Int] = []
      for number in numbers { slots.append(try check(number)) }
      try state.choose(.engine)
      let memory = try memory(&state)
      let readers = try fences(after: stream)
      // Whatever happens next, no request may take the slots for the old tenants'.
      for slot in slots { state.empty(slot) }
      let change = try body(memory, &state, slots, readers)
      for slot in slots { state.tenancies[slot].change = change }
      try order(change, before: stream)
      for (slot, adapter) in zip(slots, adapters) { state.tenancies[slot].adapter = adapter }
    }
  }

  /// The end of what is queued on the engine's stream now; the host has no queue.
  func fences(after stream: UInt) throws(LoaderFailure) -> [any SlotFence] {
    guard let gpu = device as? CUDADevice else { return [] }
    return [try onDevice { () throws(SlotDeviceError) in try gpu.fence(after: stream) }]
  }

  /// Lets what is queued on the engine's stream from now on wait for a change.
  func order(_ change: any SlotFence, before stream: UInt) throws(LoaderFailure) {
    guard let fence = change as? CUDAFence else { return }
    try onDevice { () throws(SlotDeviceError) in try fence.order(before: stream) }
  }

  /// Blocks until a slot's last change has ended.
  func wait(_ number: UInt64) throws(LoaderFailure) {
    let slot = try check(number)
    let change = try locked { (state) throws(LoaderFailure) in state.tenancies[slot].change }
    try onDevice { () throws(SlotDeviceError) in try change?.wait() }
  }

  /// What is known of a slot.
  func tenancy(_ number: UInt64) throws(LoaderFailure) -> Tenancy {
    let slot = try check(number)
    return try locked { (state) throws(LoaderFailure) in state.tenancies[slot] }
  }

  /// Copies what a slot has in a buffer.
  func read(_ buffer: Int, slot number: UInt64, into output: UnsafeMutableRawBufferPointer) throws(LoaderFailure) {
    let slot = try check(number)
    guard layout.buffers.indices.contains(buffer), UInt64(output.count) == layout.buffers[buffer].slotBytes else {
      throw LoaderFailure(LORA_INVALID, "there is no buffer \(buffer) with \(output.count) bytes in a slot")
    }
    nonisolated(unsafe) let target = unsafe output
    try locked { (state) throws(LoaderFailure) in
      let slots = try memory(&state)
      try onDevice { () throws(SlotDeviceError) in
        unsafe try slots.read(buffer: buffer, slot: slot, into: target)
      }
    }
  }

  func check(_ slot: UInt64) throws(LoaderFailure) -> Int {
    guard slot < UInt64(layout.slots) else {
      throw LoaderFailure(LORA_INVALID, "there is no slot \(slot), only \(layout.slots)")
    }
    return Int(slot)
  }

  /// The slots, made when they are first needed: the engine's where it has bound them, else of our own.
  func memory(_ state: inout State) throws(LoaderFailure) -> any SlotMemory {
    if let slots = state.slots { return slots }
    let bound = state.placements.compactMap { $0 }
    guard bound.isEmpty || bound.count == layout.buffers.count else {
      let missing = state.placements.firstIndex { $0 == nil } ?? 0
      throw LoaderFailure(
        LORA_INVALID,
        "\(bound.count) of \(layout.buffers.count) buffers are bound; the first that is not is "
          + layout.buffers[missing].name)
    }
    let slots: any SlotMemory
    if bound.isEmpty {
      slots = try onDevice { () throws(SlotDeviceError) in try device.allocateSlots(layout) }
    } else if let gpu = device as? CUDADevice {
      slots = try onDevice { () throws(SlotDeviceError) in try gpu.slots(layout, at: bound) }
    } else {
      let host = HostDevice(workers: workers)
      slots = try onDevice { () throws(SlotDeviceError) in try host.slots(layout, at: bound) }
    }
    state.slots = slots
    return slots
  }
}

extension AdapterPool.State {
  /// Settles who chooses slots; the first who changes one does.
  mutating func choose(_ chooser: AdapterPool.Chooser) throws(LoaderFailure) {
    guard self.chooser ?? chooser == chooser else {
      throw LoaderFailure(
        LORA_INVALID,
        chooser == .pool
          ? "the engine chooses this pool's slots since it loaded or evicted one; open another pool to acquire"
          : "this pool chooses its slots since lora_pool_acquire; open another pool to load into slots of your choice")
    }
    self.chooser = chooser
  }

  /// Notes that a load reads an adapter's place.
  mutating func isRead(_ adapter: Int64, by loading: any SlotFence) {
    guard var resident = residents[adapter] else { return }
    resident.loads = resident.loads.filter { !$0.isDone } + [loading]
    residents[adapter] = resident
  }
}
