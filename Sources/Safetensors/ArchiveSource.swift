import Compression
import LoRAIO

/// A compressed file with a table of its frames, of which any can be decoded without the others.
///
/// Reading at any offset goes by way of a nameless temporary file, not memory, because everything behind it then has
/// bounded memory.
struct ArchiveSource: ByteSource {
  let archive: ArchiveReader
  let file: InputFile

  /// Threads that unpack one file.
  private static let unpackers = 4

  /// A compressed file by its table, or nil when it has none and must be read from front to back.
  init?(_ input: InputFile) throws(SourceProblem) {
    guard let archive = try Self.opening({ () throws(ArchiveError) in try ArchiveReader.open(input) }) else {
      return nil
    }
    self.archive = archive
    file = InputFile(path: input.path, size: archive.contentSize) { () throws(IOError) in
      do throws(SourceProblem) { return try Self.unpacked(archive) } catch { throw error.failure }
    }
  }

  private init(_ archive: ArchiveReader, unpacked file: InputFile) {
    self.archive = archive
    self.file = file
  }

  var path: String { archive.input.path }
  var storedBytes: UInt64 { archive.input.size }
  var isCompressed: Bool { true }
  var size: UInt64 { archive.contentSize }

  /// A frame is decoded as a whole.
  var firstRead: Int { max(8, archive.firstFrameBytes) }

  func first(_ count: Int) throws(SourceProblem) -> [UInt8] {
    try Self.opening { () throws(ArchiveError) in
      try archive.bytes(at: 0, count: Int(min(UInt64(count), size)), workers: Self.unpackers)
    }
  }

  /// The same once the header is known to declare just the size that the table does, unpacked now or later.
  func declared(by header: SafetensorsHeader, unpacking: SafetensorsFile.Unpacking) throws(SourceProblem)
    -> any ByteSource
  {
    let (total, overflow) = header.dataStart.addingReportingOverflow(header.dataBytes)
    guard !overflow, total == size else {
      throw SourceProblem(.otherContents(path, declared: total, table: size))
    }
    return switch unpacking {
    case .now: ArchiveSource(archive, unpacked: try Self.unpacked(archive))
    case .onDemand: self
    }
  }

  /// Everything, in a nameless temporary file.
  private static func unpacked(_ archive: ArchiveReader) throws(SourceProblem) -> InputFile {
    let path = archive.input.path
    let output = try SourceProblem.filling(path) { () throws(IOError) in try OutputFile.temporary() }
    try opening { () throws(ArchiveError) in try archive.write(to: output, workers: unpackers) }
    return try SourceProblem.filling(path) { () throws(IOError) in
      try output.reopened(size: archive.contentSize, path: path)
    }
  }

  /// The frames, each decoded straight to its place.
  func pieces(from start: UInt64, of pieceBytes: UInt64) -> SourcePieces {
    let decoding = FrameDecoding(archive)
    let frames = decoding.ranges
    // The frames before this one hold the header alone.
    let firstFrame = frames.firstIndex { $0.upperBound > start } ?? frames.count
    let ranges = frames[firstFrame...].map { max($0.lowerBound, start)..<$0.upperBound }
    return unsafe SourcePieces(ranges) { (piece, buffer) throws(IOError) in
      do throws(ArchiveError) {
        return unsafe try decoding.decode(firstFrame + piece, ranges[piece], into: buffer)
      } catch {
        throw IOError(error)
      }
    }
  }

  private static func opening<Value>(_ body: () throws(ArchiveError) -> Value) throws(SourceProblem) -> Value {
    do throws(ArchiveError) {
      return try body()
    } catch {
      throw SourceProblem(.compressed(error), IOError(error))
    }
  }
}

extension IOError {
  /// The failure of reading a compressed file, as one of reading its content.
  init(_ error: ArchiveError) {
    if case .io(let cause) = error.reason {
      self = cause
    } else {
      self.init("unpack", error.path, .damaged(error.cause))
    }
  }
}
