import LoRAIO
import TensorCore

/// The slots of one layout in host memory, of our own or an engine's.
@safe final class HostSlots: SlotMemory {
  let layout: SlotLayout
  private let placements: [SlotPlacement]
  private let memory: HostMemory?
  private let workers: Int

  /// - Parameter placements: where each buffer is, in `memory` or in memory that outlives this object.
  init(_ layout: SlotLayout, at placements: [SlotPlacement], owning memory: HostMemory?, workers: Int) {
    self.layout = layout
    self.placements = placements
    self.memory = memory
    self.workers = workers
  }

  /// Packs at once; what comes back has ended.
  func load(_ loads: [SlotLoad]) throws(SlotDeviceError) -> any SlotLoading {
    for load in loads {
      try check(load)
      for reader in load.readers { try reader.wait() }
    }
    return FinishedLoading(timings: try HostTransfer(loads, layout).run(workers: workers, pack))
  }

  private func check(_ load: SlotLoad) throws(SlotDeviceError) {
    let (end, overflow) = UInt64(max(load.start, 0)).addingReportingOverflow(load.plan.sourceBytes)
    guard load.slot >= 0, load.slot < layout.slots, load.start >= 0, !overflow,
      end <= UInt64(load.staging.byteCount), load.plan.blocks.allSatisfy({ layout.contains($0) })
    else {
      throw SlotDeviceError(device: "host", .unsupported, "the load does not fit its slot or its staging memory")
    }
  }

  /// Fills some rows of a block.
  private func pack(_ load: SlotLoad, _ block: PackingBlock, _ rows: Range<UInt64>?) {
    let size = Int(layout.dtype.bits / 8)
    let end = load.start + Int(load.plan.sourceBytes)
    let data = unsafe UnsafeRawBufferPointer(rebasing: load.staging.bytes[load.start..<end])
    let start = Int(block.start) * size
    let count = Int(block.rows * block.columns) * size
    let output = unsafe UnsafeMutableRawBufferPointer(
      rebasing: piece(block.buffer, load.slot)[start..<start + count])
    unsafe HostPacker.pack(block, dtype: layout.dtype, from: data, into: output, rows: rows)
  }

  func clear(slot: Int, after readers: [any SlotFence]) throws(SlotDeviceError) -> any SlotFence {
    for reader in readers { try reader.wait() }
    for index in layout.buffers.indices { unsafe set(piece(index, slot), 0) }
    return FinishedLoading(timings: SlotTimings())
  }

  func read(buffer: Int, slot: Int, into output: UnsafeMutableRawBufferPointer) throws(SlotDeviceError) {
    let piece = unsafe piece(buffer, slot)
    guard output.count == piece.count else {
      throw SlotDeviceError(
        device: "host", .unsupported, "a buffer of \(piece.count) bytes was to be read into \(output.count)")
    }
    unsafe output.copyMemory(from: UnsafeRawBufferPointer(piece))
  }

  func fill(with byte: UInt8) throws(SlotDeviceError) {
    if let memory { return unsafe set(memory.bytes, byte) }
    for index in layout.buffers.indices {
      for slot in 0..<layout.slots { unsafe set(piece(index, slot), byte) }
    }
  }

  private func piece(_ buffer: Int, _ slot: Int) -> UnsafeMutableRawBufferPointer {
    let address = placements[buffer].address + UInt64(slot) * placements[buffer].stride
    return unsafe UnsafeMutableRawBufferPointer(
      start: UnsafeMutableRawPointer(bitPattern: UInt(address)), count: Int(layout.buffers[buffer].slotBytes))
  }

  private func set(_ bytes: UnsafeMutableRawBufferPointer, _ byte: UInt8) {
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: byte)
  }
}

/// Work that has ended.
final class FinishedLoading: SlotLoading {
  let timings: SlotTimings
  init(timings: SlotTimings) { self.timings = timings }
  var isDone: Bool { true }
  func wait() throws(SlotDeviceError) {}
  func wait(stages count: Int) throws(SlotDeviceError) {}
}

extension SlotLayout {
  /// Whether a block lies inside the slot's piece of its buffer.
  public func contains(_ block: PackingBlock) -> Bool {
    guard buffers.indices.contains(block.buffer) else { return false }
    let (elements, a) = block.rows.multipliedReportingOverflow(by: block.columns)
    let (end, b) = elements.addingReportingOverflow(block.start)
    return !a && !b && end <= buffers[block.buffer].slotBytes / (dtype.bits / 8)
      && block.source.map { $0.rows <= block.rows && $0.columns <= block.columns } ?? true
  }
}
