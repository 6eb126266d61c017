import CUDADriver
package import LoRASlots
import Synchronization

/// Loads in flight on a GPU.
package final class CUDALoading: CUDAFence, SlotLoading, @unchecked Sendable {
  /// What is needed until the load has ended.
  private struct Flight {
    /// Before the first command, where times are asked for.
    var started: Milestone?
    /// Behind the last copy to the device, where the kernel follows it.
    var lastCopy: Milestone?
    /// The memory that copies read.
    var stagings: [any StagingMemory]
  }

  /// Behind the first chunk, where times are asked for.
  private let first: Milestone?
  /// Stages that are in place when `first` has passed.
  private let firstStages: Int
  private let flight: Mutex<Flight?>
  private let known: Mutex<SlotTimings>

  init(_ transfer: CUDATransfer) {
    first = transfer.first
    firstStages = transfer.firstStages
    flight = Mutex(
      Flight(
        started: transfer.started, lastCopy: transfer.lastCopy, stagings: transfer.loads.map(\.staging)))
    known = Mutex(transfer.timings)
    super.init(transfer.done, device: transfer.slots.device)
  }

  /// Whether everything is in place.
  package override var isDone: Bool { flight.withLock { $0 == nil } || super.isDone }

  /// Blocks until everything is in place.
  package override func wait() throws(SlotDeviceError) {
    try super.wait()
    settle()
  }

  /// Blocks until the first stages are in place.
  package func wait(stages count: Int) throws(SlotDeviceError) {
    guard count > 0 else { return }
    guard count <= firstStages, let first else { return try wait() }
    do throws(CUDAError) { try first.event.wait() } catch {
      throw SlotDeviceError(error, device: device.name, "the load failed")
    }
  }

  /// What it cost; complete after `wait()`, without times where none were asked for.
  ///
  /// `kernel` is the time between the last byte's arrival and the end.
  package var timings: SlotTimings { known.withLock { $0 } }

  /// Notes the times of a load that has ended and lets go of what it read; once.
  private func settle() {
    let ended = flight.withLock { $0.take() }
    guard let ended, let started = ended.started, let first else { return }
    do throws(CUDAError) {
      let total = try milestone.event.seconds(since: started.event)
      let early = try first.event.seconds(since: started.event)
      let bus = try ended.lastCopy.map { (copy) throws(CUDAError) in try copy.event.seconds(since: started.event) }
      known.withLock {
        $0.total = total
        $0.firstStage = early
        $0.bus = bus ?? total
        $0.kernel = total - $0.bus
      }
    } catch {
      // Only times are missing.
      device.context.keep(error)
    }
  }
}
