import Compression
import Diagnostics
import LoRAIO
import LoRATestSupport
import TensorCore
import Testing

@testable import Safetensors

/// One file as every kind of source: what is said and read is the same.
@Suite struct SourceTests {
  private let folder: TemporaryFolder
  private let plain: [UInt8]

  init() throws {
    folder = try TemporaryFolder()
    var builder = SafetensorsBuilder()
    builder.add("a.weight", .f32, [40, 10])
    builder.add("b.weight", .f16, [300])
    plain = builder.bytes
  }

  /// How a file can be stored.
  enum Form: CaseIterable {
    case plain
    case zstd
    case bytePlanes
    case stream
  }

  private func store(_ bytes: [UInt8], _ form: Form, pieceBytes: Int = 500) throws -> String {
    let path = try folder.write("plain.safetensors", bytes)
    switch form {
    case .plain: return path
    case .stream:
      var encoder = try ZstdFrameEncoder(level: 3)
      return try folder.write(
        "stream.safetensors.zst", try unsafe bytes.withUnsafeBytes { unsafe try encoder.frame($0) })
    case .zstd, .bytePlanes:
      var writer = ArchiveWriter()
      writer.format = form == .zstd ? .zstd : .bytePlanes
      let pieces = stride(from: 0, to: bytes.count, by: pieceBytes).map {
        ArchivePiece(offset: UInt64($0), count: min(pieceBytes, bytes.count - $0), elementWidth: 2)
      }
      let output = try OutputFile.unnamed(in: folder.path)
      let size = try writer.write(pieces, of: try InputFile(path: path), to: output)
      return try folder.write(
        "archive.safetensors" + writer.format.fileExtension,
        try output.reopened(size: size).bytes(at: 0, count: Int(size)))
    }
  }

  @Test(arguments: Form.allCases, [SafetensorsFile.Unpacking.now, .onDemand])
  func everySourceGivesTheSameBytes(_ form: Form, _ unpacking: SafetensorsFile.Unpacking) throws {
    let path = try store(plain, form)
    let examined = SafetensorsFile.examine(path, unpacking: unpacking)
    let file = try #require(examined.file)
    #expect(examined.isSound && file.path == path && file.isCompressed == (form != .plain))
    #expect(file.fileBytes == (try InputFile(path: path).size) && file.contents.size == UInt64(plain.count))
    let start = Int(file.header.dataStart)
    #expect(try file.headerBytes() == Array(plain[..<start]))
    #expect(try file.contents.bytes(at: 3, count: plain.count - 3) == Array(plain[3...]))
    for tensor in file.header.tensors {
      let range = start + Int(tensor.begin)..<start + Int(tensor.end)
      #expect(try file.bytes(of: tensor) == Array(plain[range]))
    }
    let pieces = file.contents.pieces(from: file.header.dataStart, of: 77)
    var data: [UInt8] = []
    for (index, range) in pieces.ranges.enumerated() {
      #expect(Int(range.lowerBound) == start + data.count)
      var piece = [UInt8](repeating: 0, count: range.count)
      _ = try unsafe piece.withUnsafeMutableBytes { unsafe try pieces.fetch(index, into: $0) }
      data += piece
    }
    #expect(data == Array(plain[start...]))
    let closed = file.closed
    #expect(closed.path == path && closed.isCompressed == file.isCompressed && closed.fileBytes == file.fileBytes)
    #expect(throws: IOError.self) { try closed.contents.bytes(at: 0, count: 1) }
  }

  /// The eight bytes of such a length, ` {` and zeros, look like the start of a JSON text.
  @Test(arguments: Form.allCases, [8, 500, 1 << 20])
  func aLengthThatLooksLikeTextIsALength(_ form: Form, _ pieceBytes: Int) throws {
    var header = #"{"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#
    header += String(repeating: " ", count: 0x7B20 - header.utf8.count)
    let bytes = SafetensorsBuilder.frame(header, data: [1, 2])
    #expect(Array(bytes[..<2]) == Array(" {".utf8))
    let examined = SafetensorsFile.examine(try store(bytes, form, pieceBytes: pieceBytes))
    #expect(examined.isSound, "\(examined.findings.map(\.message))")
  }

  /// What is declared and what is there differ; nothing is unpacked that does not add up.
  @Test(arguments: Form.allCases, [SafetensorsFile.Unpacking.now, .onDemand])
  func contentsOfAnotherSizeAreFound(_ form: Form, _ unpacking: SafetensorsFile.Unpacking) throws {
    for (bytes, excess) in [(Array(plain.dropLast(3)), false), (plain + [1, 2, 3], true)] {
      let examined = SafetensorsFile.examine(try store(bytes, form), unpacking: unpacking)
      switch form {
      case .plain: #expect(examined.findings.map(\.rule) == [.headerInvalid] && examined.file != nil)
      case .zstd, .bytePlanes: #expect(examined.findings.map(\.rule) == [.compressedCorrupt] && examined.file == nil)
      case .stream where unpacking == .now:
        #expect(examined.findings.map(\.rule) == [excess ? .compressedCorrupt : .headerInvalid])
        #expect(examined.file == nil)
      case .stream:
        // Known when the data is read, either way.
        let file = try #require(examined.file)
        #expect(throws: IOError.self) { try file.contents.bytes(at: 0, count: 1) }
        var data = [UInt8](repeating: 0, count: Int(file.header.dataBytes))
        let pieces = file.contents.pieces(from: file.header.dataStart, of: 1 << 20)
        #expect(throws: IOError.self) {
          try unsafe data.withUnsafeMutableBytes { unsafe try pieces.fetch(0, into: $0) }
        }
      }
    }
  }

  @Test(arguments: Form.allCases) func aHeaderThatEndsEarlyIsFound(_ form: Form) throws {
    for count in [1, 7, 8, 9, 60] {
      let examined = SafetensorsFile.examine(try store(Array(plain[..<count]), form))
      #expect(examined.findings.map(\.rule) == [.headerInvalid] && examined.file == nil, "\(count) bytes")
    }
  }

  /// Sizes that the header makes up do not decide how much is unpacked.
  @Test(arguments: [Form.zstd, .bytePlanes, .stream]) func aHeaderOutOfProportionIsRefused(_ form: Form) throws {
    let header = #"{"w":{"dtype":"U8","shape":[1000000000000],"data_offsets":[0,1000000000000]}}"#
    for unpacking in [SafetensorsFile.Unpacking.now, .onDemand] {
      let examined = SafetensorsFile.examine(
        try store(SafetensorsBuilder.frame(header, data: [1, 2]), form), unpacking: unpacking)
      #expect(examined.findings.map(\.rule) == [.compressedCorrupt] && examined.file == nil)
    }
  }
}
