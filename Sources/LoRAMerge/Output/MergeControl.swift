import Synchronization

/// What a caller may do to a running merge: watch it, and stop it.
public final class MergeControl: Sendable {
  private let isStopped = Atomic<Bool>(false)
  private let done = Atomic<UInt64>(0)
  private let progress: (@Sendable (_ done: UInt64, _ total: UInt64) -> Void)?

  /// - Parameter progress: called by the worker threads after every piece of work, with the bytes written so far and
  ///   in all; calls may overlap and come out of order.
  public init(progress: (@Sendable (_ done: UInt64, _ total: UInt64) -> Void)? = nil) { self.progress = progress }

  /// Makes the merge end with `MergeError.cancelled` soon; may be called from a signal handler.
  public func stop() { isStopped.store(true, ordering: .relaxed) }

  /// Ends the merge when it was stopped.
  func check() throws(MergeError) {
    if isStopped.load(ordering: .relaxed) { throw .cancelled }
  }

  func add(_ bytes: UInt64, of total: UInt64) {
    let now = done.wrappingAdd(bytes, ordering: .relaxed).newValue
    progress?(now, total)
  }
}
