import CBytePlanes
package import LoRAIO
import Synchronization

/// Compresses a file piece by piece, several pieces at a time, into a format that is read the same way.
///
/// The result depends on the pieces, format and level alone, not on the number of threads. Memory: a few pieces for
/// each thread.
package struct ArchiveWriter: Sendable {
  /// How the pieces are held.
  package var format = ArchiveFormat.zstd
  /// Level of compression, of `ZstdFrameEncoder.levels`; nil is level 1, and in byte-plane files no search at all for
  /// the pieces whose bytes are sorted: that makes numbers smaller and faster both ways.
  package var level: Int?
  /// Threads that work.
  package var workers = 1

  /// Pieces that a thread compresses between two times that all wait for each other.
  private static let piecesPerWorker = 4

  /// A writer of seekable zstd.
  package init() {}

  /// Compresses `input`, whose content the pieces cover in order, and writes the archive from the start of `output`.
  ///
  /// - Returns: the bytes written.
  package func write(
    _ pieces: [ArchivePiece], of input: InputFile, to output: OutputFile, control: ArchiveControl = ArchiveControl()
  ) throws(ArchiveError) -> UInt64 {
    var entries: [SeekTable.Entry] = []
    entries.reserveCapacity(pieces.count + 1)
    var position: UInt64 = 0
    func append(_ bytes: [UInt8]) throws(ArchiveError) {
      try reading(output.path) { () throws(IOError) in try output.write(bytes, at: position) }
      position += UInt64(bytes.count)
    }
    let listBytes = format == .bytePlanes ? FrameList.size(count: pieces.count) : 0
    if format == .bytePlanes {
      // The list follows when all forms are known.
      position = format.headBytes + UInt64(listBytes)
      entries.append(SeekTable.Entry(skippable: UInt32(listBytes)))
    }
    var forms: [FrameForm] = []
    let crew = max(1, workers)
    let round = crew * Self.piecesPerWorker
    for start in stride(from: 0, to: pieces.count, by: round) {
      let range = start..<min(start + round, pieces.count)
      for frame in try compress(pieces, range, of: input, crew: crew, control) {
        try append(frame.bytes)
        entries.append(SeekTable.Entry(frame: frame.bytes, decompressedSize: UInt32(frame.storedSize)))
        forms.append(frame.form)
      }
    }
    try append(SeekTable.bytes(of: entries))
    if format == .bytePlanes {
      let head = ArchiveFormat.bytePlaneSignature + FrameList.bytes(of: forms)
      try reading(output.path) { () throws(IOError) in try output.write(head, at: 0) }
    }
    return position
  }

  /// A piece on its way into the file.
  private struct CompressedPiece: Sendable {
    var bytes: [UInt8] = []
    /// Bytes that the frame decodes to.
    var storedSize = 0
    var form = FrameForm(count: 0)
  }

  /// The frames of some of the pieces.
  private func compress(
    _ pieces: [ArchivePiece], _ range: Range<Int>, of input: InputFile, crew: Int, _ control: ArchiveControl
  ) throws(ArchiveError) -> [CompressedPiece] {
    let frames = Mutex([CompressedPiece](repeating: CompressedPiece(), count: range.count))
    let shares = Shares(range)
    try Workers.forEach(count: min(crew, range.count), workers: crew) { _ throws(ArchiveError) in
      do throws(ArchiveError) {
        var bench = try EncodingBench(self, input, largest: pieces[range].reduce(0) { max($0, $1.count) })
        while let index = shares.take() {
          try control.check(input.path)
          let frame = try bench.frame(pieces[index])
          frames.withLock { $0[index - range.lowerBound] = frame }
          control.add(pieces[index].count)
        }
      } catch {
        shares.giveUp()
        throw error
      }
    }
    return frames.withLock { $0 }
  }

  /// What one thread needs to compress pieces.
  private struct EncodingBench: ~Copyable {
    private let format: ArchiveFormat
    private let input: InputFile
    private var encoder: ZstdFrameEncoder
    private var planeEncoder: ZstdFrameEncoder
    private let content: IOBuffer
    private let planes: IOBuffer

    init(_ writer: ArchiveWriter, _ input: InputFile, largest: Int) throws(ArchiveError) {
      let level = writer.level
      let plain = try decoding(input.path) { () throws(ZstdError) in try ZstdFrameEncoder(level: level ?? 1) }
      let sorted = try decoding(input.path) { () throws(ZstdError) in
        try ZstdFrameEncoder(level: level ?? 1, searches: level != nil)
      }
      (format, self.input) = (writer.format, input)
      encoder = plain
      planeEncoder = sorted
      content = IOBuffer(count: largest)
      planes = IOBuffer(count: format == .bytePlanes ? largest : 0)
    }

    mutating func frame(_ piece: ArchivePiece) throws(ArchiveError) -> CompressedPiece {
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: content.bytes[..<piece.count])
      try reading(input.path) { () throws(IOError) in unsafe try input.read(into: part, at: piece.offset) }
      let width = piece.elementWidth
      var result = CompressedPiece(storedSize: piece.count, form: FrameForm(count: piece.count))
      do throws(ZstdError) {
        guard format == .bytePlanes, width > 1, let from = part.baseAddress, let to = unsafe planes.bytes.baseAddress
        else {
          result.bytes = try unsafe encoder.frame(UnsafeRawBufferPointer(part))
          return result
        }
        result.form.elementWidth = width
        result.storedSize = unsafe lora_split_planes(from, piece.count, width, to, &result.form.isCoded)
        // Planes differ in what they hold, so every one begins a block of its own.
        let elements = piece.count / width
        var cuts = (1..<width).map { $0 * elements }
        if result.form.isCoded { cuts.append((width - 1) * elements + (elements + 1) / 2) }
        result.bytes = try unsafe planeEncoder.frame(
          UnsafeRawBufferPointer(rebasing: planes.bytes[..<result.storedSize]), cuts: cuts)
        return result
      } catch { throw ArchiveError(input.path, .zstd(error)) }
    }
  }
}
