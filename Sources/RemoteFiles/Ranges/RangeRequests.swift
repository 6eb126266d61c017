import JSON
import Synchronization

/// Requests for ranges of one file, which check that it stays the same file.
final class RangeRequests: Sendable {
  private let transport: Transport
  private let site: any RemoteSite
  private let address: WebAddress
  private let state = Mutex(State())

  private struct State {
    var size: UInt64 = 0
    /// What the server calls this version of the file: its ETag, else the time of its last change.
    var version: String?
    /// Whether the server sends the whole file, whatever part of it is asked for.
    var ignoresRanges = false
    /// Where redirects have led; asked for directly until it does not answer any more.
    var target: WebAddress?
  }

  init(_ address: WebAddress, of site: any RemoteSite, _ transport: Transport) {
    self.address = address
    self.site = site
    self.transport = transport
  }

  /// Size of the file, once it is open.
  var size: UInt64 { state.withLock { $0.size } }

  /// The first `count` bytes, or all of a smaller file; from here on the size is known.
  func open(count: Int) throws(RemoteFailure) -> [UInt8] {
    let answer = try transport.get(address, of: site, range: (0, count), limit: count)
    try check(answer)
    let range = answer.headers["content-range"].flatMap { ContentRange($0) }
    var opened = State()
    opened.version = answer.version
    opened.target = answer.address.origin == address.origin ? nil : answer.address
    switch answer.status {
    case 206:
      guard let range, let bytes = range.bytes, bytes.lowerBound == 0 else { throw answer.wrongRange(from: 0) }
      guard let total = range.total else { throw answer.failure("does not say how long the file is") }
      opened.size = total
    case 200:
      opened.ignoresRanges = true
      if let length = answer.headers["content-length"] {
        guard let size = UInt64(length), size <= UInt64(Int64.max) else {
          throw answer.failure("does not say how long the file is")
        }
        opened.size = size
      } else {
        guard !answer.hasMore else { throw answer.failure("does not say how long the file is") }
        opened.size = UInt64(answer.body.count)
      }
    default:
      // No byte can be had of an empty file.
      guard range?.total == 0 else { throw answer.failure("refuses the first bytes of the file (416)") }
    }
    let (size, taken) = (opened.size, answer.body)
    state.withLock { $0 = opened }
    let wanted = min(UInt64(count), size)
    if UInt64(taken.count) >= wanted { return Array(taken.prefix(Int(wanted))) }
    return taken + (try fetch(UInt64(taken.count)..<wanted))
  }

  /// Bytes of the open file.
  ///
  /// What a cut connection has brought is kept and the rest asked for, a bounded number of times.
  func fetch(_ range: Range<UInt64>) throws(RemoteFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    var requests = 0
    var cut: RemoteFailure?
    while bytes.count < range.count {
      guard requests <= transport.settings.resumptions else {
        throw RemoteFailure(.other, "\(cut?.reason ?? "the answers are too short"), \(requests) times in a row")
      }
      let start = range.lowerBound + UInt64(bytes.count)
      let answer = try part(start, range.count - bytes.count)
      bytes += answer.body
      cut = answer.isWhole ? nil : answer.transferFailure
      requests += 1
    }
    return bytes
  }

  private func part(_ start: UInt64, _ count: Int) throws(RemoteFailure) -> HTTPAnswer {
    let opened = state.withLock { $0 }
    if opened.ignoresRanges { throw Self.noRanges(address) }
    let answer: HTTPAnswer
    do throws(RemoteFailure) {
      answer = try transport.get(opened.target ?? address, of: site, range: (start, count), limit: count)
    } catch {
      guard opened.target != nil, error.kind != .interrupted else { throw error }
      // Signed addresses end after a while; the first address leads to a new one.
      answer = try transport.get(address, of: site, range: (start, count), limit: count)
      state.withLock { $0.target = answer.address.origin == address.origin ? nil : answer.address }
    }
    try check(answer)
    guard answer.status == 206 else {
      if answer.status == 416 { throw answer.changed("it has become shorter (416)") }
      throw Self.noRanges(answer.address)
    }
    guard let range = answer.headers["content-range"].flatMap({ ContentRange($0) }), let bytes = range.bytes,
      bytes.lowerBound == start, !answer.hasMore, UInt64(answer.body.count) <= bytes.upperBound - start,
      bytes.upperBound - start <= UInt64(count)
    else { throw answer.wrongRange(from: start) }
    if let total = range.total, total != opened.size {
      throw answer.changed("it had \(opened.size) bytes and has \(total) now")
    }
    if answer.version != opened.version { throw answer.changed("its ETag is another one") }
    guard !answer.body.isEmpty || !answer.isWhole else { throw answer.wrongRange(from: start) }
    return answer
  }

  /// Bytes that came in another form than they lie in the file are of no use.
  private func check(_ answer: HTTPAnswer) throws(RemoteFailure) {
    guard let encoding = answer.headers["content-encoding"], encoding.lowercased() != "identity" else { return }
    throw answer.failure("sends the file compressed (\(escaped(encoding, limit: 20))), though it was asked not to")
  }

  private static func noRanges(_ address: WebAddress) -> RemoteFailure {
    RemoteFailure(
      .other,
      "\(escaped(address.host, limit: 100)) sends whole files alone, not parts of them; download the file and "
        + "name the copy")
  }
}

extension HTTPAnswer {
  /// What tells one version of the file from another.
  fileprivate var version: String? { headers["etag"] ?? headers["last-modified"] }

  fileprivate func failure(_ what: String) -> RemoteFailure {
    RemoteFailure(.other, "\(escaped(address.host, limit: 100)) \(what)")
  }

  fileprivate func wrongRange(from start: UInt64) -> RemoteFailure {
    let found = headers["content-range"].map { "\"\(escaped($0, limit: 60))\"" } ?? "no Content-Range"
    return failure("was asked for bytes from \(start) on and sent others (\(found))")
  }

  fileprivate func changed(_ how: String) -> RemoteFailure {
    RemoteFailure(.other, "the file was changed on the server while it was read: \(how); try again")
  }
}
