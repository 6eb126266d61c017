import LoRAIO
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import Compression

/// Content like bf16 weights: little-endian numbers whose high bytes are few and whose low bytes are anything.
func weights(_ count: Int, seed: UInt64) -> [UInt8] {
  var random = SeededGenerator(seed: seed)
  return (0..<count).map { index in
    let byte = UInt8(truncatingIfNeeded: random.next())
    return index % 2 == 1 ? 0x3B + byte % 3 | byte & 0x80 : byte
  }
}

/// A folder with files for one test.
struct Place {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func file(_ bytes: [UInt8], _ name: String = "content") throws -> InputFile {
    try InputFile(path: try folder.write(name, bytes))
  }

  /// The bytes of an archive of `content`.
  func archive(_ content: [UInt8], _ pieces: [ArchivePiece], _ writer: ArchiveWriter = ArchiveWriter()) throws
    -> [UInt8]
  {
    let output = try OutputFile.unnamed(in: folder.path)
    let size = try writer.write(pieces, of: try file(content), to: output)
    return try output.reopened(size: size).bytes(at: 0, count: Int(size))
  }

  func open(_ bytes: [UInt8]) throws -> ArchiveReader? { try ArchiveReader.open(try file(bytes, "archive")) }
}

@Suite struct ArchiveTests {
  let place: Place
  let content = weights(300_001, seed: 1)
  let pieces = [
    ArchivePiece(offset: 0, count: 1), ArchivePiece(offset: 1, count: 99_999, elementWidth: 2),
    ArchivePiece(offset: 100_000, count: 100_000, elementWidth: 4),
    ArchivePiece(offset: 200_000, count: 100_001, elementWidth: 8),
  ]

  init() throws { place = try Place() }

  private func writer(_ format: ArchiveFormat, workers: Int = 1) -> ArchiveWriter {
    var writer = ArchiveWriter()
    writer.format = format
    writer.workers = workers
    return writer
  }

  @Test(arguments: ArchiveFormat.allCases) func theContentComesBack(_ format: ArchiveFormat) throws {
    let bytes = try place.archive(content, pieces, writer(format))
    let archive = try #require(try place.open(bytes))
    #expect(archive.format == format)
    #expect(archive.contentSize == 300_001)
    #expect(archive.frameCount == 4)
    for workers in [1, 3] {
      #expect(try archive.bytes(at: 0, count: content.count, workers: workers) == content)
      let output = try OutputFile.unnamed(in: place.folder.path)
      try archive.write(to: output, workers: workers)
      let written = try output.reopened(size: archive.contentSize)
      #expect(try written.bytes(at: 0, count: content.count) == content)
      try archive.compare(with: written, workers: workers)
    }
  }

  @Test(arguments: ArchiveFormat.allCases) func everyPartOfTheContentCanBeRead(_ format: ArchiveFormat) throws {
    let archive = try #require(try place.open(try place.archive(content, pieces, writer(format))))
    let edges = [0, 1, 2, 50_001, 99_999, 100_000, 100_001, 199_999, 200_000, 300_000, 300_001]
    for start in edges {
      for end in edges where end >= start {
        let part = try archive.bytes(at: UInt64(start), count: end - start, workers: 2)
        #expect(part == Array(content[start..<end]), "\(start)..<\(end)")
      }
    }
  }

  @Test(arguments: ArchiveFormat.allCases) func threadsDoNotChangeTheFile(_ format: ArchiveFormat) throws {
    let many = (0..<150).map { ArchivePiece(offset: UInt64($0) * 2000, count: 2000, elementWidth: 2) }
    let head = Array(content[..<300_000])
    let one = try place.archive(head, many, writer(format))
    #expect(try place.archive(head, many, writer(format, workers: 7)) == one)
  }

  @Test func aPlainDecoderRestoresTheSeekableFormat() throws {
    let input = try place.file(try place.archive(content, pieces), "plain")
    let output = try OutputFile.unnamed(in: place.folder.path)
    let size = try StreamedContent.write(input, to: output)
    #expect(size == 300_001)
    #expect(try output.reopened(size: size).bytes(at: 0, count: Int(size)) == content)
    try StreamedContent.compare(input, with: try place.file(content))
    #expect(throws: ArchiveError.self) {
      try StreamedContent.compare(input, with: try place.file(Array(content.dropLast())))
    }
  }

  @Test func theFilterMakesWeightsSmaller() throws {
    let large = weights(1 << 20, seed: 2)
    let piece = [ArchivePiece(offset: 0, count: large.count, elementWidth: 2)]
    let plain = try place.archive(large, piece).count
    let filtered = try place.archive(large, piece, writer(.bytePlanes)).count
    #expect(Double(filtered) < 0.67 * Double(large.count))
    #expect(filtered < plain)
  }

  @Test func otherFilesAreNoArchives() throws {
    #expect(try place.open([1, 2, 3]) == nil)
    #expect(try place.open(weights(1000, seed: 3)) == nil)
    var encoder = try ZstdFrameEncoder(level: 3)
    let frame = try unsafe content.withUnsafeBytes { try unsafe encoder.frame($0) }
    #expect(try place.open(frame) == nil)
  }

  @Test func framesTooLargeForMemoryAreLeftToTheStream() throws {
    // A table that claims one frame of 1 GiB; the frame itself is never looked at.
    let frame = [UInt8](repeating: 7, count: 1 << 20)
    var entry = SeekTable.Entry(frame: frame, decompressedSize: 17 << 20)
    #expect(try place.open(frame + SeekTable.bytes(of: [entry])) == nil)
    entry.decompressedSize = 1 << 30
    #expect(throws: ArchiveError.self) { try place.open(frame.prefix(1000) + SeekTable.bytes(of: [entry])) }
  }

  @Test func contentOutOfProportionIsRefused() throws {
    let frame = [UInt8](repeating: 7, count: 100)
    let entry = SeekTable.Entry(frame: frame, decompressedSize: 16 << 20)
    let bytes =
      [[UInt8]](repeating: frame, count: 17).joined() + SeekTable.bytes(of: Array(repeating: entry, count: 17))
    let size = UInt64(17 * 16 << 20)
    let error = try #require(throws: ArchiveError.self) { try place.open(Array(bytes)) }
    #expect(error.reason == .disproportionate(content: size, limit: 256 << 20))
  }
}

