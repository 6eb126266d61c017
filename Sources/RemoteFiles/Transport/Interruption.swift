import LoRAIO

/// The user's wish to stop, which ends every wait for a server.
enum Interruption {
  static var isWanted: Bool { TerminationSignals.hasReceived }

  static let failure = RemoteFailure(.interrupted, "it was interrupted")

  /// Waits, unless a signal comes.
  static func sleep(seconds: Double) throws(RemoteFailure) {
    let end = CurrentProcess.monotonicSeconds + seconds
    while true {
      if isWanted { throw failure }
      let rest = end - CurrentProcess.monotonicSeconds
      guard rest > 0 else { return }
      CurrentProcess.sleep(milliseconds: UInt32(min(rest, 0.1) * 1000) + 1)
    }
  }
}
