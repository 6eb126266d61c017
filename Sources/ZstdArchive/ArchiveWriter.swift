import CBytePlanes
public import LoRAIO
import Synchronization
import Zstd

/// Compresses a file piece by piece, several pieces at a time, into a format that is read the same way.
///
/// The result depends on the pieces, format and level alone, not on the number of threads. Memory: a few pieces for
/// each thread.
public struct ArchiveWriter: Sendable {
  /// How the pieces are held.
  public var format = ArchiveFormat.zstd
  /// Level of compression, of `ZstdFrameEncoder.levels`; nil is level 1, and in byte-plane files no search at all for
  /// the pieces whose bytes are sorted: that makes numbers smaller and faster both ways.
  public var level: Int?
  /// Threads that work.
  public var workers = 1

  /// Pieces that a thread compresses between two times that all wait for each other.
  private static let piecesPerWorker = 4

  /// A writer of seekable zstd.
  public init() {}

  /// Compresses `input`, whose content the pieces cover in order, and writes the archive from the start of `output`.
  ///
  /// - Returns: the bytes written.
  public func write(
    _ pieces: [ArchivePiece], of input: InputFile, to output: OutputFile, control: ArchiveControl = ArchiveControl()
  ) throws(ArchiveError) -> UInt64 {
    var entries: [SeekTable.Entry] = []
    entries.reserveCapacity(pieces.count + 1)
    var position: UInt64 = 0
    func append(_ bytes: [UInt8]) throws(ArchiveError) {
      try reading(output.path) { () throws(IOError) in try output.write(bytes, at: position) }
      position += UInt64(bytes.count)
    }
    if format == .bytePlanes {
      let widths = WidthsFrame.bytes(of: pieces.map { UInt8($0.elementWidth) })
      try append(ArchiveFormat.bytePlaneSignature)
      try append(widths)
      entries.append(SeekTable.Entry(skippable: UInt32(widths.count)))
    }
    let crew = max(1, workers)
    let round = crew * Self.piecesPerWorker
    for start in stride(from: 0, to: pieces.count, by: round) {
      let range = start..<min(start + round, pieces.count)
      let frames = try compress(pieces, range, of: input, crew: crew, control)
      for (index, frame) in zip(range, frames) {
        try append(frame)
        entries.append(SeekTable.Entry(frame: frame, decompressedSize: UInt32(pieces[index].count)))
      }
    }
    try append(SeekTable.bytes(of: entries))
    return position
  }

  /// The frames of some of the pieces.
  private func compress(
    _ pieces: [ArchivePiece], _ range: Range<Int>, of input: InputFile, crew: Int, _ control: ArchiveControl
  ) throws(ArchiveError) -> [[UInt8]] {
    let frames = Mutex([[UInt8]](repeating: [], count: range.count))
    let shares = Shares(range)
    try Workers.forEach(count: min(crew, range.count), workers: crew) { _ throws(ArchiveError) in
      do throws(ArchiveError) {
        var encoder = try decoding(input.path) { () throws(ZstdError) in try ZstdFrameEncoder(level: level ?? 1) }
        var planeEncoder = try decoding(input.path) { () throws(ZstdError) in
          try ZstdFrameEncoder(level: level ?? 1, searches: level != nil)
        }
        let largest = pieces[range].reduce(0) { max($0, $1.count) }
        let content = IOBuffer(count: largest)
        let planes = IOBuffer(count: format == .bytePlanes ? largest : 0)
        while let index = shares.take() {
          try control.check(input.path)
          let piece = pieces[index]
          let part = unsafe UnsafeMutableRawBufferPointer(rebasing: content.bytes[..<piece.count])
          try reading(input.path) { () throws(IOError) in unsafe try input.read(into: part, at: piece.offset) }
          var source = UnsafeRawBufferPointer(part)
          let isSorted = format == .bytePlanes && piece.elementWidth > 1
          if isSorted, let from = source.baseAddress,
            let to = unsafe planes.bytes.baseAddress
          {
            unsafe lora_split_planes(from, piece.count, piece.elementWidth, to)
            unsafe source = UnsafeRawBufferPointer(rebasing: planes.bytes[..<piece.count])
          }
          let frame = try decoding(input.path) { () throws(ZstdError) in
            unsafe try isSorted ? planeEncoder.frame(source) : encoder.frame(source)
          }
          frames.withLock { $0[index - range.lowerBound] = frame }
          control.add(piece.count)
        }
      } catch {
        shares.giveUp()
        throw error
      }
    }
    return frames.withLock { $0 }
  }
}
