package import Diagnostics
package import LoRAIO

/// Where the bytes of a safetensors file come from: a header, then the data section.
///
/// Each kind of source is one file: `FileSource`, `ArchiveSource`, `StreamSource`. The header is examined in one
/// function over all of them, `SafetensorsFile.examine`: it asks for the first bytes, then has the source check the size
/// that the header declares. Data is read after that.
package protocol ByteSource: Sendable {
  /// What messages call it by.
  var path: String { get }
  /// Bytes as they are stored, which may be compressed.
  var storedBytes: UInt64 { get }
  /// Whether the stored bytes are compressed.
  var isCompressed: Bool { get }
  /// Bytes of header and data; before the header is read they may be a limit only.
  var size: UInt64 { get }

  /// How many of the first bytes come at the cost of the eight that hold the header's length.
  var firstRead: Int { get }
  /// The first `count` bytes, fewer only where the contents of a source whose `size` is a limit end.
  func first(_ count: Int) throws(SourceProblem) -> [UInt8]
  /// The source for reading data, once its header is known to be consistent in itself.
  ///
  /// - Throws: when `size` or what is stored cannot be what the header declares.
  func declared(by header: SafetensorsHeader, unpacking: SafetensorsFile.Unpacking) throws(SourceProblem)
    -> any ByteSource

  /// The contents in a file that the kernel can copy from; that of a compressed source may be made when it is first
  /// read.
  var file: InputFile { get }
  /// Fills the whole buffer from `offset`.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(IOError)
  /// `count` bytes from `offset`; `count` must already be bounded by the caller.
  func bytes(at offset: UInt64, count: Int) throws(IOError) -> [UInt8]
  /// Everything from `start` on in pieces that go straight into memory; `pieceBytes` is their size where the source has
  /// no pieces of its own.
  func pieces(from start: UInt64, of pieceBytes: UInt64) -> SourcePieces
}

extension ByteSource {
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(IOError) {
    unsafe try file.read(into: buffer, at: offset)
  }

  package func bytes(at offset: UInt64, count: Int) throws(IOError) -> [UInt8] {
    try file.bytes(at: offset, count: count)
  }
}

/// The bytes of a source on their way straight into memory, from any number of threads.
@safe package struct SourcePieces: Sendable {
  /// Seconds that a piece took, by what was done.
  package typealias Seconds = (reading: Double, decoding: Double)

  /// The pieces as byte ranges of the contents: ascending, without gaps, none of them empty.
  package let ranges: [Range<UInt64>]
  private let fill: @Sendable (Int, UnsafeMutableRawBufferPointer) throws(IOError) -> Seconds

  init(
    _ ranges: [Range<UInt64>],
    fill: @escaping @Sendable (Int, UnsafeMutableRawBufferPointer) throws(IOError) -> Seconds
  ) {
    self.ranges = ranges
    unsafe self.fill = fill
  }

  /// Fills the buffer, which has the size of the piece.
  ///
  /// - Throws: `IOError`, `.damaged` when what is stored is not what was declared.
  package func fetch(_ piece: Int, into buffer: UnsafeMutableRawBufferPointer) throws(IOError) -> Seconds {
    unsafe try fill(piece, buffer)
  }
}

/// Why the bytes of a source cannot be had: as a finding while it is examined, as a failure when data is read.
package struct SourceProblem: Error {
  package let finding: Finding
  package let failure: IOError

  /// The failure of reading itself.
  init(_ finding: Finding, _ failure: IOError) {
    self.finding = finding
    self.failure = failure
  }

  /// Compressed bytes that are not what they should be.
  init(_ finding: Finding) {
    self.init(finding, IOError("unpack", finding.file, .damaged(finding.message)))
  }
  /// Runs operations on the temporary file that the contents of `path` are unpacked into.
  static func filling<Value>(_ path: String, _ body: () throws(IOError) -> Value) throws(SourceProblem) -> Value {
    do throws(IOError) { return try body() } catch { throw SourceProblem(.temporary(error, file: path), error) }
  }
}
