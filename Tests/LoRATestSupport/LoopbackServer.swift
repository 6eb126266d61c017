import Foundation
import Glibc
import Synchronization

/// An HTTP server on this machine that answers as a test tells it, with faults when it is told so.
///
/// It answers until the process ends, so that no test depends on when its last reference goes.
public final class LoopbackServer: Sendable {
  /// What was asked.
  public struct Request: Sendable {
    /// Path and query as they were sent.
    public let target: String
    /// The header lines by their names in lower case.
    public let headers: [String: String]

    /// The path without the query.
    public var path: String { String(target.prefix { $0 != "?" }) }

    /// The first byte and the last, inclusive, that `Range` asks for.
    public var range: (first: Int, last: Int)? {
      guard let text = headers["range"], text.hasPrefix("bytes=") else { return nil }
      let ends = text.dropFirst(6).split(separator: "-").compactMap { Int($0) }
      return ends.count == 2 ? (ends[0], ends[1]) : nil
    }
  }

  /// What is answered.
  public struct Response: Sendable {
    /// The status.
    public var status: Int
    /// Header lines; the length of the body is added.
    public var headers: [String: String]
    /// What is sent.
    public var body: [UInt8]
    /// Bytes of the body after which the connection is closed, though more were promised.
    public var cutAfter: Int?
    /// Seconds before the answer begins.
    public var delay: Double

    /// An answer.
    public init(
      _ status: Int, headers: [String: String] = [:], body: [UInt8] = [], cutAfter: Int? = nil, delay: Double = 0
    ) {
      self.status = status
      self.headers = headers
      self.body = body
      self.cutAfter = cutAfter
      self.delay = delay
    }

    /// The part of a file that was asked for, as good servers answer.
    public static func file(_ bytes: [UInt8], _ request: Request, tag: String = "\"one\"") -> Response {
      guard let range = request.range else { return Response(200, headers: ["ETag": tag], body: bytes) }
      guard range.first < bytes.count else {
        return Response(416, headers: ["Content-Range": "bytes */\(bytes.count)"])
      }
      let last = min(range.last, bytes.count - 1)
      return Response(
        206, headers: ["ETag": tag, "Content-Range": "bytes \(range.first)-\(last)/\(bytes.count)"],
        body: Array(bytes[range.first...last]))
    }
  }

  private let listener: CInt
  private let port: UInt16
  private let log = Mutex<[Request]>([])
  private let answer: @Sendable (Request) -> Response

  /// Begins to answer.
  public init(_ answer: @escaping @Sendable (Request) -> Response) throws {
    self.answer = answer
    (listener, port) = try Self.listening()
    Thread.detachNewThread { [self] in
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { return }
        Thread.detachNewThread { self.serve(connection) }
      }
    }
  }

  /// An address at which nothing answers.
  public static func unusedURL() throws -> String {
    let (listener, port) = try listening()
    close(listener)
    return "http://127.0.0.1:\(port)"
  }

  /// A socket on a free port of this machine alone.
  private static func listening() throws -> (CInt, UInt16) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe bind(listener, pointer, length) == 0 && listen(listener, 64) == 0
          && getsockname(listener, pointer, &length) == 0
      }
    }
    guard isListening else { throw CocoaError(.fileNoSuchFile) }
    return (listener, UInt16(bigEndian: address.sin_port))
  }

  /// `http://127.0.0.1:PORT`.
  public var url: String { "http://127.0.0.1:\(port)" }

  /// What was asked so far.
  public var requests: [Request] { log.withLock { $0 } }

  private func serve(_ connection: CInt) {
    defer { close(connection) }
    _ = signal(SIGPIPE, SIG_IGN)
    var pending: [UInt8] = []
    while let request = Self.request(connection, &pending) {
      log.withLock { $0.append(request) }
      let response = answer(request)
      if response.delay > 0 { Thread.sleep(forTimeInterval: response.delay) }
      var head = "HTTP/1.1 \(response.status) Answer\r\n"
      for (name, value) in response.headers { head += "\(name): \(value)\r\n" }
      if response.headers["Content-Length"] == nil { head += "Content-Length: \(response.body.count)\r\n" }
      let body = response.body.prefix(response.cutAfter ?? response.body.count)
      guard Self.send(connection, Array((head + "\r\n").utf8) + body), response.cutAfter == nil else { return }
    }
  }

  private static func request(_ connection: CInt, _ pending: inout [UInt8]) -> Request? {
    var part = [UInt8](repeating: 0, count: 8192)
    while true {
      let text = String(decoding: pending, as: UTF8.self)
      if let end = text.range(of: "\r\n\r\n") {
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        pending = Array(text[end.upperBound...].utf8)
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
          guard let colon = line.range(of: ": ") else { continue }
          headers[line[..<colon.lowerBound].lowercased()] = String(line[colon.upperBound...])
        }
        let words = lines[0].split(separator: " ")
        return words.count > 1 ? Request(target: String(words[1]), headers: headers) : nil
      }
      let count = unsafe recv(connection, &part, part.count, 0)
      guard count > 0 else { return nil }
      pending += part[..<count]
    }
  }

  private static func send(_ connection: CInt, _ bytes: [UInt8]) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes[done...].withUnsafeBytes {
        unsafe Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }
}
