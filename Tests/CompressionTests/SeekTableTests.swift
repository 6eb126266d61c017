import Compression
import LoRATestSupport
import Testing

/// "q_proj.00 q_proj.01 … q_proj.39 " in frames of 64 bytes, as pyzstd 0.20.0 writes a seekable file.
private let pyzstdFile: [UInt8] = hex(
  """
    28b52ffd00580d0100a0715f70726f6a2e303020313233343520715f70720500a00828070a034594284828b52ffd0058150100a0
    6f6a2e303620715f70726f6a2e303738393130310500a008501010068ad0a2d40128b52ffd0058f50000983220715f70726f6a2e
    3133343536373820715f05040640c00106448b1728b52ffd0058350100e070726f6a2e313920715f70726f6a2e32303132333420
    715f70726f6a04040640c001b6050c28b52ffd00580d0100a02e323520715f70726f6a2e3236373839333031200500a020200c14
    01e56a51be28b52ffd00580d0100a0715f70726f6a2e333220333435363720715f70720500a00828070a034594284828b52ffd00
    588100006f6a2e333820715f70726f6a2e3339205e2a4d18410000002a000000400000002b000000400000002700000040000000
    2f000000400000002a000000400000002a0000004000000019000000100000000700000000b1ea928f
  """)

private func hex(_ text: String) -> [UInt8] {
  let digits = text.compactMap { $0.hexDigitValue }
  return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// A seek table by the letter of the format, with each field open to falsification.
private struct Table {
  var entries: [[UInt32]] = [[30, 100], [40, 0], [50, 1000]]
  var magic: UInt32 = 0x184D_2A5E
  var sizeError: UInt32 = 0
  var count: UInt32?
  var descriptor: UInt8 = 0
  var footerMagic: UInt32 = 0x8F92_EAB1

  var bytes: [UInt8] {
    let body =
      entries.flatMap { $0.flatMap(littleEndian) } + littleEndian(count ?? UInt32(entries.count)) + [descriptor]
      + littleEndian(footerMagic)
    return littleEndian(magic) + littleEndian(UInt32(body.count) &+ sizeError) + body
  }

  var fileSize: UInt64 { entries.reduce(UInt64(bytes.count)) { $0 + UInt64($1[0]) } }

  func read() throws -> SeekTable? { try SeekTable(tail: bytes.span, fileSize: fileSize) }
}

@Suite struct SeekTableTests {
  @Test func aFileOfAnotherWriterIsRead() throws {
    let size = UInt64(pyzstdFile.count)
    let footer = Array(pyzstdFile.suffix(SeekTable.footerBytes))
    let byteCount = try #require(try SeekTable.byteCount(footer: footer.span, fileSize: size))
    #expect(byteCount == 7 * 8 + 17)
    let tail = Array(pyzstdFile.suffix(Int(byteCount)))
    let table = try #require(try SeekTable(tail: tail.span, fileSize: size))
    #expect(table.frames.map(\.decompressedSize) == [64, 64, 64, 64, 64, 64, 16])
    #expect(table.decompressedSize == 400)
    let content = (0..<40).flatMap { Array("q_proj.\($0 < 10 ? "0" : "")\($0) ".utf8) }
    for frame in table.frames {
      let start = Int(frame.compressedOffset)
      let outcome = try decode(Array(pyzstdFile[start..<start + Int(frame.compressedSize)]))
      let expected = content[Int(frame.decompressedOffset)...].prefix(Int(frame.decompressedSize))
      #expect(outcome == Outcome(content: Array(expected)))
    }
    // Front to back, the table is one more skippable frame.
    #expect(try decode(pyzstdFile) == Outcome(content: content))
  }

  @Test func entriesAndChecksumsAreRead() throws {
    let plain = try #require(try Table().read())
    #expect(plain.frames.map(\.compressedOffset) == [0, 30, 70])
    #expect(plain.frames.map(\.decompressedOffset) == [0, 100, 100])
    #expect(plain.frames.allSatisfy { $0.checksum == nil })
    let summed = Table(entries: [[30, 100, 0xDEAD_BEEF], [8, 0, 0x51D8_E999]], descriptor: 0x83)
    #expect(try summed.read()?.frames.map(\.checksum) == [0xDEAD_BEEF, 0x51D8_E999])
    // More of the file's end than the table is as good.
    let longer = [9, 9, 9] + Table().bytes
    #expect(try SeekTable(tail: longer.span, fileSize: Table().fileSize) == plain)
    #expect(try Table(entries: []).read()?.decompressedSize == 0)
  }

  /// Found by fuzzing: pieces of 4 MiB lose their content with one bit of the table, and a reader by the table left
  /// such frames out without a word.
  @Test func aSizeThatBecameZeroIsNoticed() {
    let table = Table(entries: [[30, 1 << 22, 7], [30, 0, 7]], descriptor: 0x80)
    #expect(throws: SeekTable.Invalid.frameNotEmpty(index: 1)) { try table.read() }
  }

  @Test func anOffsetFindsItsFrame() throws {
    let table = try #require(try Table().read())
    #expect(table.frameIndex(holding: 0) == 0)
    #expect(table.frameIndex(holding: 99) == 0)
    #expect(table.frameIndex(holding: 100) == 2)
    #expect(table.frameIndex(holding: 1099) == 2)
    #expect(table.frameIndex(holding: 1100) == nil)
    #expect(table.frameIndex(holding: .max) == nil)
  }

  @Test func otherFilesHaveNoTable() throws {
    #expect(try Table(footerMagic: 0x8F92_EAB2).read() == nil)
    for bytes in [[], [1, 2, 3], Array(repeating: 0, count: 100)] as [[UInt8]] {
      #expect(try SeekTable(tail: bytes.span, fileSize: UInt64(bytes.count)) == nil)
      #expect(try SeekTable.byteCount(footer: bytes.span, fileSize: UInt64(bytes.count)) == nil)
    }
  }

  @Test func hostileTablesAreRefused() {
    func refuses(_ table: Table, _ invalid: SeekTable.Invalid) {
      #expect(throws: invalid) { try table.read() }
    }
    for bit in 2...6 { refuses(Table(descriptor: 1 << bit), .reservedBits(descriptor: 1 << bit)) }
    refuses(Table(magic: 0x184D_2A50), .wrongMagic(expected: 0x184D_2A5E, found: 0x184D_2A50))
    refuses(Table(sizeError: 1), .wrongFrameSize(expected: 33, found: 34))
    refuses(Table(count: .max), .tooManyFrames(count: .max, limit: SeekTable.defaultFrameLimit))
    refuses(Table(count: 4), .wrongLength(expected: 49, found: 41))
    refuses(Table(entries: [[7, 1]]), .frameTooSmall(index: 0, compressedSize: 7))
    refuses(Table(entries: [[9, 1], [9, 0x4000_0001]]), .frameTooLarge(index: 1, decompressedSize: 0x4000_0001))
    // The checksum flag turns three entries of eight bytes into two of twelve, but the count says three.
    refuses(Table(descriptor: 0x80), .wrongLength(expected: 53, found: 41))
    #expect(throws: SeekTable.Invalid.wrongTotal(expected: 119, found: 120)) {
      try SeekTable(tail: Table().bytes.span, fileSize: Table().fileSize - 1)
    }
    #expect(throws: SeekTable.Invalid.wrongLength(expected: 41, found: 40)) {
      try SeekTable.byteCount(footer: Table().bytes.span, fileSize: 40)
    }
    #expect(throws: SeekTable.Invalid.tooManyFrames(count: 3, limit: 2)) {
      try SeekTable.byteCount(footer: Table().bytes.span, fileSize: 161, frameLimit: 2)
    }
  }

  @Test func everyFlippedBitIsRefusedOrHarmless() throws {
    let good = try #require(try Table().read())
    let bytes = Table().bytes
    for index in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[index] ^= 1 << UInt8(bit)
        let table = try? SeekTable(tail: damaged.span, fileSize: Table().fileSize)
        guard let table else { continue }
        // What passes is a changed content size, or an unused bit; never another place in the file.
        #expect(table.frames.map(\.compressedOffset) == good.frames.map(\.compressedOffset))
        #expect(table.decompressedSize == table.frames.reduce(0) { $0 + UInt64($1.decompressedSize) })
      }
    }
  }

  @Test func randomTailsNeverTrap() {
    var generator = SeededGenerator(seed: 20)
    for _ in 0..<20_000 {
      var bytes = Table(descriptor: Bool.random(using: &generator) ? 0 : 0x80).bytes
      for _ in 0..<Int.random(in: 1...8, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count - 4, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      bytes.removeFirst(Int.random(in: 0...bytes.count, using: &generator))
      let fileSize = UInt64.random(in: 0...300, using: &generator)
      let table = try? SeekTable(tail: bytes.span, fileSize: fileSize)
      if let table { #expect(table.byteCount <= fileSize) }
    }
  }
}
