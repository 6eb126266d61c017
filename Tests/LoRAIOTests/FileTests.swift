import Glibc
import LoRATestSupport
import Synchronization
import Testing

@testable import LoRAIO

@Suite struct FileTests {
  @Test func bytesWrittenAreBytesRead() throws {
    let folder = try TemporaryFolder()
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let output = try OutputFile(creating: folder.path("a"))
    try output.write(bytes, at: 10)
    try output.synchronize()
    let input = try InputFile(path: folder.path("a"))
    #expect(input.size == 100_010)
    #expect(try input.bytes(at: 10, count: bytes.count) == bytes)
    let copy = try OutputFile(creating: folder.path("b"))
    try copy.copy(from: input, at: 10, count: 99_990, to: 3)
    #expect(try InputFile(path: folder.path("b")).bytes(at: 3, count: 99_990) == Array(bytes[..<99_990]))
  }

  @Test func readingPastTheEndIsAnErrorThatSaysSo() throws {
    let folder = try TemporaryFolder()
    let input = try InputFile(path: try folder.write("a", "hello"))
    #expect(throws: IOError("read", input.path, offset: 2, .unexpectedEnd(wanted: 9, got: 3))) {
      try input.bytes(at: 2, count: 9)
    }
  }

  @Test func nothingIsEverReplacedByCreating() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a", "precious")
    #expect(throws: IOError("create", path, .system(EEXIST))) { try OutputFile(creating: path) }
  }

  @Test func pipesAreNotWaitedFor() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("pipe")
    #expect(unsafe mkfifo(path, 0o600) == 0)
    #expect(throws: IOError("open", path, .notRegular("a pipe"))) { try InputFile(path: path) }
  }

  @Test(arguments: [(Fault.Call.write, ENOSPC), (.write, EIO), (.sync, EIO), (.open, EMFILE)])
  func orderedFaultsSurfaceWithPathAndReason(_ call: Fault.Call, _ number: CInt) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("victim")
    Fault.order(call, path: path, errorNumber: number)
    defer { Fault.clear(path: path) }
    #expect {
      let output = try OutputFile(creating: path)
      try output.write([1, 2, 3], at: 0)
      try output.synchronize()
    } throws: { error in
      let error = error as? IOError
      return error?.reason == .system(number) && error?.path == path
    }
  }

  @Test func interruptedCallsAreRetried() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("interrupted")
    for _ in 0..<3 { Fault.order(.write, path: path, errorNumber: EINTR) }
    let output = try OutputFile(creating: path)
    try output.write([1, 2, 3], at: 0)
    #expect(try InputFile(path: path).bytes(at: 0, count: 3) == [1, 2, 3])
  }

  @Test func wholeFilesReplaceInOneStepAndFollowLinks() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("report", "old")
    try WholeFile.write(Array("new".utf8), to: path)
    #expect(try InputFile.contents(of: path, limit: 10) == Array("new".utf8))
    #expect(unsafe symlink(path, folder.path("link")) == 0)
    try WholeFile.write(Array("newer".utf8), to: folder.path("link"))
    #expect(try InputFile.contents(of: path, limit: 10) == Array("newer".utf8))
    #expect(try Folder.names(in: folder.path) == ["link", "report"])
  }

  @Test func foldersArePublishedOnceAndExchanged() throws {
    let folder = try TemporaryFolder()
    try folder.write("staged/a", "1")
    try Folder.publish(folder.path("staged"), as: folder.path("final"))
    try folder.write("staged/a", "2")
    #expect(throws: IOError("rename to", folder.path("final"), .exists)) {
      try Folder.publish(folder.path("staged"), as: folder.path("final"))
    }
    try Folder.exchange(folder.path("staged"), with: folder.path("final"))
    #expect(try InputFile.contents(of: folder.path("final/a"), limit: 10) == Array("2".utf8))
  }

  @Test func pathsSplit() {
    #expect(Folder.parent("a/b/c") == "a/b")
    #expect(Folder.parent("a") == ".")
    #expect(Folder.parent("/a") == "/")
    #expect(Folder.parent("a/b/") == "a")
    #expect(Folder.lastComponent("a/b/") == "b")
    #expect(Folder.join("a/", "b") == "a/b")
  }
}

@Suite struct WorkersTests {
  private struct Stop: Error, Equatable {
    let index: Int
  }

  @Test(arguments: [0, 1, 2, 7, 1000], [1, 2, 8])
  func everyIndexRunsOnce(_ count: Int, _ workers: Int) {
    let seen = Mutex([Int](repeating: 0, count: count))
    Workers.forEach(count: count, workers: workers) { index in seen.withLock { $0[index] += 1 } }
    #expect(seen.withLock { $0.allSatisfy { $0 == 1 } })
  }

  @Test func aFailureStopsTheRestAndIsThrown() {
    let ran = Atomic<Int>(0)
    #expect(throws: Stop(index: 3)) {
      try Workers.forEach(count: 100_000, workers: 4) { (index) throws(Stop) in
        ran.wrappingAdd(1, ordering: .relaxed)
        if index == 3 { throw Stop(index: index) }
      }
    }
    #expect(ran.load(ordering: .relaxed) < 100_000)
  }
}
