import JSON
import LoRACLI
import LoRAIO
import LoRAServe
import Synchronization

#if HTTP_SERVER
import HTTPServer
#endif

#if HTTP_SERVER
extension ServeProgram {
  /// Listens until a signal comes.
  func serve(_ service: Service, _ log: @escaping @Sendable (String) -> Void) throws {
    let settings = try settings()
    let server: HTTPServer
    do throws(ServerError) {
      server = try HTTPServer(service, settings, log: { log(EventLine.text("certificate", [("message", $0)])) })
    } catch { throw Failure(error.description) }
    Stop.server.withLock { $0 = server }
    if TerminationSignals.hasReceived { server.stop() }
    let scheme = server.settings.identity == nil ? "http" : "https"
    log(
      EventLine.text(
        "listening", [("address", server.name.hasPrefix("unix:") ? server.name : "\(scheme)://\(server.name)")]))
    let isDone = server.run()
    log(EventLine.text("ended"))
    if !isDone { throw Failure("some requests were not answered within \(server.settings.grace) s (--grace)") }
  }

  private func settings() throws -> ServerSettings {
    let arguments = command.arguments
    var settings = ServerSettings(address: try Self.address(arguments.listen))
    if let certificate = arguments.certificate, let key = arguments.key {
      settings.identity = .init(certificate: certificate, key: key)
    }
    settings.bodyLimit = arguments.maxBody
    settings.timeout = arguments.timeout
    settings.grace = arguments.grace
    settings.connectionLimit = arguments.connections
    settings.workers = arguments.threads.workers
    return settings
  }

  /// `HOST:PORT`, `[HOST]:PORT`, `:PORT` or `unix:PATH`.
  private static func address(_ text: String) throws -> ServerSettings.Address {
    if text.hasPrefix("unix:"), text.utf8.count > 5 { return .file(String(text.dropFirst(5))) }
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
      throw Failure("--listen wants HOST:PORT, :PORT or unix:PATH, not \(escaped(text))")
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    return .network(host: String(host), port: port)
  }
}

/// What SIGTERM and SIGINT end.
enum Stop {
  static let server = Mutex<HTTPServer?>(nil)

  /// Has the first of the signals end the server in good order; a second one ends the process.
  static func listen() {
    TerminationSignals.onFirst { server.withLock { $0 }?.stop() }
  }
}
#else
extension ServeProgram {
  /// Says why there is no server.
  func serve(_ service: Service, _ log: @escaping @Sendable (String) -> Void) throws {
    throw Failure(
      "this program was built without a server, for GNU libmicrohttpd was not installed then; install "
        + "libmicrohttpd-dev and build it again")
  }
}

/// What signals end: nothing.
enum Stop {
  static func listen() {}
}
#endif
