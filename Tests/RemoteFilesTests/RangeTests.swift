import LoRAIO
import LoRATestSupport
import Synchronization
import Testing

@testable import RemoteFiles

/// What a server may do with requests for ranges.
@Suite(.enabled("needs libcurl, which is not installed") { (try? CurlLibrary.load()) != nil })
struct RangeTests {
  private static func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) } }

  /// Everything between a path and a server, with waits that tests have the time for.
  private static func files(_ change: (inout TransportSettings) -> Void = { _ in }) -> RemoteFiles {
    var settings = TransportSettings(environment: { _ in nil })
    settings.firstWait = 0.01
    settings.longestWait = 1
    settings.lowSpeedSeconds = 1
    change(&settings)
    return RemoteFiles(environment: { _ in nil }, settings: settings)
  }

  private static func read(_ file: any FileContents, at offset: UInt64, _ count: Int) throws -> [UInt8] {
    let buffer = IOBuffer(count: count)
    let got = unsafe try file.readAvailable(into: buffer.bytes, at: offset)
    return unsafe Array(buffer.bytes[..<got])
  }

  /// Reads all of a file as a scan does, piece by piece.
  private static func all(_ file: any FileContents) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let part = try read(file, at: UInt64(bytes.count), 300_000)
      if part.isEmpty { return bytes }
      bytes += part
    }
  }

  private static func reason(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no failure"
    } catch { return "\(error)" }
  }

  @Test func everyByteIsThatOfTheFile() throws {
    let content = Self.bytes(3_000_001)
    let server = try LoopbackServer { .file(content, $0) }
    let file = try Self.files().open(server.url + "/a.safetensors")
    #expect(file.size == 3_000_001)
    #expect(server.requests.count == 1)
    #expect(try Self.read(file, at: 0, 1000) == Array(content[..<1000]))
    #expect(server.requests.count == 1)
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<50 {
      let start = Int.random(in: 0..<content.count, using: &generator)
      let count = Int.random(in: 1...400_000, using: &generator)
      #expect(
        try Self.read(file, at: UInt64(start), count) == Array(content[start..<min(start + count, content.count)]))
    }
    #expect(try Self.read(file, at: 3_000_001, 10) == [])
  }

  @Test func readingOnTakesFewRequests() throws {
    let content = Self.bytes(12_000_000)
    let server = try LoopbackServer { .file(content, $0) }
    let file = try Self.files().open(server.url + "/a.safetensors")
    #expect(try Self.all(file) == content)
    #expect(server.requests.count < 20)
  }

  @Test func smallReadsThatAreAnnouncedFetchLittle() throws {
    let content = Self.bytes(8_000_000)
    let server = try LoopbackServer { .file(content, $0) }
    let file = try Self.files().open(server.url + "/a.safetensors")
    let places = (0..<40).map { UInt64($0) * 199_999 + 7 }
    file.prefetch(places.map { $0..<($0 + 2) } + [7_999_999..<9_000_000])
    for place in places { #expect(try Self.read(file, at: place, 2) == Array(content[Int(place)..<(Int(place) + 2)])) }
    let sent = server.requests.compactMap { $0.range.map { $0.last - $0.first + 1 } }.reduce(0, +)
    #expect(server.requests.count <= 41 && sent < 140_000)
  }

  @Test func threadsGetEveryByteOnce() throws {
    let content = Self.bytes(6_000_000)
    let server = try LoopbackServer { .file(content, $0) }
    let file = try Self.files().open(server.url + "/a.safetensors")
    let wrong = Mutex(0)
    Workers.forEach(count: 60, workers: 8) { index throws(Never) in
      let start = index * 100_000
      let part = try? Self.read(file, at: UInt64(start), 100_000)
      if part != Array(content[start..<(start + 100_000)]) { wrong.withLock { $0 += 1 } }
    }
    #expect(wrong.withLock { $0 } == 0)
    let sent = server.requests.compactMap { $0.range.map { $0.last - $0.first + 1 } }.reduce(0, +)
    #expect(sent < 8_000_000)
  }

  @Test func whatWasCutIsAskedForAgain() throws {
    let content = Self.bytes(1_000_000)
    let count = Atomic(0)
    let server = try LoopbackServer { request in
      var response = LoopbackServer.Response.file(content, request)
      if count.wrappingAdd(1, ordering: .relaxed).oldValue % 2 == 0 { response.cutAfter = response.body.count / 2 }
      return response
    }
    #expect(try Self.all(try Self.files().open(server.url + "/a.safetensors")) == content)
  }

  @Test func cutsAreFollowedABoundedNumberOfTimes() throws {
    let content = Self.bytes(1_000_000)
    let server = try LoopbackServer { request in
      var response = LoopbackServer.Response.file(content, request)
      response.cutAfter = 10
      return response
    }
    let reason = Self.reason { _ = try Self.files().open(server.url + "/a.safetensors") }
    #expect(reason.contains("cut the connection, 9 times in a row"))
  }

  @Test func aServerThatSendsNothingIsGivenUp() throws {
    let content = Self.bytes(1000)
    let server = try LoopbackServer { request in
      var response = LoopbackServer.Response.file(content, request)
      response.cutAfter = 0
      return response
    }
    #expect(Self.reason { _ = try Self.files().open(server.url + "/a.safetensors") }.contains("3 times in a row"))
    #expect(server.requests.count == 3)
  }

  @Test func aFileThatChangesIsAFailure() throws {
    let server = try LoopbackServer { request in
      let isFirst = request.range?.first == 0
      switch request.path {
      case "/size.safetensors": return .file(Self.bytes(isFirst ? 1_000_000 : 1_000_001), request)
      case "/tag.safetensors": return .file(Self.bytes(1_000_000), request, tag: isFirst ? "\"one\"" : "\"two\"")
      default: return .file(Self.bytes(isFirst ? 1_000_000 : 100_000), request)
      }
    }
    for (name, words) in [("size", "it had 1000000 bytes"), ("tag", "ETag"), ("short", "shorter")] {
      let files = Self.files()
      let reason = Self.reason { _ = try Self.all(try files.open(server.url + "/\(name).safetensors")) }
      #expect(reason.contains("was changed on the server") && reason.contains(words))
      #expect(files.failure != nil)
    }
  }

  @Test(arguments: [
    "bytes 1-10/1000000", "bytes 0-999999/1000000", "bytes 200000-200010/1000000", "", "bytes x", "bytes */1000000",
  ])
  func wrongRangesAreRefused(_ range: String) throws {
    let content = Self.bytes(1_000_000)
    let server = try LoopbackServer { request in
      var response = LoopbackServer.Response.file(content, request)
      if request.range?.first != 0 { response.headers["Content-Range"] = range }
      return response
    }
    let reason = Self.reason { _ = try Self.all(try Self.files().open(server.url + "/a.safetensors")) }
    #expect(reason.contains("sent others"))
  }

  @Test(arguments: ["bytes 0-131071/9223372036854775808", "bytes 0-131071/*", "bytes 5-131076/1000000"])
  func firstAnswersThatCannotBeAreRefused(_ range: String) throws {
    let server = try LoopbackServer { _ in
      .init(206, headers: ["Content-Range": range], body: Self.bytes(131_072))
    }
    #expect(Self.reason { _ = try Self.files().open(server.url + "/a.safetensors") } != "no failure")
  }

  /// A size that no machine has costs nothing until the bytes are read, and then a bounded number of requests.
  @Test func aHugeSizeCostsNothing() throws {
    let server = try LoopbackServer { _ in
      .init(206, headers: ["Content-Range": "bytes 0-131071/9223372036854775807"], body: Self.bytes(131_072))
    }
    let file = try Self.files().open(server.url + "/a.safetensors")
    #expect(file.size == 9_223_372_036_854_775_807)
    #expect(Self.reason { _ = try Self.read(file, at: 1 << 62, 100) }.contains("sent others"))
  }

  @Test func aServerWithoutRangesGivesTheStartAlone() throws {
    let content = Self.bytes(1_000_000)
    let server = try LoopbackServer { _ in .init(200, body: content) }
    let file = try Self.files().open(server.url + "/a.safetensors")
    #expect(file.size == 1_000_000)
    #expect(try Self.read(file, at: 1000, 1000) == Array(content[1000..<2000]))
    #expect(Self.reason { _ = try Self.read(file, at: 500_000, 10) }.contains("whole files alone"))
    #expect(server.requests.count == 1)
    let small = try LoopbackServer { _ in .init(200, body: Array(content[..<500])) }
    #expect(try Self.all(try Self.files().open(small.url + "/a.json")) == Array(content[..<500]))
  }

  @Test func anEmptyFileIsEmpty() throws {
    let server = try LoopbackServer { .file([], $0) }
    #expect(try Self.files().open(server.url + "/a.safetensors").size == 0)
  }

  @Test func compressedAnswersAreRefused() throws {
    let server = try LoopbackServer { request in
      var response = LoopbackServer.Response.file(Self.bytes(1000), request)
      response.headers["Content-Encoding"] = "gzip"
      return response
    }
    #expect(Self.reason { _ = try Self.files().open(server.url + "/a.safetensors") }.contains("compressed (gzip)"))
  }

  @Test(arguments: [500, 502, 503, 504, 408])
  func serversInTroubleAreAskedThreeTimes(_ status: Int) throws {
    let content = Self.bytes(1000)
    let count = Atomic(0)
    let server = try LoopbackServer { request in
      count.wrappingAdd(1, ordering: .relaxed).oldValue < 2 ? .init(status) : .file(content, request)
    }
    #expect(try Self.all(try Self.files().open(server.url + "/a.safetensors")) == content)
    let broken = try LoopbackServer { _ in .init(status) }
    let reason = Self.reason { _ = try Self.files().open(broken.url + "/a.safetensors") }
    #expect(reason.contains("(\(status)), 3 times in a row") || status == 408)
    #expect(broken.requests.count == 3)
  }

  @Test func serversThatAskForTimeGetIt() throws {
    let content = Self.bytes(1000)
    let count = Atomic(0)
    let server = try LoopbackServer { request in
      count.wrappingAdd(1, ordering: .relaxed).oldValue < 1
        ? .init(429, headers: ["Retry-After": "1"]) : .file(content, request)
    }
    let begin = CurrentProcess.monotonicSeconds
    #expect(try Self.all(try Self.files().open(server.url + "/a.safetensors")) == content)
    #expect(CurrentProcess.monotonicSeconds - begin >= 1)
    for wait in ["3600", "Fri, 31 Dec 2199 23:59:59 GMT"] {
      let busy = try LoopbackServer { _ in .init(429, headers: ["Retry-After": wait]) }
      let reason = Self.reason { _ = try Self.files().open(busy.url + "/a.safetensors") }
      #expect(reason.contains("(429), and asks to come back in"))
      #expect(busy.requests.count == 1)
    }
    let always = try LoopbackServer { _ in .init(429) }
    let reason = Self.reason { _ = try Self.files().open(always.url + "/a.safetensors") }
    #expect(reason.contains("(429), 5 times in a row"))
  }

  @Test func slowServersAreGivenUp() throws {
    let server = try LoopbackServer { request in
      var response = LoopbackServer.Response.file(Self.bytes(1000), request)
      response.delay = 30
      return response
    }
    let begin = CurrentProcess.monotonicSeconds
    let reason = Self.reason { _ = try Self.files().open(server.url + "/a.safetensors") }
    #expect(reason.contains("too slow"))
    #expect(CurrentProcess.monotonicSeconds - begin < 15)
  }

  @Test func redirectsAreFollowedOnceForAllRanges() throws {
    let content = Self.bytes(1_000_000)
    let other = try LoopbackServer { .file(content, $0) }
    let first = try LoopbackServer { [url = other.url] _ in
      .init(302, headers: ["Location": url + "/blob?signature=secret"])
    }
    #expect(try Self.all(try Self.files().open(first.url + "/a.safetensors")) == content)
    #expect(first.requests.count == 1)
    #expect(other.requests.allSatisfy { $0.target == "/blob?signature=secret" })
  }

  @Test func aSignedAddressThatEndedIsRenewed() throws {
    let content = Self.bytes(1_000_000)
    let count = Atomic(0)
    let other = try LoopbackServer { request in
      request.target == "/blob?old" && request.range?.first != 0 ? .init(403) : .file(content, request)
    }
    let first = try LoopbackServer { [url = other.url] _ in
      let name = count.wrappingAdd(1, ordering: .relaxed).oldValue == 0 ? "old" : "new"
      return .init(302, headers: ["Location": url + "/blob?" + name])
    }
    #expect(try Self.all(try Self.files().open(first.url + "/a.safetensors")) == content)
  }

  @Test(arguments: ["/a.safetensors", "http://10.1.2.3/x", "file:///etc/passwd", "ftp://h/x", "gopher://h/x"])
  func redirectsThatLeadNowhereAreRefused(_ location: String) throws {
    let server = try LoopbackServer { _ in .init(302, headers: ["Location": location]) }
    #expect(Self.reason { _ = try Self.files().open(server.url + "/a.safetensors") } != "no failure")
    #expect(server.requests.count < 12)
  }

  @Test(arguments: [401, 403, 404, 410, 400, 418, 301])
  func refusalsAreSentencesWithoutSecrets(_ status: Int) throws {
    let server = try LoopbackServer { _ in .init(status, body: Array("querysecret".utf8)) }
    let files = Self.files()
    let url = server.url.replacing("http://", with: "http://user:passwordsecret@") + "/a.safetensors?sig=querysecret"
    let path = files.path(for: url)
    let reason = Self.reason { _ = try files.open(path) }
    #expect(reason.contains("\(status)") && reason.hasPrefix("cannot open \(server.url)/a.safetensors: "))
    #expect(!reason.contains("secret"))
    #expect(server.requests.count == 1)
    #expect(server.requests[0].target == "/a.safetensors?sig=querysecret")
    #expect(server.requests[0].headers["authorization"] == "Basic dXNlcjpwYXNzd29yZHNlY3JldA==")
  }
}
