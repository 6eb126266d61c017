import Synchronization

/// What a caller may do to work on an archive: watch it, and stop it.
package final class ArchiveControl: Sendable {
  private let isStopped = Atomic<Bool>(false)
  private let progress: (@Sendable (_ bytes: UInt64) -> Void)?

  /// - Parameter progress: called by the worker threads with the bytes of content done since their last call.
  package init(progress: (@Sendable (_ bytes: UInt64) -> Void)? = nil) { self.progress = progress }

  /// Makes the work end soon with `.cancelled`.
  package func stop() { isStopped.store(true, ordering: .relaxed) }

  func check(_ path: String) throws(ArchiveError) {
    if isStopped.load(ordering: .relaxed) { throw ArchiveError(path, .cancelled) }
  }

  func add(_ bytes: Int) { progress?(UInt64(bytes)) }
}

/// Positions handed out one by one to a crew of threads, so that each thread can keep its own buffers.
final class Shares: Sendable {
  private let next: Atomic<Int>
  private let end: Int

  init(_ positions: Range<Int>) {
    next = Atomic(positions.lowerBound)
    end = positions.upperBound
  }

  /// The next position, or nil when none is left or a thread has given up.
  func take() -> Int? {
    let position = next.wrappingAdd(1, ordering: .relaxed).oldValue
    return position < end ? position : nil
  }

  /// Hands out no more.
  func giveUp() { next.store(end, ordering: .relaxed) }
}
