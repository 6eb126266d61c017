import LoRAIO
import LoRASlots
import LoRASlotsCUDA
import TensorCore

/// Slots in an engine's own host memory.
@safe final class EngineSlots: SlotMemory {
  let layout: SlotLayout
  private let placements: [SlotPlacement]
  private let workers: Int

  /// - Parameter placements: where the engine has each buffer; the memory outlives this object.
  init(_ layout: SlotLayout, at placements: [SlotPlacement], workers: Int) {
    self.layout = layout
    self.placements = placements
    self.workers = workers
  }

  /// Packs at once, block by block on several threads.
  func load(_ loads: [SlotLoad]) throws(SlotDeviceError) -> any SlotLoading {
    let start = CurrentProcess.monotonicSeconds
    var timings = SlotTimings()
    for load in loads {
      for reader in load.readers { try reader.wait() }
      let end = load.start + Int(load.plan.sourceBytes)
      nonisolated(unsafe) let data = unsafe UnsafeRawBufferPointer(rebasing: load.staging.bytes[load.start..<end])
      Workers.forEach(count: load.plan.blocks.count, workers: workers) { index in
        let block = load.plan.blocks[index]
        let size = self.layout.dtype.bits / 8
        let piece = unsafe self.memory(buffer: block.buffer, slot: load.slot)
        let first = Int(block.start * size)
        let output = unsafe UnsafeMutableRawBufferPointer(
          rebasing: piece[first..<first + Int(block.rows * block.columns * size)])
        unsafe HostPacker.pack(block, dtype: self.layout.dtype, from: data, into: output)
      }
      timings.busBytes += load.plan.sourceBytes
    }
    timings.host = CurrentProcess.monotonicSeconds - start
    timings.total = timings.host
    timings.firstStage = timings.host
    return Ended(timings)
  }

  func clear(slot: Int, after readers: [any SlotFence]) throws(SlotDeviceError) -> any SlotFence {
    for reader in readers { try reader.wait() }
    for buffer in layout.buffers.indices { unsafe set(memory(buffer: buffer, slot: slot), to: 0) }
    return Ended(SlotTimings())
  }

  func read(buffer: Int, slot: Int, into output: UnsafeMutableRawBufferPointer) throws(SlotDeviceError) {
    unsafe output.copyMemory(from: UnsafeRawBufferPointer(memory(buffer: buffer, slot: slot)))
  }

  func fill(with byte: UInt8) throws(SlotDeviceError) {
    for buffer in layout.buffers.indices {
      for slot in 0..<layout.slots { unsafe set(memory(buffer: buffer, slot: slot), to: byte) }
    }
  }

  private func set(_ bytes: UnsafeMutableRawBufferPointer, to byte: UInt8) {
    _ = unsafe bytes.initializeMemory(as: UInt8.self, repeating: byte)
  }

  private func memory(buffer: Int, slot: Int) -> UnsafeMutableRawBufferPointer {
    let address = placements[buffer].address + UInt64(slot) * placements[buffer].stride
    return unsafe UnsafeMutableRawBufferPointer(
      start: UnsafeMutableRawPointer(bitPattern: UInt(address)), count: Int(layout.buffers[buffer].slotBytes))
  }

  /// Work that was done when it was asked for.
  private final class Ended: SlotLoading {
    let timings: SlotTimings
    init(_ timings: SlotTimings) { self.timings = timings }
    var isDone: Bool { true }
    func wait() {}
    func wait(stages count: Int) {}
  }
}
