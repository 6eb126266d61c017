import LoRAIO
import LoRAKernels
import Safetensors
import Synchronization
import TensorCore

/// What the threads that work on one matrix share: its right factors, held from the first tile to the last, and the
/// statistics of all tiles.
final class UpdateState: Sendable {
  /// A matrix update with its right factors in memory, shared by reference.
  final class Prepared: Sendable {
    enum Form: Sendable {
      case lowRank(RightFactor)
      case decomposed(DecomposedUpdate)
    }

    let form: Form
    init(_ form: Form) { self.form = form }
  }

  /// What one tile did to the values.
  enum Statistics {
    /// Sums that are exact, in any order.
    case exact(MergeStatistics)
    /// Sums of single rows, the first of which is `first`.
    case rows([RoundingStatistics], first: Int)
  }

  private struct State {
    var prepared: Prepared?
    var remaining: Int
    var exact: MergeStatistics?
    var rows: [(first: Int, rows: [RoundingStatistics])] = []
  }

  private let state: Mutex<State>

  /// A matrix that is cut into `tiles` tiles.
  init(tiles: Int) { state = Mutex(State(remaining: tiles)) }

  /// The update, prepared by the first thread that asks while the others wait for it.
  func prepared(_ update: MatrixUpdate, from sources: [SafetensorsFile]) throws(IOError) -> Prepared {
    try state.withLock { state throws(IOError) in
      if let prepared = state.prepared { return prepared }
      let form: Prepared.Form =
        update.isDecomposed
        ? .decomposed(try DecomposedUpdate(update, sources)) : .lowRank(try update.loadRight(from: sources))
      let prepared = Prepared(form)
      state.prepared = prepared
      return prepared
    }
  }

  /// Frees the factors.
  func release() { state.withLock { $0.prepared = nil } }

  /// Counts one tile as done; the last one gives the rounding of the whole matrix and frees the factors.
  func finishTile(_ statistics: Statistics) -> RoundingStatistics? {
    state.withLock { state in
      switch statistics {
      case .exact(let exact):
        if state.exact == nil { state.exact = MergeStatistics() }
        state.exact?.merge(exact)
      case .rows(let rows, let first): state.rows.append((first, rows))
      }
      state.remaining -= 1
      guard state.remaining == 0 else { return nil }
      defer {
        state.prepared = nil
        state.exact = nil
        state.rows = []
      }
      if let exact = state.exact { return RoundingStatistics(exact) }
      // In the order of the rows, so that the sums do not depend on which tile was done first.
      var sum = RoundingStatistics()
      for part in state.rows.ordered(by: { $0.first < $1.first }) {
        for row in part.rows { sum.merge(row) }
      }
      return sum
    }
  }
}
