public import LoRAIO
public import Safetensors
import Synchronization

extension SafetensorsFile {
  /// Bytes of the data section.
  public var dataBytes: UInt64 {
    contents.size >= header.dataStart ? contents.size - header.dataStart : 0
  }
}

/// One adapter's data section on its way into staging memory, piece by piece, by any number of threads.
///
/// A piece is what the source reads at once: a stretch of a plain file, or a frame of a compressed one, which is decoded
/// straight into its place; a compressed file without a table of frames is one piece. Files are read and never mapped:
/// one that shrinks is an error here, not the end of the process.
public final class AdapterReading: Sendable {
  /// Bytes of a plain file in a piece: little enough to be still in the core's cache when it is packed.
  static let pieceBytes: UInt64 = 1 << 20

  /// Data sections start at multiples of this many bytes, so that tensors lie as they do in the file.
  public static let alignment = 256

  /// The adapter's weights.
  public let file: SafetensorsFile
  /// The pieces as byte ranges of the data section, ascending, without gaps, none of them empty.
  public let pieces: [Range<UInt64>]
  private let source: SourcePieces
  private let spent = Mutex((disk: 0.0, decompress: 0.0))

  /// A reading of a file's whole data section.
  public convenience init(_ file: SafetensorsFile) { self.init(file, pieceBytes: Self.pieceBytes) }

  init(_ file: SafetensorsFile, pieceBytes: UInt64) {
    self.file = file
    let start = file.header.dataStart
    source = file.contents.pieces(from: start, of: pieceBytes)
    pieces = source.ranges.map { $0.lowerBound - start..<$0.upperBound - start }
  }

  /// Bytes of staging memory that an adapter's file takes.
  public static func room(for file: SafetensorsFile) -> UInt64 {
    let (sum, overflow) = file.dataBytes.addingReportingOverflow(UInt64(alignment - 1))
    return overflow ? .max : sum / UInt64(alignment) * UInt64(alignment)
  }

  /// Brings one piece to its place behind byte `start` of the staging memory, which must have room for all of them.
  ///
  /// - Throws: `IOError`, `.damaged` when a frame is not what its checksum says.
  public func fetch(_ piece: Int, into staging: any StagingMemory, at start: Int) throws(IOError) {
    let range = pieces[piece]
    precondition(
      start >= 0 && UInt64(start) + range.upperBound <= UInt64(staging.byteCount), "the staging memory is too small")
    let place = start + Int(range.lowerBound)
    let part = unsafe UnsafeMutableRawBufferPointer(rebasing: staging.bytes[place..<place + range.count])
    let seconds = unsafe try source.fetch(piece, into: part)
    spent.withLock {
      $0.disk += seconds.reading
      $0.decompress += seconds.decoding
    }
  }

  /// Brings all pieces, on several threads.
  public func fetchAll(into staging: any StagingMemory, at start: Int, workers: Int) throws(IOError) {
    try Workers.forEach(count: pieces.count, workers: workers) { piece throws(IOError) in
      try self.fetch(piece, into: staging, at: start)
    }
  }

  /// The positions of the pieces that hold some of these bytes.
  public func pieces(holding range: Range<UInt64>) -> Range<Int> {
    guard !range.isEmpty else { return 0..<0 }
    return firstPiece(endingAfter: range.lowerBound)..<firstPiece(endingAfter: range.upperBound - 1) + 1
  }

  private func firstPiece(endingAfter byte: UInt64) -> Int {
    var (low, high) = (0, pieces.count)
    while low < high {
      let middle = low + (high - low) / 2
      if pieces[middle].upperBound > byte { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Seconds that threads have spent on reading and on decompressing so far, added up over the threads.
  public var threadSeconds: (disk: Double, decompress: Double) { spent.withLock { $0 } }

  /// Reads a file's data section byte for byte to `start`, on several threads; the memory must have room for it.
  public static func read(
    _ file: SafetensorsFile, into staging: any StagingMemory, at start: Int, workers: Int
  ) throws(IOError) {
    try AdapterReading(file).fetchAll(into: staging, at: start, workers: workers)
  }
}
