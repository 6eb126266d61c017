import CHTTPServer
import CLoRAShims
import Glibc
import JSON
import LoRAIO
import Synchronization

/// A socket that takes connections.
final class Listener: Sendable {
  /// The address as a client names it, with the port that the system chose for port 0.
  let name: String
  private let descriptor: CInt
  private let path: String?
  private let isOpen = Atomic<Bool>(true)

  /// Connections that the kernel holds until they are taken.
  private static let backlog: CInt = 1024

  /// Listens at an address.
  init(_ address: ServerSettings.Address) throws(ServerError) {
    switch address {
    case .file(let path):
      descriptor = try unsafe Self.checked(http_listen_path(path, Self.backlog), "unix:\(path)")
      name = "unix:\(path)"
      self.path = path
    case .network(let host, let port):
      let shown = host.isEmpty ? "0.0.0.0" : host.contains(":") ? "[\(host)]" : host
      let result = unsafe host.isEmpty ? http_listen(nil, port, Self.backlog) : http_listen(host, port, Self.backlog)
      descriptor = try Self.checked(result, "\(shown):\(port)")
      name = "\(shown):\(http_port(descriptor))"
      path = nil
    }
  }

  deinit { close() }

  private static func checked(_ descriptor: CInt, _ name: String) throws(ServerError) -> CInt {
    guard descriptor < 0 else { return descriptor }
    throw ServerError("--listen \(escaped(name)): \(IOError("listen", name, .system(lora_errno())).cause)")
  }

  /// Takes no more connections.
  func close() {
    guard isOpen.exchange(false, ordering: .relaxed) else { return }
    Glibc.close(descriptor)
    if let path { unsafe unlink(path) }
  }

  /// Waits for a connection, at most so many milliseconds; none comes when it was closed.
  func wait(milliseconds: Int32) -> Bool {
    guard isOpen.load(ordering: .relaxed) else { return false }
    var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&wanted, 1, milliseconds) > 0
  }

  /// A connection that belongs to the caller who takes it.
  struct Accepted {
    let descriptor: CInt
    var address: sockaddr_storage
    let length: socklen_t
  }

  /// The next connection, or nil when none waits.
  func accept() -> Accepted? {
    var address = sockaddr_storage()
    var length: socklen_t = 0
    let connection = unsafe http_accept(descriptor, &address, &length)
    guard connection >= 0 else {
      // Nothing is gained by asking at once for what there are no descriptors for.
      if [EMFILE, ENFILE, ENOMEM, ENOBUFS].contains(lora_errno()) { CurrentProcess.sleep(milliseconds: 20) }
      return nil
    }
    return Accepted(descriptor: connection, address: address, length: length)
  }
}
