import LoRAIO
import LoRAKernels
import Safetensors
import Synchronization

/// What the threads that work on one matrix share: its right factor, held from the first tile to the last, and the
/// statistics of all tiles.
final class UpdateState: Sendable {
  /// R in memory, shared by reference.
  final class Panel: Sendable {
    let right: RightFactor
    init(_ right: RightFactor) { self.right = right }
  }

  private struct State {
    var panel: Panel?
    var remaining: Int
    var statistics: MergeStatistics?
  }

  private let state: Mutex<State>

  /// A matrix that is cut into `tiles` tiles.
  init(tiles: Int) { state = Mutex(State(remaining: tiles)) }

  /// R, loaded by the first thread that asks while the others wait for it.
  func panel(of update: MatrixUpdate, from sources: [SafetensorsFile]) throws(IOError) -> Panel {
    try state.withLock { state throws(IOError) in
      if let panel = state.panel { return panel }
      let panel = Panel(try update.loadRight(from: sources))
      state.panel = panel
      return panel
    }
  }

  /// Counts one tile as done; the last one gives the rounding of the whole matrix and frees R.
  func finishTile(_ statistics: MergeStatistics?) -> Rounding? {
    state.withLock { state in
      if let statistics {
        if state.statistics == nil { state.statistics = MergeStatistics() }
        state.statistics?.merge(statistics)
      }
      state.remaining -= 1
      guard state.remaining == 0 else { return nil }
      defer {
        state.panel = nil
        state.statistics = nil
      }
      return state.statistics.map { Rounding($0) }
    }
  }
}
