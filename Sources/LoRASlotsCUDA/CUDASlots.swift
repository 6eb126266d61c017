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
  /// Loads that may not have ended: what they read must stay.
  private let inFlight = Mutex<[CUDALoading]>([])
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

  /// Starts to fill slots.
  ///
  /// With the kernel, one adapter takes at most 16 commands, and its bytes cross the bus once. Without it, or for types
  /// that it does not read, the slot is packed on the host and copied piece by piece.
  package func load(_ loads: [SlotLoad]) throws(SlotDeviceError) -> any SlotLoading {
    for load in loads { try check(load) }
    do throws(SlotDeviceError) {
      let loading = try device.transfers.withLock { (memory) throws(SlotDeviceError) in
        var transfer: CUDATransfer
        do throws(CUDAError) { transfer = try CUDATransfer(loads, into: self) } catch {
          throw failure(error, "cannot load slot \(loads.map { "\($0.slot)" }.joined(separator: ", "))")
        }
        return try transfer.submit(through: &memory)
      }
      inFlight.withLock { $0 = $0.filter { !$0.isDone } + [loading] }
      return loading
    } catch {
      halt()
      throw error
    }
  }

  private func check(_ load: SlotLoad) throws(SlotDeviceError) {
    try check(load.slot)
    let end = UInt64(load.staging.byteCount)
    guard load.start >= 0, UInt64(load.start) <= end, load.plan.sourceBytes <= end - UInt64(load.start) else {
      throw SlotDeviceError(device: device.name, .unsupported, "the adapter does not lie in the staging memory")
    }
    guard load.plan.blocks.allSatisfy({ layout.contains($0) }) else {
      throw SlotDeviceError(device: device.name, .unsupported, "the adapter does not lie in the slot")
    }
  }

  /// Makes a slot all zero.
  package func clear(slot: Int, after readers: [any SlotFence]) throws(SlotDeviceError) -> any SlotFence {
    try check(slot)
    do throws(CUDAError) {
      let end = try Milestone(device.context)
      _ = try order(after: readers)
      for run in runs(of: slot..<slot + 1) {
        try work.fill(run.address, count: Int(run.bytes), with: 0)
      }
      try end.event.record(on: work)
      return CUDAFence(end, device: device)
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
  ///
  /// - Returns: the commands that it took.
  func order(after readers: [any SlotFence]) throws(CUDAError) -> Int {
    var seen: Set<ObjectIdentifier> = []
    var commands = 0
    for reader in readers where seen.insert(ObjectIdentifier(reader)).inserted {
      if let fence = reader as? CUDAFence, fence.device.context.ordinal == device.context.ordinal {
        try work.wait(for: fence.milestone.event)
        commands += 1
      } else {
        // How the reading ended does not matter here.
        do throws(SlotDeviceError) { try reader.wait() } catch {}
      }
    }
    return commands
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
