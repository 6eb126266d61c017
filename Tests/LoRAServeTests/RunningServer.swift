import Foundation
import Glibc
import JSON
import LoRATestSupport
import Synchronization

/// The program with a server in it, running on a free port of this machine.
final class RunningServer: Sendable {
  let process: Program.Running
  /// The address that it says it listens at.
  let address: String
  let port: UInt16

  /// Whether the server was built; without GNU libmicrohttpd the program says what it lacks.
  static let isBuilt: Bool = {
    let result = try? Program.run(["serve", "--root", ".", "--listen", "unix:/no/such/folder/socket"])
    return result?.errors.contains("libmicrohttpd") == false
  }()

  /// Starts it, with adapters of the test data and the bases `llama` and `other`.
  init(_ arguments: [String] = [], listen: String = "127.0.0.1:0", environment: [String: String] = [:]) throws {
    let process = try Program.start(
      [
        "serve", "--listen", listen, "--root", Fixtures.root, "--base", "llama=models/llama-bf16-sharded", "--base",
        "other=bases/llama-7b.json",
      ] + arguments, environment: environment)
    self.process = process
    Self.endsWithTheTests(process.id)
    var address: String?
    for _ in 0..<1200 where address == nil && process.isRunning {
      Thread.sleep(forTimeInterval: 0.05)
      address =
        process.errorsSoFar.split(separator: "\n").lazy
        .compactMap { try? JSONValue(parsing: Array($0.utf8)) }.first { $0["event"] == "listening" }?["address"]?.string
    }
    guard let address else { throw Silent(errors: process.errorsSoFar) }
    self.address = address
    port = address.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
  }

  struct Silent: Error { let errors: String }

  private static let started = Mutex<[Int32]>([])

  /// Ends a server with this process, also one that a suite shares and nothing releases.
  private static func endsWithTheTests(_ id: Int32) {
    let isFirst = started.withLock { ids in
      ids.append(id)
      return ids.count == 1
    }
    guard isFirst else { return }
    atexit { RunningServer.started.withLock { for id in $0 { kill(id, SIGKILL) } } }
  }

  deinit {
    if process.isRunning { kill(process.id, SIGKILL) }
    Self.started.withLock { ids in ids.removeAll { $0 == process.id } }
  }

  /// Sends a signal.
  func signal(_ number: CInt) { kill(process.id, number) }

  /// The lines of the log.
  var log: [JSONValue] {
    process.errorsSoFar.split(separator: "\n").compactMap { try? JSONValue(parsing: Array($0.utf8)) }
  }

  /// A connection.
  func connect() throws -> RawClient { try RawClient(port: port) }

  /// One request on a connection of its own.
  func ask(_ method: String, _ path: String, _ body: String = "") throws -> RawClient.Response {
    let client = try connect()
    client.send(RawClient.text(method, path, body))
    return try client.response()
  }

  /// Judges an adapter of the test data by a plain request.
  func validate(_ adapter: String, base: String? = nil) throws -> RawClient.Response {
    var question: JSONObject = ["adapter": .string(adapter)]
    question["base"] = base.map { .string($0) }
    return try ask("POST", "/validate", JSONValue.object(question).text())
  }
}

/// A connection on which every byte is ours to send.
final class RawClient {
  struct Response {
    let status: Int
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    func json() throws -> JSONValue { try JSONValue(parsing: body) }
  }

  struct Ended: Error {}

  private let descriptor: CInt
  private var pending: [UInt8] = []

  init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    // No test hangs on an answer that does not come.
    var limit = timeval(tv_sec: 60, tv_usec: 0)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    let isConnected = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isConnected else { throw Ended() }
  }

  deinit { close() }

  func close() { Glibc.close(descriptor) }

  /// A request with its length.
  static func text(_ method: String, _ path: String, _ body: String = "") -> String {
    "\(method) \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  /// Sends text; false when the server has closed.
  @discardableResult
  func send(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes[done...].withUnsafeBytes {
        unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }

  /// The next answer.
  func response() throws -> Response {
    while true {
      if let end = pending.firstRange(of: Array("\r\n\r\n".utf8)) {
        let lines = String(decoding: pending[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
          guard let colon = line.range(of: ": ") else { continue }
          headers[line[..<colon.lowerBound].lowercased()] = String(line[colon.upperBound...])
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while pending.count < end.upperBound + length { try receive() }
        let status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        defer { pending.removeFirst(end.upperBound + length) }
        return Response(
          status: status, headers: headers, body: Array(pending[end.upperBound..<end.upperBound + length]))
      }
      try receive()
    }
  }

  /// Whether the server has closed.
  var isClosed: Bool { (try? receive()) == nil }

  private func receive() throws {
    var part = [UInt8](repeating: 0, count: 1 << 16)
    let count = unsafe recv(descriptor, &part, part.count, 0)
    guard count > 0 else { throw Ended() }
    pending += part[..<count]
  }
}
