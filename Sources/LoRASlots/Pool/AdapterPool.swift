public import LoRAModel
public import SlotCache
import Synchronization

/// Adapters in host memory, and the slots of an engine that they go into.
///
/// Every adapter is known by a small number. Two things are left to the caller of each change. *Who waits* for it is a
/// `SlotWaiter`: the calling thread, or a stream of the engine's. *Who assigns* slots is a `SlotAssigner`: the pool's
/// cache with `acquire`, which holds what it gives out, or the caller with `load` and `evict`; the first change decides
/// until the pool is closed.
///
/// A slot belongs to no adapter from the moment it loses its tenant until the load of the next one is complete, or
/// queued before the stream that asked for it, so no request is ever served another adapter than the one asked for.
///
/// Safe from any number of threads: hits take a short lock, changes are made one after the other, as they share one bus.
public final class AdapterPool: Sendable {
  /// The buffers of the slots.
  public let layout: SlotLayout
  /// Where the slots are.
  public let device: any SlotDevice
  let base: BaseModel
  let places: HostPlaces
  let workers: Int
  let state: Mutex<PoolState>
  /// Held while a slot changes or adapters enter and leave host memory.
  ///
  /// No place is given away between the moment when a load is made and the moment when it is queued. `state` is held for
  /// moments only.
  let changing = Mutex(())

  /// An empty pool; host memory for all its adapters, and what they pass through on their way, is allocated now.
  ///
  /// - Parameters:
  ///   - base: the model that the adapters are for.
  ///   - layout: the slots. Where the cache assigns them, no more than `hostCapacity` are used, as an adapter with a slot
  ///     is in host memory too.
  ///   - device: where the slots are.
  ///   - hostCapacity: adapters in host memory (`max_cpu_loras`), at least 1.
  ///   - adapterBytes: most bytes of weights of one adapter.
  ///   - policy: which adapter makes room, in host memory and where the cache assigns slots.
  ///   - workers: threads that read files.
  /// - Throws: `SlotDeviceError` when there is not enough memory.
  public init(
    base: BaseModel, layout: SlotLayout, device: any SlotDevice, hostCapacity: Int, adapterBytes: UInt64,
    policy: SlotCache.Policy = .lru, workers: Int
  ) throws(SlotDeviceError) {
    self.base = base
    self.layout = layout
    self.device = device
    self.workers = workers
    let capacity = max(hostCapacity, 1)
    let cache = SlotCache(slots: min(layout.slots, capacity), hostCapacity: capacity, policy: policy)
    places = try HostPlaces(places: capacity, placeBytes: adapterBytes, device: device)
    try device.prepareLoads(into: layout, adapterBytes: places.placeBytes)
    state = Mutex(PoolState(cache: cache, slots: layout.slots, buffers: layout.buffers.count))
  }

  // Host memory must not go while a load reads it.
  deinit {
    for change in state.withLock({ $0.slots.compactMap(\.change) }) {
      do throws(SlotDeviceError) { try change.wait() } catch {}
    }
  }

  /// Bytes of weights that an adapter may have.
  public var adapterBytes: UInt64 { places.placeBytes }

  /// Adapters in host memory and with a slot of the cache's choice.
  public var counts: (host: Int, device: Int) { state.withLock { ($0.cache.hostCount, $0.cache.deviceCount) } }

  /// Who waits for what is done for a stream of the engine's, by its handle; the calling thread where the device has no
  /// streams.
  public func waiter(forStream handle: UInt) -> SlotWaiter { device.stream(handle).map { .stream($0) } ?? .host }

  // MARK: The slots' memory

  /// Names the engine's memory for a buffer, before the first change of a slot.
  ///
  /// The memory must be the device's, which is looked at where the device can tell, and outlive the pool.
  /// - Throws: `AdapterPoolError.invalid` for what cannot be the place of a buffer.
  public func bind(_ buffer: Int, at placement: SlotPlacement) throws(AdapterPoolError) {
    try state.withLock { (state) throws(AdapterPoolError) in
      guard layout.buffers.indices.contains(buffer) else {
        throw .invalid("there is no buffer \(buffer), only \(layout.buffers.count)")
      }
      guard state.memory == nil else { throw .invalid("buffers are bound before the first load") }
      if let problem = layout.problem(with: placement, ofBuffer: buffer) {
        throw .invalid("\(layout.buffers[buffer].name): \(problem)")
      }
      let (first, bytes) = (placement.address, layout.buffers[buffer].slotBytes)
      let last = first + (layout.slots > 1 ? placement.stride * UInt64(layout.slots - 1) : 0) + max(bytes, 1) - 1
      if bytes > 0, let problem = device.problem(withMemoryFrom: first, through: last) {
        throw .invalid("\(layout.buffers[buffer].name): \(problem)")
      }
      state.placements[buffer] = placement
    }
  }

  /// The slots, made when they are first asked for: in the engine's memory where it has bound its buffers, else newly
  /// allocated and zero.
  public func memory() throws(AdapterPoolError) -> any SlotMemory {
    try state.withLock { (state) throws(AdapterPoolError) in
      if let memory = state.memory { return memory }
      let bound = state.placements.compactMap { $0 }
      guard bound.isEmpty || bound.count == layout.buffers.count else {
        let missing = state.placements.firstIndex { $0 == nil } ?? 0
        throw .invalid(
          "\(bound.count) of \(layout.buffers.count) buffers are bound; the first that is not is "
            + layout.buffers[missing].name)
      }
      if !bound.isEmpty, let (one, other) = layout.overlap(in: bound) {
        throw .invalid("\(layout.buffers[one].name) and \(layout.buffers[other].name) are bound to the same bytes")
      }
      let memory = try onDevice { () throws(SlotDeviceError) in
        bound.isEmpty ? try device.allocateSlots(layout) : try device.slots(layout, at: bound)
      }
      state.memory = memory
      return memory
    }
  }

  /// Copies what a slot has in a buffer, after every change that was asked for before.
  ///
  /// - Parameters:
  ///   - buffer: position of the buffer in `layout.buffers`.
  ///   - slot: the slot, from 0.
  ///   - output: `layout.buffers[buffer].slotBytes` bytes.
  public func read(buffer: Int, slot: Int, into output: UnsafeMutableRawBufferPointer) throws(AdapterPoolError) {
    try check(slot)
    guard layout.buffers.indices.contains(buffer), UInt64(output.count) == layout.buffers[buffer].slotBytes else {
      throw .invalid("there is no buffer \(buffer) with \(output.count) bytes in a slot")
    }
    let memory = try memory()
    try onDevice { () throws(SlotDeviceError) in unsafe try memory.read(buffer: buffer, slot: slot, into: output) }
  }

  func check(_ slot: Int) throws(AdapterPoolError) {
    guard (0..<layout.slots).contains(slot) else {
      throw .invalid("there is no slot \(slot), only \(layout.slots)")
    }
  }

  /// Runs work on the device.
  func onDevice<Value>(_ body: () throws(SlotDeviceError) -> Value) throws(AdapterPoolError) -> Value {
    do throws(SlotDeviceError) { return try body() } catch { throw .device(error) }
  }
}
