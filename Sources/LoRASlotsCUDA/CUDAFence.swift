import CUDADriver
package import LoRASlots

/// A point in a stream of the device.
package class CUDAFence: SlotFence, @unchecked Sendable {
  let milestone: Milestone
  let device: CUDADevice

  init(_ milestone: Milestone, device: CUDADevice) {
    self.milestone = milestone
    self.device = device
  }

  /// Whether the stream has passed it; a stream that has failed has.
  package var isDone: Bool {
    do throws(CUDAError) {
      return try milestone.event.isPassed()
    } catch {
      // What failed around the question is told by the next call that can throw.
      if error.call != "cuEventQuery" { device.context.keep(error) }
      return true
    }
  }

  /// Blocks until the stream has passed it.
  package func wait() throws(SlotDeviceError) {
    do throws(CUDAError) { try milestone.event.wait() } catch {
      throw SlotDeviceError(error, device: device.name, "work on the GPU failed at or before this point")
    }
  }
}