@Suite struct HostileArchiveTests {
  let place: Place
  let content = weights(3000, seed: 4)
  let pieces = [
    ArchivePiece(offset: 0, count: 1000), ArchivePiece(offset: 1000, count: 2000, elementWidth: 2),
  ]

  init() throws { place = try Place() }

  private func bytes(_ format: ArchiveFormat) throws -> [UInt8] {
    var writer = ArchiveWriter()
    writer.format = format
    return try place.archive(content, pieces, writer)
  }

  @Test(arguments: ArchiveFormat.allCases) func everyPrefixIsRefusedOrNoArchive(_ format: ArchiveFormat) throws {
    let bytes = try bytes(format)
    for length in 0..<bytes.count {
      let archive: ArchiveReader?
      do { archive = try place.open(Array(bytes[..<length])) } catch is ArchiveError { continue }
      #expect(archive == nil, "\(length) bytes")
      #expect(format == .zstd || length < 8)
    }
  }

  /// Whatever bit is flipped, the content is right or an error says that it is not.
  @Test(arguments: ArchiveFormat.allCases) func everyFlippedBitIsFound(_ format: ArchiveFormat) throws {
    let bytes = try bytes(format)
    var refused = 0
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 1 << UInt8(index % 8)
      do {
        guard let archive = try place.open(damaged) else { continue }
        let found = try archive.bytes(at: 0, count: Int(min(archive.contentSize, 4000)))
        // Header bits without meaning may change without harm.
        #expect(found == content, "byte \(index)")
      } catch is ArchiveError {
        refused += 1
      }
    }
    #expect(refused > bytes.count - 40)
  }

  @Test func aWrongChecksumInTheTableIsFound() throws {
    var bytes = try bytes(.zstd)
    bytes[bytes.count - SeekTable.footerBytes - 1] ^= 1
    let archive = try #require(try place.open(bytes))
    let error = try #require(throws: ArchiveError.self) { try archive.bytes(at: 0, count: 3000) }
    guard case .zstd(.checksumMismatch) = error.reason else {
      Issue.record("\(error)")
      return
    }
  }

  @Test func aFailingDiskIsNamed() throws {
    let archive = try #require(try place.open(try bytes(.zstd)))
    Fault.order(.read, path: archive.input.path, errorNumber: 5)
    defer { Fault.clear(path: archive.input.path) }
    let error = try #require(throws: ArchiveError.self) { try archive.bytes(at: 0, count: 3000, workers: 2) }
    #expect("\(error)".contains(archive.input.path))
    guard case .io = error.reason else {
      Issue.record("\(error)")
      return
    }
  }
}

@Suite struct PieceTests {
  private func pieces(_ builder: SafetensorsBuilder) throws -> (SafetensorsHeader, [ArchivePiece]) {
    let folder = try TemporaryFolder()
    let header = try SafetensorsFile.open(try folder.write("a.safetensors", builder)).header
    return (header, header.archivePieces)
  }

  /// Pieces follow each other without a hole from the first byte to the last.
  private func checkCoverage(_ header: SafetensorsHeader, _ pieces: [ArchivePiece]) {
    var position: UInt64 = 0
    for piece in pieces {
      #expect(piece.offset == position)
      #expect(piece.count > 0 && piece.count <= ArchivePiece.usual)
      position += UInt64(piece.count)
    }
    #expect(position == header.dataStart + header.dataBytes)
  }

  @Test func layersAreCutApart() throws {
    var builder = SafetensorsBuilder()
    for layer in 0..<4 { builder.add("model.layers.\(layer).q_proj.lora_A.weight", .bf16, [200, 1000]) }
    let (header, pieces) = try pieces(builder)
    checkCoverage(header, pieces)
    #expect(pieces.map(\.count) == [Int(header.dataStart)] + [Int](repeating: 400_000, count: 4))
    #expect(pieces.dropFirst().allSatisfy { $0.elementWidth == 2 })
  }

  @Test func smallLayersShareAPieceAndLargeOnesAreCut() throws {
    var small = SafetensorsBuilder()
    for layer in 0..<40 { small.add("layers.\(layer).A", .f32, [1000]) }
    let (smallHeader, smallPieces) = try pieces(small)
    checkCoverage(smallHeader, smallPieces)
    #expect(smallPieces.count == 2)
    var large = SafetensorsBuilder()
    large.add("layers.0.A", .bf16, [2_500_000])
    large.add("layers.0.B", .f32, [2_000_001])
    large.add("empty", .bf16, [0])
    large.add("bytes", .u8, [13])
    let (largeHeader, largePieces) = try pieces(large)
    checkCoverage(largeHeader, largePieces)
    #expect(Set(largePieces.map(\.elementWidth)) == [1, 2, 4])
  }
}
