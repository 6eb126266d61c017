import LoRAIO

/// Slots in plain memory, filled by this machine's processors.
public final class HostDevice: SlotDevice {
  /// Number of threads that pack.
  public let workers: Int

  /// A device that packs with `workers` threads; by default as many as there are processors.
  public init(workers: Int? = nil) { self.workers = max(workers ?? Workers.processorCount, 1) }

  /// `host`.
  public var name: String { "host" }
  /// `host memory`.
  public var title: String { "host memory" }
  /// Memory that the system can give.
  public var freeBytes: UInt64? { HostMemory.available }

  /// Nothing.
  public var notice: String? { nil }

  /// Plain memory, touched once so that reading into it costs no page faults.
  public func allocateStaging(bytes: UInt64) throws(SlotDeviceError) -> any StagingMemory {
    let memory = try HostMemory(bytes: bytes, for: "the host pool")
    memory.settle()
    return memory
  }

  /// Nothing: blocks are packed straight into their slots.
  public func prepareLoads(into layout: SlotLayout, adapterBytes: UInt64) throws(SlotDeviceError) {}

  /// Zeroed memory for all buffers in one piece.
  public func allocateSlots(_ layout: SlotLayout) throws(SlotDeviceError) -> any SlotMemory {
    let memory = try HostMemory(bytes: layout.totalBytes, for: "\(layout.slots) slots")
    memory.settle()
    let base = UInt64(UInt(bitPattern: unsafe memory.bytes.baseAddress))
    return HostSlots(
      layout, at: layout.buffers.map { SlotPlacement(address: base + $0.offset, stride: $0.slotStride) },
      owning: memory, workers: workers)
  }

  /// Slots in memory of this process.
  public func slots(_ layout: SlotLayout, at placements: [SlotPlacement]) throws(SlotDeviceError) -> any SlotMemory {
    guard placements.count == layout.buffers.count else {
      throw SlotDeviceError(
        device: name, .unsupported, "\(placements.count) places for \(layout.buffers.count) buffers")
    }
    return HostSlots(layout, at: placements, owning: nil, workers: workers)
  }

  /// None: a load has ended when the call returns.
  public func stream(_ handle: UInt) -> (any EngineStream)? { nil }
}
