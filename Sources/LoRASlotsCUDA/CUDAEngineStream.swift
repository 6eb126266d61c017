import CUDADriver
import LoRASlots

/// A stream of the engine's on this GPU, which must live as long as calls name it.
struct CUDAEngineStream: EngineStream {
  let device: CUDADevice
  /// The stream as PyTorch gives it (`cuda_stream`); 0 is the legacy default stream.
  let handle: UInt

  func fence() throws(SlotDeviceError) -> any SlotFence {
    do throws(CUDAError) {
      let stream = CUDAStream(device.context, borrowing: handle)
      // An event of a captured stream stands for a place in a graph: it would draw the loader's streams into it.
      try stream.checkIsRunning()
      let end = try Milestone(device.context)
      try end.event.record(on: stream)
      return CUDAFence(end, device: device)
    } catch {
      throw SlotDeviceError(error, device: device.name, "cannot wait for the engine's stream")
    }
  }

  func wait(for fence: any SlotFence) throws(SlotDeviceError) {
    guard let fence = fence as? CUDAFence else { return try fence.wait() }
    do throws(CUDAError) {
      let stream = CUDAStream(device.context, borrowing: handle)
      try stream.checkIsRunning()
      try stream.wait(for: fence.milestone.event)
    } catch {
      throw SlotDeviceError(error, device: device.name, "the engine's stream cannot wait for the work on its slots")
    }
  }
}
