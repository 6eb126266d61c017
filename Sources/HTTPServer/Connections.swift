import Glibc
import LoRAIO
import Synchronization

/// The open connections, and since when each waits for its client.
///
/// The library closes what is silent; a client that sends a byte now and then is ended from here. A descriptor is listed
/// from before its first byte is read until before it is closed, so that none is ended that has another owner by now.
final class Connections: Sendable {
  /// What a client is waited for.
  enum Phase {
    /// Its first request.
    case new
    /// The rest of a request, or that it takes an answer.
    case busy
    /// Another request.
    case idle
  }

  private struct Entry {
    /// Since when the client has to send or take something; nil while the server has to.
    var waitsSince: Double?
    var phase = Phase.new
  }

  private let entries = Mutex<[CInt: Entry]>([:])

  /// Number of connections.
  var count: Int { entries.withLock { $0.count } }

  func add(_ descriptor: CInt) {
    let now = CurrentProcess.monotonicSeconds
    entries.withLock { $0[descriptor] = Entry(waitsSince: now) }
  }

  func remove(_ descriptor: CInt) {
    entries.withLock { _ = $0.removeValue(forKey: descriptor) }
  }

  /// Notes that it is the client's turn.
  func wait(_ descriptor: CInt, _ phase: Phase) {
    let now = CurrentProcess.monotonicSeconds
    entries.withLock { if $0[descriptor] != nil { $0[descriptor] = Entry(waitsSince: now, phase: phase) } }
  }

  /// Notes that it is the server's turn.
  func work(_ descriptor: CInt) {
    entries.withLock { $0[descriptor]?.waitsSince = nil }
  }

  /// Ends the connections whose clients let the server wait for longer than so many seconds.
  func endLate(_ limit: (Phase) -> Double) {
    let now = CurrentProcess.monotonicSeconds
    entries.withLock { entries in
      for (descriptor, entry) in entries {
        guard let start = entry.waitsSince, now - start > limit(entry.phase) else { continue }
        // The thread of the daemon sees the end and closes it.
        shutdown(descriptor, CInt(SHUT_RDWR))
      }
    }
  }

  /// Ends the connection that has been without a request for longest, if that is more than so many seconds.
  func endIdlest(after seconds: Double) {
    let now = CurrentProcess.monotonicSeconds
    entries.withLock { entries in
      let idle = entries.compactMap { entry in
        entry.value.phase == .idle ? entry.value.waitsSince.map { (descriptor: entry.key, since: $0) } : nil
      }
      guard let oldest = idle.min(by: { $0.since < $1.since }), now - oldest.since > seconds else { return }
      shutdown(oldest.descriptor, CInt(SHUT_RDWR))
    }
  }
}
