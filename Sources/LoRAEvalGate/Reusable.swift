import Synchronization

/// Things that threads take for a piece of work and give back for the next: memory that is had again and again costs as
/// many page faults.
final class Reusable<Thing: Sendable>: Sendable {
  private let unused = Mutex<[Thing]>([])

  /// One of them, if any is unused.
  func take() -> Thing? { unused.withLock { $0.popLast() } }

  /// Keeps one for the next piece of work.
  func give(_ thing: Thing) { unused.withLock { $0.append(thing) } }
}
