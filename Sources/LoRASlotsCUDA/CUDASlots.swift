import CUDADriver
package import LoRASlots
import Synchronization

/// The slots of one layout on one GPU.
///
/// Two streams: one copies adapters to the device, the other scatters them into slots and does everything else, so that
/// what touches slots happens in the order of the calls.
package final class CUDASlots: SlotMemory {
  /// The buffers.
  package let layout: SlotLayout
  let device: CUDADevice
  let placements: [SlotPlacement]
  let copies: CUDAStream
  let work: CUDAStream
  let benches = TransferBenches()
  private let slab: DeviceMemory?

  init(_ device: CUDADevice, _ layout: SlotLayout, at placements: [SlotPlacement], owning slab: DeviceMemory?)
    throws(CUDAError)
  {
    self.device = device
    self.layout = layout
    self.placements = placements
    copies = try CUDAStream(device.context)
    work = try CUDAStream(device.context)
    self.slab = slab
  }

  // Nothing may run any more when the memory goes.
  deinit { halt() }

  /// Address of a slot's piece of a buffer.
  func address(buffer: Int, slot: Int) -> UInt64 {
    placements[buffer].address + UInt64(slot) * placements[buffer].stride
  }

  /// Sets the whole allocation to one byte and waits.
  func fillSlab(with byte: UInt8) throws(CUDAError) {
    guard let slab else { return }
    try work.fill(slab.buffer.address, count: slab.buffer.count, with: byte)
    try work.synchronize()
  }

  /// Sets every byte of every slot.
  package func fill(with byte: UInt8) throws(SlotDeviceError) {
    do throws(CUDAError) {
      for run in runs(of: 0..<layout.slots) {
        try work.fill(run.address, count: Int(run.bytes), with: byte)
      }
      try work.synchronize()
    } catch {
      throw failure(error, "cannot fill the slots")
    }
  }

  /// Copies what a slot has in a buffer to the host.
  package func read(buffer: Int, slot: Int, into output: UnsafeMutableRawBufferPointer) throws(SlotDeviceError) {
    try check(slot)
    guard layout.buffers.indices.contains(buffer), UInt64(output.count) == layout.buffers[buffer].slotBytes else {
      throw SlotDeviceError(device: device.name, .unsupported, "a read of another size than the buffer's")
    }
    do throws(CUDAError) {
      unsafe try work.copy(address(buffer: buffer, slot: slot), to: output)
      try work.synchronize()
    } catch {
      throw failure(error, "cannot read slot \(slot) back")
    }
  }

  /// Makes a slot all zero.
  package func clear(slot: Int, after readers: [any SlotFence]) throws(SlotDeviceError) -> any SlotFence {
    try check(slot)
    do throws(CUDAError) {
      let event = try CUDAEvent(device.context)
      try order(after: readers)
      for run in runs(of: slot..<slot + 1) {
        try work.fill(run.address, count: Int(run.bytes), with: 0)
      }
      try event.record(on: work)
      return CUDAFence(event, device: device)
    } catch {
      throw failure(error, "cannot clear slot \(slot)")
    }
  }

  /// Contiguous pieces of memory that make up some slots.
  private func runs(of slots: Range<Int>) -> [(address: UInt64, bytes: UInt64)] {
    var runs: [(address: UInt64, bytes: UInt64)] = []
    for buffer in layout.buffers.indices {
      for slot in slots {
        let (address, bytes) = (address(buffer: buffer, slot: slot), layout.buffers[buffer].slotBytes)
        if let last = runs.last, last.address + last.bytes == address {
          runs[runs.count - 1].bytes += bytes
        } else {
          runs.append((address, bytes))
        }
      }
    }
    return runs.filter { $0.bytes > 0 }
  }

  // MARK: Order

  /// Lets `work` wait for readers: on the device for fences of this GPU, on the host for all others.
  func order(after readers: [any SlotFence]) throws(CUDAError) {
    for reader in readers {
      if let fence = reader as? CUDAFence, fence.device.context.ordinal == device.context.ordinal {
        try work.wait(for: fence.event)
      } else {
        // How the reading ended does not matter here.
        do throws(SlotDeviceError) { try reader.wait() } catch {}
      }
    }
  }

  /// Ends everything in flight, after a failure in the middle of giving commands.
  func halt() {
    do throws(CUDAError) { try copies.synchronize() } catch { device.context.keep(error) }
    do throws(CUDAError) { try work.synchronize() } catch { device.context.keep(error) }
  }

  func check(_ slot: Int) throws(SlotDeviceError) {
    guard (0..<layout.slots).contains(slot) else {
      throw SlotDeviceError(device: device.name, .unsupported, "there is no slot \(slot), only \(layout.slots)")
    }
  }

  func failure(_ error: CUDAError, _ doing: String) -> SlotDeviceError {
    SlotDeviceError(error, device: device.name, doing)
  }
}

/// Benches that no load uses now.
final class TransferBenches: Sendable {
  private let free = Mutex<[TransferScratch]>([])

  /// A bench for one load.
  func take() -> TransferScratch { free.withLock { $0.popLast() } ?? TransferScratch() }

  /// Gives a bench back when nothing on the device uses it any more.
  func put(_ bench: TransferScratch) { free.withLock { $0.append(bench) } }
}
