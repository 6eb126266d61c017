import CUDADriver
package import LoRASlots
import Synchronization

/// Loads in flight on a GPU.
package final class CUDALoading: CUDAFence, SlotLoading, @unchecked Sendable {
  /// Recorded before the first command and behind the first chunk.
  private let started: CUDAEvent
  private let first: CUDAEvent
  /// Behind the last copy to the device; recorded by the last chunk.
  private let lastCopy: TransferScratch.Milestone?
  /// Stages that are in place when `first` has passed.
  private let firstStages: Int
  private let slots: CUDASlots
  private let stagings: [any StagingMemory]
  private let bench: Mutex<TransferScratch?>
  private let known: Mutex<SlotTimings>

  init(
    _ slots: CUDASlots, bench: TransferScratch, started: consuming CUDAEvent, first: consuming CUDAEvent,
    done: consuming CUDAEvent, lastCopy: TransferScratch.Milestone?, firstStages: Int, stagings: [any StagingMemory],
    _ submitted: SlotTimings
  ) {
    self.slots = slots
    self.bench = Mutex(bench)
    self.started = started
    self.first = first
    self.lastCopy = lastCopy
    self.firstStages = firstStages
    self.stagings = stagings
    known = Mutex(submitted)
    super.init(done, device: slots.device)
  }

  // The device may still read the staging memory and the bench.
  deinit {
    guard bench.withLock({ $0 != nil }) else { return }
    do throws(CUDAError) { try event.wait() } catch {
      slots.halt()
      device.context.keep(error)
    }
    settle()
  }

  /// Whether everything is in place.
  package override var isDone: Bool { bench.withLock { $0 == nil } || super.isDone }

  /// Blocks until everything is in place.
  package override func wait() throws(SlotDeviceError) {
    try super.wait()
    settle()
  }

  /// Blocks until the first stages are in place.
  package func wait(stages count: Int) throws(SlotDeviceError) {
    if count > firstStages { return try wait() }
    guard count > 0 else { return }
    do throws(CUDAError) { try first.wait() } catch {
      throw SlotDeviceError(error, device: device.name, "the load failed")
    }
  }

  /// What it cost; complete after `wait()`.
  ///
  /// `kernel` is the time between the last byte's arrival and the end.
  package var timings: SlotTimings { known.withLock { $0 } }

  /// Notes the times of a load that has ended and gives the bench back; once.
  private func settle() {
    let finished = bench.withLock { $0.take() }
    guard let finished else { return }
    do throws(CUDAError) {
      let total = try event.seconds(since: started)
      let early = try first.seconds(since: started)
      let bus = try lastCopy.map { (copy) throws(CUDAError) in try copy.event.seconds(since: started) }
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
    slots.benches.put(finished)
  }
}
