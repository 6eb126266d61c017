import CBytePlanes
import LoRAIO
import LoRATestSupport
import Testing

@testable import Compression

/// The filter by itself, on numbers as they occur in adapters.
@Suite struct BytePlaneTests {
  /// Sorted bytes and whether their top bytes are codes.
  private func split(_ bytes: [UInt8], width: Int) -> (planes: [UInt8], isCoded: Bool) {
    var isCoded = false
    // One byte more than needed: there is an address even for nothing.
    var planes = [UInt8](repeating: 0xEE, count: bytes.count + 1)
    let count = unsafe lora_split_planes(bytes + [0], bytes.count, width, &planes, &isCoded)
    #expect(planes[bytes.count] == 0xEE && count <= bytes.count)
    return (Array(planes[..<count]), isCoded)
  }

  private func join(
    _ planes: [UInt8], count: Int, width: Int, isCoded: Bool, level: UInt32, streams: Bool = false, shift: Int = 0
  ) -> [UInt8]? {
    let buffer = IOBuffer(count: count + 128)
    unsafe buffer.bytes.initializeMemory(as: UInt8.self, repeating: 0xEE)
    let start = unsafe (-Int(bitPattern: buffer.bytes.baseAddress) & 63) + shift
    guard let output = unsafe buffer.bytes.baseAddress?.advanced(by: start) else { return nil }
    guard unsafe lora_join_planes(level, planes + [0], planes.count, count, width, isCoded, streams, output) else {
      return nil
    }
    let before = unsafe start == 0 ? 0xEE : buffer.bytes[start - 1]
    let behind = unsafe buffer.bytes[start + count]
    #expect(before == 0xEE && behind == 0xEE)
    return unsafe Array(UnsafeRawBufferPointer(start: output, count: count))
  }

  /// Numbers of all kinds: of one size, of many sizes, mostly zero, any bytes.
  private func numbers(_ count: Int, width: Int, kind: Int) -> [UInt8] {
    var random = SeededGenerator(seed: UInt64(count * 8 + kind))
    func value() -> Double {
      let near = Double.random(in: -0.02...0.02, using: &random)
      switch kind {
      case 0: return near
      case 1: return near * Double.random(in: 0...1, using: &random) * Double.random(in: 0...1, using: &random)
      case 2: return Int.random(in: 0..<3, using: &random) > 0 ? 0 : near
      default: return Double(bitPattern: UInt64.random(in: 0 ... .max, using: &random))
      }
    }
    return (0..<count / width + 1).flatMap { _ -> [UInt8] in
      let bits: UInt64 =
        switch width {
        case 2: UInt64(Float(value()).bitPattern >> 16)
        case 4: UInt64(Float(value()).bitPattern)
        default: value().bitPattern
        }
      return (0..<width).map { UInt8(truncatingIfNeeded: bits >> UInt64(8 * $0)) }
    }.prefix(count).map { $0 }
  }

  @Test(arguments: [2, 4, 8]) func everyLevelRestoresEveryNumber(_ width: Int) {
    var coded = 0
    for kind in 0..<4 {
      for count in [0, 1, 5, 63, 64, 130, 255, 1024, 1029, 40_000, 40_006] {
        let bytes = numbers(count, width: width, kind: kind)
        let (planes, isCoded) = split(bytes, width: width)
        coded += isCoded ? 1 : 0
        for level in 0..<lora_planes_levels() {
          for (streams, shift) in [(false, 0), (false, 7), (true, 0), (true, 32), (true, 1)] {
            let found = join(
              planes, count: count, width: width, isCoded: isCoded, level: level, streams: streams, shift: shift)
            #expect(found == bytes, "kind \(kind), \(count) bytes, level \(level), \(streams), \(shift)")
          }
        }
      }
    }
    #expect(coded > 5)
  }

  /// The format of docs/compression.md, byte by byte.
  @Test func theFormatIsTheDocumentedOne() {
    // 1, -1 and a byte that is left over: 0x3F80 and 0xBF80, turned left 0x7F00 and 0x7F01.
    let (few, isFewCoded) = split([0x80, 0x3F, 0x80, 0xBF, 0x77], width: 2)
    #expect(!isFewCoded)
    #expect(few == [0x00, 0x01, 0x7F, 0x7F, 0x77])
    // 40 times 1, 39 times 0.5 (0x3F00, turned 0x7E00), once 2 (0x4000, turned 0x8000).
    let ones = [[UInt8]](repeating: [0x80, 0x3F], count: 40).joined()
    let halves = [[UInt8]](repeating: [0x00, 0x3F], count: 39).joined()
    let (many, isCoded) = split(Array(ones) + Array(halves) + [0x00, 0x40], width: 2)
    #expect(isCoded)
    let codes = [UInt8](repeating: 0x00, count: 20) + [UInt8](repeating: 0x11, count: 19) + [0x21]
    let lowBytes = [UInt8](repeating: 0, count: 80)
    let table = [0x7F, 0x7E, 0x80] + [UInt8](repeating: 0, count: 13)
    #expect(many == lowBytes + codes + table)
  }

