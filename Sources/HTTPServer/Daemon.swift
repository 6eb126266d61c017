import CHTTPServer
import Glibc
import LoRAIO

/// One daemon of the library: a thread that serves connections, with or without TLS.
///
/// A new certificate takes a new daemon; the old one goes on with its connections until they are closed.
@safe final class Daemon: @unchecked Sendable {
  private let daemon: OpaquePointer

  /// Bytes for the header of a request.
  private static let headerBytes = 32 << 10
  /// Seconds after which a connection without traffic is closed.
  static let idleSeconds: UInt32 = 60

  /// Starts a daemon whose requests go to `server`, which must outlive it.
  init(_ server: HTTPServer, _ settings: ServerSettings) throws(ServerError) {
    var certificate: [UInt8] = []
    var key: [UInt8] = []
    if let identity = settings.identity {
      certificate = try Self.text(identity.certificate)
      key = try Self.text(identity.key)
    }
    let started = unsafe certificate.withUnsafeBufferPointer { certificate in
      unsafe key.withUnsafeBufferPointer { key in
        unsafe Self.start(server, settings, certificate, key)
      }
    }
    guard let daemon = unsafe started else {
      throw ServerError(
        settings.identity.map {
          "the certificate \($0.certificate) and the key \($0.key) cannot be used: two PEM files that belong together are "
            + "expected, the key without a passphrase"
        } ?? "no server could be started: the system has no threads or descriptors left")
    }
    unsafe self.daemon = daemon
  }

  private static func start(
    _ server: HTTPServer, _ settings: ServerSettings, _ certificate: UnsafeBufferPointer<UInt8>,
    _ key: UnsafeBufferPointer<UInt8>
  ) -> OpaquePointer? {
    var values = unsafe http_server_settings()
    unsafe values.context = Unmanaged.passUnretained(server).toOpaque()
    unsafe values.access = Callbacks.access
    unsafe values.completed = Callbacks.completed
    unsafe values.connection = Callbacks.connection
    // The server itself counts them and waits; this is more than it lets in.
    unsafe values.connection_limit = UInt32(clamping: settings.connectionLimit + 16)
    unsafe values.idle_seconds = max(idleSeconds, UInt32(settings.timeout) + 1)
    unsafe values.memory_bytes = headerBytes
    if settings.identity != nil {
      unsafe values.certificate = UnsafeRawPointer(certificate.baseAddress)?.assumingMemoryBound(to: CChar.self)
      unsafe values.key = UnsafeRawPointer(key.baseAddress)?.assumingMemoryBound(to: CChar.self)
    }
    return unsafe http_server_start(&values)
  }

  /// A PEM file with a zero behind it.
  private static func text(_ path: String) throws(ServerError) -> [UInt8] {
    do throws(IOError) { return try InputFile.contents(of: path, limit: 1 << 20) + [0] } catch {
      throw ServerError("\(error); --tls-cert and --tls-key name two PEM files")
    }
  }

  /// Takes over a connection, or closes it.
  ///
  /// - Returns: whether it was taken over.
  func add(_ connection: Listener.Accepted) -> Bool {
    var address = connection.address
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe MHD_add_connection(daemon, connection.descriptor, $0, connection.length) == .YES
      }
    }
  }

  /// Closes all connections, none of which may be waiting for a judgement, and ends the thread.
  func stop() { unsafe MHD_stop_daemon(daemon) }
}
