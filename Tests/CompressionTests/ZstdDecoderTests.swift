import Compression
import Testing

@Suite struct DecodingTests {
  @Test(arguments: [0, 1, 7, 4096, 131_072, 131_073, 400_000], [999, 65_537, Int.max])
  func aFrameDecodesToItsContent(count: Int, piece: Int) throws {
    for (level, checksum) in [(1, false), (3, true), (-5, true)] as [(Int32, Bool)] {
      let content = mixedContent(count, seed: UInt64(count))
      let bytes = try compressed(content, FrameOptions(level: level, checksum: checksum))
      #expect(try decode(bytes, piece: piece, step: 4096 + count / 5) == Outcome(content: content))
    }
  }

  @Test func singleByteReadsGiveTheSame() throws {
    let content = mixedContent(3000, seed: 1)
    let bytes = try compressed(content, FrameOptions(checksum: true))
    #expect(try decode(bytes, piece: 1, step: 1) == Outcome(content: content))
  }

  @Test func framesFollowOneAnotherAndSkippableOnesAreSkipped() throws {
    let (a, b) = (mixedContent(5000, seed: 2), randomContent(300, seed: 3))
    let bytes =
      skippable([]) + (try compressed(a)) + (try compressed([])) + skippable(randomContent(70_000, seed: 4), nibble: 0)
      + (try compressed(b, FrameOptions(checksum: true, contentSize: false))) + skippable([1, 2, 3], nibble: 15)
    for piece in [1, 3, 1000, Int.max] {
      #expect(try decode(bytes, piece: piece, step: 777) == Outcome(content: a + b))
    }
    #expect(try decode(skippable([9, 9])) == Outcome())
  }

  @Test func aBombCostsOnlyWhatIsAskedFor() throws {
    // One frame of 2³² - 1 declared bytes: run-length blocks of 128 KiB in four bytes each.
    var bytes: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x80, 0x38] + littleEndian(.max)
    for _ in 0..<32_768 { bytes += [0x02, 0x00, 0x10, 0x5A] }
    var decoder = try ZstdDecoder()
    var pieces = Pieces(bytes)
    #expect(try decoder.read(1 << 20, from: &pieces) == [UInt8](repeating: 0x5A, count: 1 << 20))
    #expect(decoder.decompressedOffset == 1 << 20)
    #expect(decoder.compressedOffset < 100)
  }

  @Test func aFailingSourceIsPassedOnAndCanBeAskedAgain() throws {
    struct Interrupted: Error, Equatable {}
    let content = randomContent(1000, seed: 5)
    var pieces = Pieces(try compressed(content), size: 400)
    var calls = 0
    var decoder = try ZstdDecoder()
    var output = [UInt8](repeating: 0, count: 1000)
    func read() throws -> Int {
      try unsafe output.withUnsafeMutableBytes { output in
        try unsafe decoder.read(into: output) { (buffer) throws(Interrupted) in
          calls += 1
          if calls == 1 { throw Interrupted() }
          return unsafe pieces.next(buffer)
        }
      }
    }
    #expect(throws: ZstdReadError<Interrupted>.source(Interrupted())) { try read() }
    #expect(try read() == 1000)
    #expect(output == content)
  }

  @Test func finishChecksWhatFollowsTheContent() throws {
    func finish(_ bytes: [UInt8], after count: Int) throws {
      var pieces = Pieces(bytes, size: 64)
      var decoder = try ZstdDecoder()
      #expect(try decoder.read(count, from: &pieces).count == count)
      try decoder.finish(from: &pieces)
    }
    let bytes = try compressed(mixedContent(1000, seed: 6), FrameOptions(checksum: true))
    try finish(bytes, after: 1000)
    try finish(bytes + skippable([1]), after: 1000)
    #expect(throws: ZstdReadError<Never>.zstd(.excess(decompressedOffset: 999))) { try finish(bytes, after: 999) }
    #expect(throws: ZstdReadError<Never>.zstd(.excess(decompressedOffset: 1000))) {
      try finish(bytes + compressed([0]), after: 1000)
    }
    var damaged = bytes
    damaged[damaged.count - 1] ^= 1
    let offset = UInt64(bytes.count)
    #expect {
      try finish(damaged, after: 1000)
    } throws: { error in
      guard case ZstdReadError<Never>.zstd(.checksumMismatch(let at)) = error else { return false }
      return at <= offset && at + 4 >= offset
    }
  }
}

@Suite struct FrameHeaderTests {
  private func declaredSize(_ prefix: [UInt8]) -> UInt64? { ZstdFrame.declaredSize(ofPrefix: prefix.span) }
  private func isZstd(_ prefix: [UInt8]) -> Bool { ZstdFrame.isZstd(prefix: prefix.span) }

  @Test func theDeclaredSizeIsRead() throws {
    for count in [0, 255, 256, 65_791, 65_792, 100_000] {
      let bytes = try compressed(mixedContent(count, seed: 7))
      #expect(declaredSize(Array(bytes.prefix(ZstdFrame.prefixBytes))) == UInt64(count))
    }
    // A header as long as it can be: window, four-byte dictionary id, eight-byte content size.
    let longest: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xC3, 0x38, 1, 2, 3, 4, 1, 0, 0, 0, 0, 0, 0, 0x40]
    #expect(longest.count == ZstdFrame.prefixBytes)
    #expect(declaredSize(longest) == 0x4000_0000_0000_0001)
    #expect(declaredSize(Array(longest.dropLast())) == nil)
  }

  @Test func anOpenOrAbsentSizeIsNil() throws {
    let open = try compressed(mixedContent(1000, seed: 8), FrameOptions(contentSize: false))
    #expect(declaredSize(open) == nil)
    #expect(isZstd(open))
    #expect(isZstd(skippable([])))
    #expect(declaredSize(skippable([1])) == nil)
    for other in [[], [0x28], [0x28, 0xB5, 0x2F], Array("{\"a\":1}".utf8)] as [[UInt8]] {
      #expect(declaredSize(other) == nil)
      #expect(!isZstd(other))
    }
  }
}
