import Synchronization

/// Values by number, from several threads.
final class Collected<Value: Sendable>: Sendable {
  private let values = Mutex<[Int: Value]>([:])

  subscript(index: Int) -> Value? {
    get { values.withLock { $0[index] } }
    set { values.withLock { $0[index] = newValue } }
  }
}
