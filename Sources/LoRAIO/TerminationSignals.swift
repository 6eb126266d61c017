import Glibc
import Synchronization

/// SIGINT and SIGTERM turned into a call, so that work can clean up before the process ends by the signal.
package enum TerminationSignals {
  private static let received = Atomic<CInt>(0)

  /// Whether one of the two was received, so that waiting for a server ends.
  package static var hasReceived: Bool { received.load(ordering: .relaxed) != 0 }

  /// Calls `action` on a thread of its own when the first of the two signals comes; the second one ends the process.
  ///
  /// Must be called before other threads start, because threads inherit which signals are held back.
  package static func onFirst(_ action: @escaping @Sendable () -> Void) {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    unsafe sigaddset(&set, SIGINT)
    unsafe sigaddset(&set, SIGTERM)
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    let held = set
    Workers.detach {
      var held = held
      var number: CInt = 0
      guard unsafe sigwait(&held, &number) == 0 else { return }
      received.store(number, ordering: .relaxed)
      action()
      // From here on a second signal works as ever.
      unsafe pthread_sigmask(SIG_UNBLOCK, &held, nil)
    }
  }

  /// Ends the process by the signal that was received, as if it had never been held back; returns when there was none.
  package static func reraise() {
    let number = received.load(ordering: .relaxed)
    guard number != 0 else { return }
    signal(number, SIG_DFL)
    var set = sigset_t()
    unsafe sigemptyset(&set)
    unsafe sigaddset(&set, number)
    unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    raise(number)
  }
}
