import LoRAMerge
import Synchronization

/// The merge that a signal stops, shared between the thread that works and the one that waits for signals.
final class CurrentMerge: Sendable {
  private struct State {
    var control: MergeControl?
    var isStopped = false
  }

  private let state = Mutex(State())

  /// Names the running merge; it is stopped at once when the signal has come already.
  func set(_ control: MergeControl) {
    let isStopped = state.withLock { state in
      state.control = control
      return state.isStopped
    }
    if isStopped { control.stop() }
  }

  /// Stops the running merge, or the next one.
  func stop() {
    let control = state.withLock { state in
      state.isStopped = true
      return state.control
    }
    control?.stop()
  }
}
