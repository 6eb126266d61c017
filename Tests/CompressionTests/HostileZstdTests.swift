import Compression
import LoRATestSupport
import Testing

@Suite struct HostileZstdTests {
  /// A frame header with a window of 1 MiB, no declared size, then the given blocks.
  private func frame(_ blocks: [UInt8]) -> [UInt8] { [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x50] + blocks }

  @Test func anEmptyStreamIsTruncated() throws {
    #expect(try decode([]).error == .truncated(compressedOffset: 0))
  }

  @Test(arguments: [1, 13, Int.max]) func everyPrefixIsTruncatedAtItsEnd(piece: Int) throws {
    let content = mixedContent(900, seed: 10)
    let first = try compressed(content, FrameOptions(checksum: true))
    let second = skippable([1, 2, 3])
    let bytes = first + second + (try compressed([7, 7, 7]))
    for length in 1..<bytes.count {
      let outcome = try decode(Array(bytes[..<length]), piece: piece)
      if length == first.count || length == first.count + second.count {
        #expect(outcome == Outcome(content: content))
      } else {
        #expect(outcome.error == .truncated(compressedOffset: UInt64(length)), "\(length) bytes")
        #expect((content + [7, 7, 7]).starts(with: outcome.content))
      }
    }
  }

  @Test func everyFlippedBitIsFoundWhereThereIsAChecksum() throws {
    let content = mixedContent(400, seed: 11)
    let bytes = try compressed(content, FrameOptions(checksum: true))
    var refused = 0
    for index in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[index] ^= 1 << UInt8(bit)
        let outcome = try decode(damaged, limit: 1000)
        if outcome.error == nil {
          // The checksum flag, and padding in the header and the bit streams, may change without harm.
          #expect(outcome.content == content, "byte \(index), bit \(bit)")
        } else {
          refused += 1
        }
      }
    }
    #expect(refused > bytes.count * 8 - 40)
  }

  @Test func everyFlippedByteWithoutAChecksumIsRefusedOrBounded() throws {
    let content = mixedContent(700, seed: 12)
    let bytes = try compressed(content) + skippable([1]) + compressed(content, FrameOptions(contentSize: false))
    var refused = 0
    for index in bytes.indices {
      for mask in [0x01, 0x80, 0xFF] as [UInt8] {
        var damaged = bytes
        damaged[index] ^= mask
        // `decode` itself checks that nothing is written beyond what a read asks for.
        let outcome = try decode(damaged, step: 100, limit: 2000)
        #expect(outcome.content.count <= 2000)
        if outcome.error != nil { refused += 1 }
      }
    }
    #expect(refused > bytes.count / 4)
  }

  @Test func randomDamageNeverEscapes() throws {
    var generator = SeededGenerator(seed: 13)
    let source = try compressed(mixedContent(3000, seed: 14)) + compressed(randomContent(500, seed: 15))
    for _ in 0..<3000 {
      var damaged = source
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        damaged[Int.random(in: damaged.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      damaged.removeLast(Int.random(in: 0...40, using: &generator))
      let outcome = try decode(damaged, piece: 97, step: 256, limit: 5000)
      #expect(outcome.content.count <= 5000)
      if let offset = outcome.error?.offset { #expect(offset <= UInt64(damaged.count)) }
    }
  }

  @Test func whatIsNoFrameIsNamedAtItsFirstByte() throws {
    func reason(_ bytes: [UInt8]) throws -> ZstdError? { try decode(bytes, piece: 2).error }
    let good = try compressed([1, 2, 3])
    let end = UInt64(good.count)
    let noFrame = "no zstd frame begins here"
    #expect(try reason(Array("GARBAGE".utf8)) == .corrupt(reason: noFrame, compressedOffset: 0))
    #expect(try reason(good + [0]) == .corrupt(reason: noFrame, compressedOffset: end))
    #expect(try reason(good + good + [0x28, 0xB5, 0]) == .corrupt(reason: noFrame, compressedOffset: 2 * end))
    #expect(try reason(good + [0x5F, 0x2A]) == .truncated(compressedOffset: end + 2))
    // The format of version 0.7, which a library built with legacy support would decode.
    #expect(
      try reason([0x27, 0xB5, 0x2F, 0xFD, 0, 0, 0, 0]) == .corrupt(reason: noFrame, compressedOffset: 0))
  }

  @Test func aFaultIsPlacedAtItsBlock() throws {
    // Raw blocks of five bytes; the third header is of the reserved type 3.
    let block: [UInt8] = [0x28, 0x00, 0x00, 1, 2, 3, 4, 5]
    let bytes = frame(block + block + [0x2E, 0x00, 0x00])
    let outcome = try decode(bytes, step: 5)
    #expect([1, 2, 3, 4, 5, 1, 2, 3, 4, 5].starts(with: outcome.content) && !outcome.content.isEmpty)
    guard case .corrupt(_, let offset) = outcome.error else {
      Issue.record("\(String(describing: outcome.error))")
      return
    }
    // The library takes a block's last byte together with the next header.
    #expect(offset >= 6 + 8 && offset <= 6 + 16)
  }

  @Test func aContentOtherThanDeclaredIsCorrupt() throws {
    // Single segment, one byte of declared size, one last raw block of three bytes.
    func bytes(declared: UInt8) -> [UInt8] { [0x28, 0xB5, 0x2F, 0xFD, 0x20, declared, 0x19, 0, 0, 1, 2, 3] }
    #expect(try decode(bytes(declared: 3)) == Outcome(content: [1, 2, 3]))
    for declared in [0, 1, 2, 4, 200] as [UInt8] {
      guard case .corrupt = try decode(bytes(declared: declared)).error else {
        Issue.record("a declared size of \(declared) passed")
        continue
      }
    }
  }

  @Test func aDictionaryIsAskedFor() throws {
    let bytes: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x21, 7, 0, 0x01, 0, 0]
    guard case .dictionaryNeeded = try decode(bytes).error else {
      Issue.record("decoded without its dictionary")
      return
    }
  }

  @Test func aLargeWindowIsRefusedBeforeItIsAllocated() throws {
    // A window of 2²⁴ bytes and one raw block of a byte.
    let bytes: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x70, 0x09, 0, 0, 42]
    #expect(try decode(bytes, windowLog: 24) == Outcome(content: [42]))
    guard case .windowTooLarge(1 << 23, _) = try decode(bytes, windowLog: 23).error else {
      Issue.record("a window of 16 MiB passed")
      return
    }
    // The largest window that can be written down: 3.75 TiB.
    let huge: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xFF, 0x01, 0, 0]
    guard case .windowTooLarge(1 << 27, _) = try decode(huge).error else {
      Issue.record("a window of 3.75 TiB passed")
      return
    }
  }

  @Test func aFailedStreamStaysFailed() throws {
    var decoder = try ZstdDecoder()
    var pieces = Pieces(Array("no zstd".utf8))
    for _ in 0..<3 {
      let expected = ZstdError.corrupt(reason: "no zstd frame begins here", compressedOffset: 0)
      #expect(throws: ZstdReadError<Never>.zstd(expected)) { try decoder.read(1, from: &pieces) }
    }
  }
}

extension ZstdError {
  fileprivate var offset: UInt64? {
    switch self {
    case .corrupt(_, let offset), .checksumMismatch(let offset), .truncated(let offset),
      .windowTooLarge(_, let offset), .dictionaryNeeded(let offset):
      offset
    case .excess, .outOfMemory: nil
    }
  }
}
