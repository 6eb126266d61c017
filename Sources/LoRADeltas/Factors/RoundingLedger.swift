import Synchronization
import TensorCore

/// What rounding changed in tensors that were computed, measured while they were written.
package final class RoundingLedger: Sendable {
  private let errors = Mutex<[String: Double]>([:])

  package init() {}

  /// Notes the relative error of a tensor, in the Frobenius norm; what is exact is not listed.
  func note(_ tensor: String, exact: [Double], rounded: [Double]) {
    var (difference, norm) = (0.0, 0.0)
    for index in exact.indices {
      let step = exact[index] - rounded[index]
      difference += step * step
      norm += exact[index] * exact[index]
    }
    guard difference > 0, norm > 0 else { return }
    errors.withLock { $0[tensor] = (difference / norm).squareRoot() }
  }

  /// Tensors that were rounded with their relative errors, the largest first.
  package var rounded: [(tensor: String, error: Double)] {
    errors.withLock { $0.map { ($0.key, $0.value) } }.ordered { ($1.1, $0.0) < ($0.1, $1.0) }
  }
}
