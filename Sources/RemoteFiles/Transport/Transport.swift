import CCurl
import JSON
import Synchronization

/// Sends requests: reuses connections, follows redirects, and waits and tries again where that may help.
final class Transport: Sendable {
  let settings: TransportSettings
  private let idle = Mutex<[CurlHandle]>([])

  /// Most connections that are kept open for later requests.
  private static let keptConnections = 8
  private static let redirectLimit = 8

  init(_ settings: TransportSettings) { self.settings = settings }

  /// Gets a part of a file, or a whole answer.
  ///
  /// - Parameters:
  ///   - range: first byte and number of bytes; nil for a request without a range.
  ///   - limit: most bytes that are taken of the body.
  /// - Returns: an answer with the status 200, 206 or 416, whose transfer may have been cut after some bytes came.
  func get(
    _ address: WebAddress, of site: any RemoteSite, range: (offset: UInt64, count: Int)? = nil, limit: Int
  ) throws(RemoteFailure) -> HTTPAnswer {
    var tries = 0
    var wait = settings.firstWait
    while true {
      tries += 1
      let answer = try followed(address, of: site, range: range, limit: limit)
      if Interruption.isWanted { throw Interruption.failure }
      var failure: RemoteFailure
      if answer.isWhole {
        if [200, 206, 416].contains(answer.status) { return answer }
        failure = site.explanation(of: answer)
        guard Self.mayPass(answer.status) else { throw failure }
      } else {
        // The caller asks for the rest.
        if !answer.body.isEmpty, answer.status == 206 { return answer }
        failure = answer.transferFailure
        // A server that has answered before may be back in a moment.
        guard answer.transferMayPass || (failure.kind == .unreachable && range.map { $0.offset > 0 } ?? false) else {
          throw failure
        }
      }
      let limit = answer.status == 429 ? settings.busyTries : settings.tries
      let asked = answer.retryAfter
      guard tries < limit else {
        throw RemoteFailure(failure.kind, "\(failure.reason), \(tries) times in a row")
      }
      guard (asked ?? 0) <= settings.longestWait else {
        throw RemoteFailure(
          failure.kind, "\(failure.reason), and asks to come back in \(Int(min(asked ?? 0, 1e9))) seconds")
      }
      try Interruption.sleep(seconds: asked ?? wait)
      wait *= 2
    }
  }

  /// Whether a server may answer otherwise a little later.
  private static func mayPass(_ status: Int) -> Bool { [408, 429, 500, 502, 503, 504].contains(status) }

  private func freeHandle() throws(RemoteFailure) -> CurlHandle {
    if let handle = idle.withLock({ $0.popLast() }) { return handle }
    return try CurlLibrary.load().newHandle()
  }

  private func followed(
    _ address: WebAddress, of site: any RemoteSite, range: (offset: UInt64, count: Int)?, limit: Int
  ) throws(RemoteFailure) -> HTTPAnswer {
    var address = address
    for _ in 0...Self.redirectLimit {
      var lines = ["Accept: */*", "Accept-Encoding: identity"]
      if let range, range.count > 0 {
        lines.append("Range: bytes=\(range.offset)-\(range.offset + UInt64(range.count - 1))")
      }
      lines += site.headerLines(for: address)
      let handle = try freeHandle()
      let answer = try handle.get(
        address, lines: lines, limit: limit, takesWhole: range.map { $0.offset == 0 } ?? true, settings: settings)
      idle.withLock { if $0.count < Self.keptConnections { $0.append(handle) } }
      guard let next = try site.redirect(answer) else { return answer }
      address = next
    }
    throw RemoteFailure(.other, "\(address.host) leads in a circle: more than \(Self.redirectLimit) redirects")
  }
}
