import Glibc
import Synchronization

/// SIGHUP, SIGINT and SIGTERM turned into a call, so that work can clean up before the process ends by the signal.
package enum TerminationSignals {
  /// What a terminal that closes, a user and a scheduler send.
  private static let all = [SIGHUP, SIGINT, SIGTERM]
  private static let received = Atomic<CInt>(0)

  /// Whether one of them was received, so that waiting for a server ends.
  package static var hasReceived: Bool { received.load(ordering: .relaxed) != 0 }

  /// Ends the reading of a whole file, of which only work that a signal stops is in need.
  ///
  /// - Parameter offset: how far it has come.
  package static func check(reading path: String, at offset: UInt64) throws(IOError) {
    if hasReceived { throw IOError("read", path, offset: offset, .system(EINTR)) }
  }

  /// Calls `action` on a thread of its own when the first of the signals comes; the second one ends the process.
  ///
  /// One that is ignored stays ignored.
  /// Must be called before other threads start, because threads inherit which signals are held back.
  package static func onFirst(_ action: @escaping @Sendable () -> Void) {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for number in all where !isIgnored(number) { unsafe sigaddset(&set, number) }
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

  /// Whether a signal has no effect, as `nohup` and shells want it for work in the background.
  private static func isIgnored(_ number: CInt) -> Bool {
    var action = sigaction()
    guard unsafe sigaction(number, nil, &action) == 0 else { return false }
    let handler = unsafe action.__sigaction_handler.sa_handler
    return unsafe unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
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
