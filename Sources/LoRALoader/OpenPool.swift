import CLoRALoader
import Glibc
import LoRASlots

/// A pool in the hands of a caller, and the process that opened it.
///
/// A forked child has the parent's memory, but neither its threads nor its GPU: locks that were held stay held, and
/// driver calls fail or hang. So a child gets a status and nothing of the pool is touched.
final class OpenPool: Sendable {
  private let pool: AdapterPool
  private let process = getpid()

  init(_ pool: AdapterPool) { self.pool = pool }

  /// Whether this process opened it.
  var isOwn: Bool { getpid() == process }

  /// The pool.
  func inThisProcess() throws(LoaderFailure) -> AdapterPool {
    guard isOwn else {
      throw LoaderFailure(
        LORA_FORKED, "the pool was opened before this process was forked; open another one here, or spawn workers")
    }
    return pool
  }
}
