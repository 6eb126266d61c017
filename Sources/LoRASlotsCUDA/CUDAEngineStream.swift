import CUDADriver
import LoRASlots

/// A stream of the engine's on this GPU, which must live as long as calls name it.
struct CUDAEngineStream: EngineStream {
  let device: CUDADevice
  /// The stream as PyTorch gives it (`cuda_stream`); 0 is the legacy default stream.
  let handle: UInt

  func fence() throws(SlotDeviceError) -> any SlotFence {
    do throws(CUDAError) {
      let end = try Milestone(device.context)
      try end.event.record(on: CUDAStream(device.context, borrowing: handle))
      return CUDAFence(end, device: device)
    } catch {
      throw SlotDeviceError(error, device: device.name, "cannot wait for the engine's stream")
    }
  }

  func wait(for fence: any SlotFence) throws(SlotDeviceError) {
    guard let fence = fence as? CUDAFence else { return try fence.wait() }
    do throws(CUDAError) {
      try CUDAStream(device.context, borrowing: handle).wait(for: fence.milestone.event)
    } catch {
      throw SlotDeviceError(error, device: device.name, "the engine's stream cannot wait for the work on its slots")
    }
  }
}