  @Test func exceptionsStandBehindTheTable() {
    // 16 different exponents, the rarest once among 1000 numbers.
    var bytes = (0..<999).flatMap { index -> [UInt8] in [0x00, UInt8(0x20 + index % 15)] } + [0x00, 0x10]
    let (planes, isCoded) = split(bytes, width: 2)
    #expect(isCoded)
    #expect(planes.count == 1000 + 500 + 16 + 1)
    #expect(planes.last == 0x20)
    for level in 0..<lora_planes_levels() {
      #expect(join(planes, count: 2000, width: 2, isCoded: true, level: level) == bytes)
      // One exception less or more than there are codes for.
      #expect(join(planes.dropLast(), count: 2000, width: 2, isCoded: true, level: level) == nil)
      #expect(join(planes + [1], count: 2000, width: 2, isCoded: true, level: level) == nil)
      #expect(join(Array(planes.prefix(1515)), count: 2000, width: 2, isCoded: true, level: level) == nil)
    }
    // Too many exceptions are no saving: half precision keeps its bytes.
    bytes = (0..<1000).flatMap { index -> [UInt8] in [0x00, UInt8(0x20 + index % 40)] }
    #expect(!split(bytes, width: 2).isCoded)
  }
}

/// What a byte-plane file says of its frames.
@Suite struct FrameListTests {
  @Test func formsComeBack() {
    let forms = [
      FrameForm(count: 70_000), FrameForm(count: 3, elementWidth: 2),
      FrameForm(count: 1 << 24, elementWidth: 4, isCoded: true),
    ]
    let frame = FrameList.bytes(of: forms)
    #expect(frame.count == FrameList.size(count: 3))
    #expect(FrameList.forms(in: frame) == forms)
    for index in frame.indices {
      var damaged = frame
      damaged[index] ^= 0x10
      #expect(FrameList.forms(in: damaged) == nil)
    }
  }

  @Test func aFrameCannotHoldMoreThanItsForm() {
    #expect(FrameForm(count: 100).canBeStored(in: 100))
    #expect(!FrameForm(count: 100).canBeStored(in: 99))
    #expect(!FrameForm(count: 100, isCoded: true).canBeStored(in: 100))
    let coded = FrameForm(count: 1000, elementWidth: 2, isCoded: true)
    #expect(coded.canBeStored(in: 766) && coded.canBeStored(in: 1000))
    #expect(!coded.canBeStored(in: 765) && !coded.canBeStored(in: 1001))
  }

  /// A file of the format before is named as such and not taken for damaged weights.
  @Test func otherVersionsAreRefused() throws {
    let place = try Place()
    var writer = ArchiveWriter()
    writer.format = .bytePlanes
    let content = weights(2000, seed: 9)
    var bytes = try place.archive(content, [ArchivePiece(offset: 0, count: 2000, elementWidth: 2)], writer)
    let list = 8..<8 + FrameList.size(count: 1)
    var inside = Array(bytes[list].dropFirst(8).dropLast(4))
    inside[0] = 3
    let sum = ZstdFrame.checksum(inside)
    inside += [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: sum >> UInt32($0)) }
    bytes.replaceSubrange(list, with: ZstdFrame.skippable(inside, number: 0xD))
    let error = try #require(throws: ArchiveError.self) { try place.open(bytes) }
    #expect("\(error)".contains("version"))
  }

  /// Codes that do not fit what stands behind them, under a right checksum.
  @Test func codesWithoutValuesAreRefused() throws {
    let place = try Place()
    let content = [UInt8](repeating: 0xFF, count: 32 + 16) + [UInt8](repeating: 0, count: 16)
    var encoder = try ZstdFrameEncoder(level: 1)
    let frame = try unsafe content.withUnsafeBytes { try unsafe encoder.frame($0) }
    let list = FrameList.bytes(of: [FrameForm(count: 64, elementWidth: 2, isCoded: true)])
    let bytes =
      ArchiveFormat.bytePlaneSignature + list + frame
      + SeekTable.bytes(of: [
        SeekTable.Entry(skippable: UInt32(list.count)),
        SeekTable.Entry(frame: frame, decompressedSize: UInt32(content.count)),
      ])
    let archive = try #require(try place.open(bytes))
    let error = try #require(throws: ArchiveError.self) { try archive.bytes(at: 0, count: 64) }
    #expect("\(error)".contains("codes"))
  }
}
