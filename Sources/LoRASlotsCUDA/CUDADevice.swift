package import CUDADriver
import LoRAIO
package import LoRASlots
import Synchronization

/// A GPU as a place for slots.
package final class CUDADevice: SlotDevice {
  /// `cuda:N`.
  package let name: String
  /// The GPU's own name with its number.
  package let title: String
  /// The primary context, shared with everybody in the process.
  package let context: CUDAContext
  /// Why slots are filled on the host and copied piece by piece, when the kernel cannot be used.
  package let kernelFailure: CUDAError?
  let kernel: CUDAKernel?
  /// What adapters pass through on their way into slots; one load at a time gives its commands.
  let transfers = Mutex(TransferMemory())
  /// Threads that read and decompress files during loads.
  let workers: Int
  private let module: LoadedModule?

  private final class LoadedModule: Sendable {
    let module: CUDAModule
    init(_ module: consuming CUDAModule) { self.module = module }
  }

  /// Opens a GPU.
  ///
  /// - Parameters:
  ///   - ordinal: its number, from 0, in the order of the driver.
  ///   - path: the driver's library; nil for `LORA_TOOL_LIBCUDA`, else the installed one.
  ///   - usesKernel: false leaves the kernel out, for comparisons.
  ///   - workers: threads that read files during loads; by default as many as there are processors.
  /// - Throws: `SlotDeviceError`, `.unavailable` when there is no driver or no such GPU.
  package init(_ ordinal: Int, driver path: String? = nil, usesKernel: Bool = true, workers: Int? = nil)
    throws(SlotDeviceError)
  {
    let name = "cuda:\(ordinal)"
    self.workers = max(workers ?? Workers.processorCount, 1)
    do throws(CUDAError) {
      context = try CUDAContext(try DriverLibrary.load(path), device: ordinal)
    } catch {
      throw SlotDeviceError(error, device: name, "the GPU cannot be used")
    }
    self.name = name
    title = "\(context.name) (\(name))"
    var failure: CUDAError?
    var loaded: (LoadedModule, CUDAKernel)?
    if usesKernel {
      do throws(CUDAError) {
        let module = try CUDAModule(context, ptx: ScatterKernel.ptx)
        let kernel = try module.kernel(ScatterKernel.entry)
        loaded = (LoadedModule(module), kernel)
      } catch {
        // The driver may be too old or have no compiler; everything else works without.
        failure = error
      }
    }
    if let failure, failure.isLost { throw SlotDeviceError(failure, device: name, "the GPU cannot be used") }
    kernelFailure = failure
    module = loaded?.0
    kernel = loaded?.1
  }

  /// Number of GPUs, 0 when there is no usable driver.
  package static func count(driver path: String? = nil) -> Int {
    do throws(CUDAError) { return try DriverLibrary.load(path).deviceCount() } catch { return 0 }
  }

  /// Device memory that is free.
  package var freeBytes: UInt64? {
    do throws(CUDAError) {
      return try context.memory().free
    } catch {
      // The failure of an earlier release is reported by the next call that can throw.
      if error.call != "cuMemGetInfo" { context.keep(error) }
      return nil
    }
  }

  /// That slots are filled without the kernel, and why.
  package var notice: String? {
    kernelFailure.map { "\(name): the kernel cannot be used (\($0)); slots are packed on the host and copied" }
  }

  /// Pinned memory.
  package func allocateStaging(bytes: UInt64) throws(SlotDeviceError) -> any StagingMemory {
    do throws(CUDAError) {
      guard let count = Int(exactly: bytes) else { throw Self.tooLarge("cuMemHostAlloc") }
      return CUDAStaging(try PinnedBuffer(context, count: count))
    } catch {
      throw SlotDeviceError(error, device: name, "cannot pin host memory for adapters", needed: bytes)
    }
  }

  /// Device memory for one adapter of that size, and pinned memory for the tables that tell the kernel what to do.
  package func prepareLoads(into layout: SlotLayout, adapterBytes: UInt64) throws(SlotDeviceError) {
    do throws(CUDAError) {
      guard let bytes = Int(exactly: adapterBytes) else { throw Self.tooLarge("cuMemAlloc") }
      try transfers.withLock { (memory) throws(CUDAError) in
        try memory.prepare(context, adapterBytes: bytes, blocks: layout.blockLimit, usesKernel: kernel != nil)
      }
    } catch {
      throw SlotDeviceError(
        error, device: name, "cannot allocate the memory that adapters pass through", needed: adapterBytes,
        free: freeBytes)
    }
  }

  /// Slots in one allocation of the device.
  package func allocateSlots(_ layout: SlotLayout) throws(SlotDeviceError) -> any SlotMemory {
    do throws(CUDAError) {
      guard let count = Int(exactly: layout.totalBytes) else { throw Self.tooLarge("cuMemAlloc") }
      let slab = DeviceMemory(try DeviceBuffer(context, count: count))
      let base = slab.buffer.address
      let slots = try CUDASlots(
        self, layout, at: layout.buffers.map { SlotPlacement(address: base + $0.offset, stride: $0.slotStride) },
        owning: slab)
      try slots.fillSlab(with: 0)
      return slots
    } catch {
      let free = freeBytes
      let fitting = free.map { layout.slotBytes > 0 ? $0 / layout.slotBytes : 0 }
      let room = fitting.map { "; about \($0) slots of this size fit" } ?? ""
      throw SlotDeviceError(
        error, device: name, "cannot allocate \(layout.slots) slots\(room)", needed: layout.totalBytes, free: free)
    }
  }

  /// Slots in the engine's memory on this GPU.
  package func slots(_ layout: SlotLayout, at placements: [SlotPlacement]) throws(SlotDeviceError) -> any SlotMemory {
    guard placements.count == layout.buffers.count else {
      throw SlotDeviceError(
        device: name, .unsupported, "\(placements.count) places for \(layout.buffers.count) buffers")
    }
    do throws(CUDAError) {
      return try CUDASlots(self, layout, at: placements, owning: nil)
    } catch {
      throw SlotDeviceError(error, device: name, "cannot prepare the transfer to the engine's slots")
    }
  }

  /// That memory is the host's, or another GPU's: a kernel that writes there ends the whole process's context.
  package func problem(withMemoryFrom first: UInt64, through last: UInt64) -> String? {
    for address in [first, last] {
      let place = "the memory at 0x\(String(address, radix: 16))"
      do throws(CUDAError) {
        switch try context.owner(of: address) {
        case .device(context.ordinal): continue
        case .device(let other): return "\(place) is that of cuda:\(other), not \(name)"
        case .host: return "\(place) is not the GPU's; bind memory of \(name)"
        }
      } catch {
        // The next call tells it.
        context.keep(error)
      }
    }
    return nil
  }

  /// A CUDA stream of this process; 0 is the legacy default stream.
  package func stream(_ handle: UInt) -> (any EngineStream)? { CUDAEngineStream(device: self, handle: handle) }

  private static func tooLarge(_ call: String) -> CUDAError {
    CUDAError(call: call, result: 2, name: "CUDA_ERROR_OUT_OF_MEMORY")
  }
}

/// Pinned host memory.
final class CUDAStaging: StagingMemory {
  private let buffer: PinnedBuffer

  init(_ buffer: consuming PinnedBuffer) { self.buffer = buffer }

  var bytes: UnsafeMutableRawBufferPointer { unsafe buffer.bytes }
}
