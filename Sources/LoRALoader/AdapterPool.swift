import CLoRALoader
import LoRAIO
import LoRAModel
import LoRASlots
import LoRASlotsCUDA
import Safetensors
import Synchronization
import TensorCore

/// An engine's slots and the adapters in host memory that go into them.
///
/// Memory, reading and identity are those of `HostPool`, filling is that of the device's `SlotMemory`, as in
/// `AdapterSlots`. The order of slots is not: there `SlotCache` decides who has which slot, and an adapter that leaves
/// host memory leaves its slot. Here the engine decides, may have one adapter in several slots, and keeps what is in a
/// slot for as long as it likes; what is left to keep is who is where, in which generation.
final class AdapterPool: Sendable {
  /// An adapter in host memory.
  private struct Resident {
    var plan: PackingPlan
    /// Its place in the pool.
    var place: Int
    var lastUse: UInt64
    /// Loads that may still read the place.
    var loads: [any SlotFence] = []
  }

  /// What is known of a slot.
  struct Tenancy {
    var adapter: Int64 = 0
    var generation: UInt64 = 0
    /// The last load or eviction.
    var change: (any SlotFence)?
  }

  private struct State {
    var residents: [Int64: Resident] = [:]
    /// The numbers of all contents that were ever added.
    var numbers: [ContentDigest: Int64] = [:]
    var tenancies: [Tenancy]
    var placements: [SlotPlacement?]
    var slots: (any SlotMemory)?
    var clock: UInt64 = 0
  }

  let layout: SlotLayout
  private let base: BaseModel
  private let device: any SlotDevice
  private let pool: HostPool
  private let workers: Int
  private let state: Mutex<State>

  init(
    _ base: BaseModel, _ layout: SlotLayout, on device: any SlotDevice, residents: Int, adapterBytes: UInt64,
    workers: Int
  ) throws(LoaderFailure) {
    self.base = base
    self.layout = layout
    self.device = device
    self.workers = workers
    pool = try onDevice { () throws(SlotDeviceError) in
      try HostPool(places: residents, placeBytes: adapterBytes, device: device)
    }
    state = Mutex(
      State(
        tenancies: Array(repeating: Tenancy(), count: layout.slots),
        placements: Array(repeating: nil, count: layout.buffers.count)))
  }

  // Host memory must not go while a load reads it.
  deinit {
    state.withLock { state in
      for tenancy in state.tenancies {
        do throws(SlotDeviceError) { try tenancy.change?.wait() } catch {}
      }
    }
  }

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
    return state.withLock { state in
      let number = state.numbers[digest] ?? Int64(state.numbers.count) + 1
      state.numbers[digest] = number
      state.clock += 1
      if state.residents[number] != nil {
        pool.give(back: place)
        state.residents[number]?.lastUse = state.clock
      } else {
        state.residents[number] = Resident(plan: plan, place: place, lastUse: state.clock)
      }
      return number
    }
  }

  /// A place that nobody uses: a free one, or the least recently used adapter's after its loads have ended.
  private func takePlace(_ state: inout State) throws(LoaderFailure) -> Int {
    if let place = pool.take() { return place }
    guard let oldest = state.residents.min(by: { $0.value.lastUse < $1.value.lastUse }) else {
      throw LoaderFailure(LORA_NO_MEMORY, "all host memory is being read into; raise max_cpu_loras")
    }
    state.residents[oldest.key] = nil
    finish(oldest.value)
    return oldest.value.place
  }

  /// Forgets an adapter.
  func remove(_ adapter: Int64) throws(LoaderFailure) {
    try locked { (state) throws(LoaderFailure) in
      guard let resident = state.residents.removeValue(forKey: adapter) else { throw gone(adapter) }
      finish(resident)
      pool.give(back: resident.place)
    }
  }

  private func finish(_ resident: Resident) {
    for load in resident.loads {
      // A load that failed no longer reads.
      do throws(SlotDeviceError) { try load.wait() } catch {}
    }
  }

  private func gone(_ adapter: Int64) -> LoaderFailure {
    LoaderFailure(LORA_GONE, "adapter \(adapter) is not in host memory; add it again")
  }

  // MARK: Slots

  /// Fills a slot.
  func load(_ adapter: Int64, into slot: UInt64, stream: UInt) throws(LoaderFailure) {
    try change(slot, to: adapter, stream: stream) { (slots, state, slot, readers) throws(LoaderFailure) in
      guard var resident = state.residents[adapter] else { throw gone(adapter) }
      let load = SlotLoad(
        plan: resident.plan, staging: pool.staging, start: pool.start(of: resident.place), slot: slot, readers: readers)
      let loading = try onDevice { () throws(SlotDeviceError) in try slots.load([load]) }
      state.clock += 1
      resident.lastUse = state.clock
      resident.loads = resident.loads.filter { !$0.isDone } + [loading]
      state.residents[adapter] = resident
      return loading
    }
  }

  /// Makes a slot all zero.
  func evict(_ slot: UInt64, stream: UInt) throws(LoaderFailure) {
    try change(slot, to: 0, stream: stream) { (slots, _, slot, readers) throws(LoaderFailure) in
      try onDevice { () throws(SlotDeviceError) in try slots.clear(slot: slot, after: readers) }
    }
  }

  /// Changes a slot between what is queued on the engine's stream now and what is queued later.
  private func change(
    _ number: UInt64, to adapter: Int64, stream: UInt,
    _ body: (any SlotMemory, inout State, Int, [any SlotFence]) throws(LoaderFailure) -> any SlotFence
  ) throws(LoaderFailure) {
    try locked { (state) throws(LoaderFailure) in
      let slot = try check(number)
      let slots = try memory(&state)
      var readers: [any SlotFence] = []
      if let gpu = device as? CUDADevice {
        readers.append(try onDevice { () throws(SlotDeviceError) in try gpu.fence(after: stream) })
      }
      // Whatever happens next, nobody may take the slot for the old tenant's.
      state.tenancies[slot].adapter = 0
      state.tenancies[slot].generation += 1
      let change = try body(slots, &state, slot, readers)
      state.tenancies[slot].change = change
      if let fence = change as? CUDAFence {
        try onDevice { () throws(SlotDeviceError) in try fence.order(before: stream) }
      }
      state.tenancies[slot].adapter = adapter
    }
  }

  /// Blocks until a slot's last change has ended.
  func wait(_ number: UInt64) throws(LoaderFailure) {
    let slot = try check(number)
    let change = state.withLock { $0.tenancies[slot].change }
    try onDevice { () throws(SlotDeviceError) in try change?.wait() }
  }

  /// What is known of a slot.
  func tenancy(_ number: UInt64) throws(LoaderFailure) -> Tenancy {
    let slot = try check(number)
    return state.withLock { $0.tenancies[slot] }
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

  private func check(_ slot: UInt64) throws(LoaderFailure) -> Int {
    guard slot < UInt64(layout.slots) else {
      throw LoaderFailure(LORA_INVALID, "there is no slot \(slot), only \(layout.slots)")
    }
    return Int(slot)
  }

  /// The slots, made when they are first needed: the engine's where it has bound them, else of our own.
  private func memory(_ state: inout State) throws(LoaderFailure) -> any SlotMemory {
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

  /// Runs `body` alone.
  private func locked<Value: Sendable>(_ body: (inout State) throws(LoaderFailure) -> Value) throws(LoaderFailure)
    -> Value
  {
    try state.withLock { (state) throws(LoaderFailure) in try body(&state) }
  }
}
