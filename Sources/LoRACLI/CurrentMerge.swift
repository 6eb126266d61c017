import LoRAIO
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

  /// Stops the running merge; ends the process while there is none, because nothing is written then.
  func stop() {
    state.withLock { state in
      state.isStopped = true
      if let control = state.control { control.stop() } else { TerminationSignals.reraise() }
    }
  }
}
