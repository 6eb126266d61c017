import LoRAIO
import LoRAServe
import Synchronization

extension HTTPServer {
  /// Answers what has begun, also what the kernel holds in its queue, and closes everything.
  func end() -> Bool {
    let start = CurrentProcess.monotonicSeconds
    while true {
      let now = CurrentProcess.monotonicSeconds
      if listener.wait(milliseconds: 0) {
        acceptWaiting()
      } else {
        listener.close()
      }
      watchClock(now)
      if now - start > settings.grace { return giveUp() }
      if connections.count == 0 { break }
      CurrentProcess.sleep(milliseconds: 10)
    }
    listener.close()
    let all = daemons.withLock { $0.earlier + [$0.current].compactMap(\.self) }
    for daemon in all { daemon.stop() }
    return true
  }

  /// Tells those who still wait that they wait in vain; their connections end with the process.
  private func giveUp() -> Bool {
    for exchange in judging.withLock({ Array($0.values) }) {
      exchange.complete(with: service.refusal(route(of: exchange), 503, "ended", "not judged: the server is ending"))
    }
    CurrentProcess.sleep(milliseconds: 200)
    return false
  }
}
