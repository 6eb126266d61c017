import Synchronization

/// What a caller may do to an operation on adapters: watch it, and stop it.
package final class SurgeryControl: Sendable {
  private let stopped = Atomic<Bool>(false)
  private let progress: (@Sendable (_ done: UInt64) -> Void)?

  /// - Parameter progress: called by the worker threads with the units of work, bytes or modules, done since the last
  ///   call.
  package init(progress: (@Sendable (_ done: UInt64) -> Void)? = nil) { self.progress = progress }

  /// Makes the operation end soon with `SurgeryError.cancelled`; may be called from any thread.
  package func stop() { stopped.store(true, ordering: .relaxed) }

  /// Whether the operation is to end.
  package var isStopped: Bool { stopped.load(ordering: .relaxed) }

  /// Ends the operation when it was stopped.
  package func check() throws(SurgeryError) {
    if isStopped { throw .cancelled }
  }

  /// Says that some units are done.
  package func add(_ units: UInt64) { progress?(units) }
}
