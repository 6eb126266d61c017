import CLoRALoader
import LoRAIO
import LoRAModel
import LoRASlots
import LoRASlotsCUDA
import Synchronization
import TensorCore

/// An engine's slots and the adapters in host memory that go into them.
final class AdapterPool: Sendable {
  /// An adapter in host memory.
  private struct Resident {
    var plan: PackingPlan
    /// Which of the equal blocks of host memory holds its bytes.
    var block: Int
    var lastUse: UInt64
    /// Loads that may still read the block.
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
    var freeBlocks: [Int]
    var tenancies: [Tenancy]
    var placements: [SlotPlacement?]
    var slots: (any SlotMemory)?
    var nextAdapter: Int64 = 1
    var clock: UInt64 = 0
  }

  let layout: SlotLayout
  private let base: BaseModel
  private let device: any SlotDevice
  private let staging: any StagingMemory
  private let blockBytes: Int
  private let workers: Int
  private let state: Mutex<State>

  init(
    _ base: BaseModel, _ layout: SlotLayout, on device: any SlotDevice, residents: Int, blockBytes: UInt64, workers: Int
  ) throws(LoaderFailure) {
    self.base = base
    self.layout = layout
    self.device = device
    self.workers = workers
    let alignment = UInt64(AdapterReading.alignment)
    let (room, large) = blockBytes.addingReportingOverflow(alignment - 1)
    let block = room / alignment * alignment
    let (total, overflow) = block.multipliedReportingOverflow(by: UInt64(residents))
    guard !large, !overflow, total <= UInt64(Int.max) else {
      throw LoaderFailure(LORA_NO_MEMORY, "\(residents) adapters of \(blockBytes) bytes are more than any memory holds")
    }
    self.blockBytes = Int(block)
    staging = try onDevice { () throws(SlotDeviceError) in try device.allocateStaging(bytes: total) }
    state = Mutex(
      State(
        freeBlocks: (0..<residents).reversed(), tenancies: Array(repeating: Tenancy(), count: layout.slots),
        placements: Array(repeating: nil, count: layout.buffers.count)))
  }

  // A block of host memory must not go while a load reads it.
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

  /// Reads an adapter into host memory.
  func add(_ path: String) throws(LoaderFailure) -> Int64 {
    let adapter = Adapter.load(path)
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
    guard AdapterReading.room(for: file) <= UInt64(blockBytes) else {
      throw LoaderFailure(
        LORA_NO_MEMORY,
        "\(path): its \(AdapterReading.room(for: file)) bytes do not fit into the \(blockBytes) for one adapter; "
          + "raise adapter_bytes")
    }
    let block = try locked { (state) throws(LoaderFailure) in try takeBlock(&state) }
    do throws(IOError) {
      try AdapterReading.read(file, into: staging, at: block * blockBytes, workers: workers)
    } catch {
      state.withLock { $0.freeBlocks.append(block) }
      throw LoaderFailure(LORA_UNREADABLE, "\(error)")
    }
    return state.withLock { state in
      let number = state.nextAdapter
      state.nextAdapter += 1
      state.clock += 1
      state.residents[number] = Resident(plan: plan, block: block, lastUse: state.clock)
      return number
    }
  }

  /// A block that nobody uses: a free one, or the least recently used adapter's after its loads have ended.
  private func takeBlock(_ state: inout State) throws(LoaderFailure) -> Int {
    if let block = state.freeBlocks.popLast() { return block }
    guard let oldest = state.residents.min(by: { $0.value.lastUse < $1.value.lastUse }) else {
      throw LoaderFailure(LORA_NO_MEMORY, "all host memory is being read into; raise max_cpu_loras")
    }
    state.residents[oldest.key] = nil
    finish(oldest.value)
    return oldest.value.block
  }

  /// Forgets an adapter.
  func remove(_ adapter: Int64) throws(LoaderFailure) {
    try locked { (state) throws(LoaderFailure) in
      guard let resident = state.residents.removeValue(forKey: adapter) else { throw gone(adapter) }
      finish(resident)
      state.freeBlocks.append(resident.block)
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
        plan: resident.plan, staging: staging, start: resident.block * blockBytes, slot: slot, readers: readers)
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
      slots = EngineSlots(layout, at: bound, workers: workers)
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
