import JSON
import LoRAIO
package import LoRAServe
import Synchronization

/// A server on GNU libmicrohttpd: moves requests to a `Service` and its answers back, within limits of size and time.
///
/// One thread, that of `run`, takes connections and watches the clock; one of the library reads and writes; as many as
/// are asked for judge. A server runs until its process ends, so its threads may refer to it without owning it.
package final class HTTPServer: Sendable {
  /// How it serves.
  package let settings: ServerSettings
  let connections = Connections()
  let service: Service
  let listener: Listener
  private let queue: WorkQueue
  let daemons = Mutex(Daemons())
  let judging = Mutex<[ObjectIdentifier: Exchange]>([:])
  private let stops = Atomic<Bool>(false)
  private let log: @Sendable (String) -> Void

  struct Daemons {
    var current: Daemon?
    /// Those with a certificate that was replaced; they end with the server.
    var earlier: [Daemon] = []
    var identity: FileVersions?
  }

  /// Listens and is ready to serve, which `run` does.
  package init(_ service: Service, _ settings: ServerSettings, log: @escaping @Sendable (String) -> Void)
    throws(ServerError)
  {
    self.service = service
    self.settings = settings
    self.log = log
    listener = try Listener(settings.address)
    queue = WorkQueue(workers: settings.workers)
    let identity = settings.identity.map { FileVersions([$0.certificate, $0.key]) }
    let daemon = try Daemon(self, settings)
    daemons.withLock {
      $0.current = daemon
      $0.identity = identity
    }
  }

  /// The address as a client names it.
  package var name: String { listener.name }

  /// Ends `run`: from now on every answer closes its connection.
  package func stop() {
    service.leave()
    stops.store(true, ordering: .relaxed)
  }

  /// Whether the server is ending.
  var isLeaving: Bool { stops.load(ordering: .relaxed) }

  /// Serves until `stop` is called, then answers what has begun.
  ///
  /// - Returns: whether everything that had begun was answered.
  package func run() -> Bool {
    var lastLook = 0.0
    while !isLeaving {
      let isFull = connections.count >= settings.connectionLimit
      if isFull { connections.endIdlest(after: 1) }
      if isFull {
        CurrentProcess.sleep(milliseconds: 5)
      } else if listener.wait(milliseconds: 50) {
        acceptWaiting()
      }
      let now = CurrentProcess.monotonicSeconds
      if now - lastLook > 0.05 {
        lastLook = now
        watchClock(now)
      }
    }
    return end()
  }

  /// Hands the connections that wait to the daemon.
  func acceptWaiting() {
    guard let daemon = daemons.withLock({ $0.current }) else { return }
    while connections.count < settings.connectionLimit, let connection = listener.accept() {
      // Listed from here on, so that the server does not end between this and the daemon's first look at it.
      connections.add(connection.descriptor)
      if !daemon.add(connection) { connections.remove(connection.descriptor) }
    }
  }

  // MARK: The clock

  /// Seconds in which a client may still use a connection that it holds to be open; the answer closes it.
  private static let lastChance = 0.5

  /// Ends what takes too long, and looks at the certificate.
  func watchClock(_ now: Double) {
    connections.endLate { phase in
      phase == .busy || (phase == .new && !isLeaving)
        ? settings.timeout : isLeaving ? Self.lastChance : Double(Daemon.idleSeconds)
    }
    service.setConnections(connections.count)
    for exchange in judging.withLock({ Array($0.values) }) where now - exchange.start > settings.timeout {
      let seconds = Int(settings.timeout.rounded(.up))
      exchange.complete(
        with: service.refusal(
          route(of: exchange), 504, "timeout",
          "not judged: the adapter could not be read within \(seconds) s (--timeout)"))
    }
    renewIdentity()
  }

  /// Reads the certificate again when its files have changed; one that cannot be used leaves the old one in place.
  private func renewIdentity() {
    guard let identity = settings.identity else { return }
    let versions = FileVersions([identity.certificate, identity.key])
    guard daemons.withLock({ $0.identity != versions }) else { return }
    do throws(ServerError) {
      let daemon = try Daemon(self, settings)
      daemons.withLock {
        $0.earlier += [$0.current].compactMap(\.self)
        $0.current = daemon
      }
      log("the certificate \(escaped(identity.certificate)) was read again")
    } catch {
      log("\(error); the one before stays in use")
    }
    daemons.withLock { $0.identity = versions }
  }

  // MARK: Requests, on the threads of daemons

  /// Notes that a request begins; an answer refuses it before its body is read.
  func begin(_ exchange: Exchange, length: UInt64) -> Answer? {
    connections.wait(exchange.descriptor, .busy)
    if case .failure(let refused) = service.route(exchange.method, exchange.path) { return refused.answer }
    return length > UInt64(settings.bodyLimit) ? tooLarge(exchange) : nil
  }

  /// The answer to a request that is whole; nil when it will be handed in.
  func answer(_ exchange: Exchange) -> Answer? {
    exchange.close()
    if exchange.isTooLarge { return tooLarge(exchange) }
    let request = exchange.request
    guard case .success(let route) = service.route(request.method, request.path), route.isJudged else {
      return service.answer(request)
    }
    connections.work(exchange.descriptor)
    judging.withLock { $0[ObjectIdentifier(exchange)] = exchange }
    service.changeInFlight(by: 1)
    exchange.suspend()
    queue.add { [self] in
      // One that waited for too long has been answered.
      guard exchange.isJudging else { return }
      let left = exchange.start + settings.timeout - CurrentProcess.monotonicSeconds
      exchange.complete(with: service.answer(request, within: max(0.1, left - 0.2)))
    }
    return nil
  }

  /// Counts and logs an answer that is about to be sent.
  func record(_ answer: Answer, of exchange: Exchange) {
    forget(exchange)
    connections.wait(exchange.descriptor, .busy)
    service.record(
      answer, seconds: CurrentProcess.monotonicSeconds - exchange.start, received: exchange.received)
  }

  /// Notes that a request is over.
  func end(_ exchange: Exchange) {
    if exchange.isTooLarge, !exchange.isSent {
      record(tooLarge(exchange), of: exchange)
    } else if !exchange.isSent {
      record(service.refusal(route(of: exchange), 499, "cut", "the client went away"), of: exchange)
    }
    connections.wait(exchange.descriptor, .idle)
  }

  private func forget(_ exchange: Exchange) {
    if judging.withLock({ $0.removeValue(forKey: ObjectIdentifier(exchange)) }) != nil {
      service.changeInFlight(by: -1)
    }
  }

  private func tooLarge(_ exchange: Exchange) -> Answer {
    service.refusal(
      route(of: exchange), 413, "too-large", "the body is larger than \(settings.bodyLimit) bytes (--max-body)")
  }

  /// The path of a request as metrics call it.
  func route(of exchange: Exchange) -> String {
    (try? service.route(exchange.method, exchange.path).get())?.rawValue ?? "other"
  }
}
