import CBytePlanes
import Glibc
package import LoRAIO

extension ArchiveReader {
  /// Fills `buffer` with the content from `offset`, decoding straight into it where a frame lies in it as a whole.
  ///
  /// - Parameter workers: threads that decode; each takes one frame at a time.
  /// - Precondition: the content has that many bytes from `offset`.
  package func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64, workers: Int = 1,
    control: ArchiveControl = ArchiveControl()
  ) throws(ArchiveError) {
    let range = offset..<offset + UInt64(buffer.count)
    precondition(range.upperBound <= contentSize, "read beyond the content")
    // Threads write to disjoint parts.
    nonisolated(unsafe) let target = unsafe buffer
    try forEachFrame(in: frames(holding: range), workers: workers, control) { (bench, frame) throws(ArchiveError) in
      let wanted = max(frame.offset, range.lowerBound)..<min(frame.offset + UInt64(frame.count), range.upperBound)
      let start = Int(wanted.lowerBound - range.lowerBound)
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: target[start..<start + wanted.count])
      if wanted.count == frame.count { return unsafe try bench.decode(frame, into: part, streams: true) }
      let content = unsafe try bench.content(of: frame)
      let skipped = Int(wanted.lowerBound - frame.offset)
      unsafe part.copyMemory(from: UnsafeRawBufferPointer(rebasing: content[skipped..<skipped + wanted.count]))
    }
  }

  /// Some of the content; `count` must already be bounded by the caller.
  package func bytes(at offset: UInt64, count: Int, workers: Int = 1) throws(ArchiveError) -> [UInt8] {
    var failure: ArchiveError?
    let result = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(ArchiveError) {
        unsafe try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset, workers: workers)
        initialized = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return result
  }

  /// Writes the whole content from the start of `output`.
  package func write(to output: OutputFile, workers: Int = 1, control: ArchiveControl = ArchiveControl())
    throws(ArchiveError)
  {
    try forEachFrame(in: 0..<frames.count, workers: workers, control) { (bench, frame) throws(ArchiveError) in
      let content = unsafe try bench.content(of: frame)
      try reading(output.path) { () throws(IOError) in
        unsafe try output.write(UnsafeRawBufferPointer(content), at: frame.offset)
      }
    }
  }

  /// Compares the whole content with a file, byte for byte.
  ///
  /// - Throws: `.differs` at the first byte that differs in one of the frames, or where the shorter one ends.
  package func compare(with original: InputFile, workers: Int = 1, control: ArchiveControl = ArchiveControl())
    throws(ArchiveError)
  {
    guard original.size == contentSize else {
      throw ArchiveError(input.path, .differs(offset: min(original.size, contentSize)))
    }
    let path = input.path
    try forEachFrame(in: 0..<frames.count, workers: workers, control) { (bench, frame) throws(ArchiveError) in
      let content = unsafe try bench.content(of: frame)
      let expected = try reading(original.path) { () throws(IOError) in
        try original.bytes(at: frame.offset, count: frame.count)
      }
      guard let start = content.baseAddress, unsafe memcmp(expected, start, frame.count) != 0 else { return }
      let position = expected.indices.first { unsafe expected[$0] != content[$0] } ?? 0
      throw ArchiveError(path, .differs(offset: frame.offset + UInt64(position)))
    }
  }

  /// Runs `body` for some of the frames on several threads, each with memory of its own.
  private func forEachFrame(
    in positions: Range<Int>, workers: Int, _ control: ArchiveControl,
    _ body: @escaping @Sendable (inout DecodingScratch, Frame) throws(ArchiveError) -> Void
  ) throws(ArchiveError) {
    let shares = Shares(positions)
    let crew = min(max(workers, 1), positions.count)
    try Workers.forEach(count: crew, workers: crew) { _ throws(ArchiveError) in
      do throws(ArchiveError) {
        var bench = try DecodingScratch(self)
        while let position = shares.take() {
          try control.check(self.input.path)
          try body(&bench, self.frames[position])
          control.add(self.frames[position].count)
        }
      } catch {
        shares.giveUp()
        throw error
      }
    }
  }
}

/// What one thread needs to decode frames.
struct DecodingScratch: ~Copyable {
  private let archive: ArchiveReader
  private var decoder: ZstdFrameDecoder
  private var compressed = IOBuffer(count: 0)
  private var planes = IOBuffer(count: 0)
  private var restored = IOBuffer(count: 0)
  /// Seconds spent on reading compressed bytes so far.
  private(set) var readingSeconds = 0.0

  init(_ archive: ArchiveReader) throws(ArchiveError) {
    self.init(archive, try decoding(archive.input.path) { () throws(ZstdError) in try ZstdFrameDecoder() })
  }

  // An initializer that throws sets no field: where it had set some, Swift 6.2 would destroy the others, too.
  private init(_ archive: ArchiveReader, _ decoder: consuming ZstdFrameDecoder) {
    self.archive = archive
    self.decoder = decoder
  }

  /// The frame's content, in memory that the next call uses again.
  mutating func content(of frame: ArchiveReader.Frame) throws(ArchiveError) -> UnsafeMutableRawBufferPointer {
    Self.grow(&restored, to: frame.count)
    let buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: restored.bytes[..<frame.count])
    unsafe try decode(frame, into: buffer)
    return unsafe buffer
  }

  /// Decodes a frame into memory of just its size.
  ///
  /// - Parameter streams: whether sorted bytes pass the caches on their way there: they are not read soon.
  mutating func decode(
    _ frame: ArchiveReader.Frame, into output: UnsafeMutableRawBufferPointer, streams: Bool = false
  ) throws(ArchiveError) {
    let path = archive.input.path
    Self.grow(&compressed, to: frame.compressedSize)
    let source = unsafe UnsafeMutableRawBufferPointer(rebasing: compressed.bytes[..<frame.compressedSize])
    let start = CurrentProcess.monotonicSeconds
    try reading(path) { () throws(IOError) in
      unsafe try archive.input.read(into: source, at: frame.compressedOffset)
    }
    readingSeconds += CurrentProcess.monotonicSeconds - start
    let isSorted = frame.form.elementWidth > 1
    var target = unsafe output
    if isSorted {
      Self.grow(&planes, to: frame.storedSize)
      unsafe target = UnsafeMutableRawBufferPointer(rebasing: planes.bytes[..<frame.storedSize])
    }
    do throws(ZstdError) {
      unsafe try decoder.decode(
        UnsafeRawBufferPointer(source), into: target, checksum: frame.checksum, at: frame.compressedOffset)
    } catch {
      throw ArchiveError(path, .zstd(error))
    }
    guard isSorted, let from = target.baseAddress, let to = output.baseAddress else { return }
    let fits = unsafe lora_join_planes(
      Self.level, from, frame.storedSize, frame.count, frame.form.elementWidth, frame.form.isCoded, streams, to)
    guard fits else {
      throw ArchiveError(
        path,
        .malformed(
          "the codes of the byte-plane frame at byte \(frame.compressedOffset) do not fit the values behind them; "
            + "copy or download the file again"))
    }
  }

  /// The fastest way of this processor to put sorted bytes together.
  private static let level = lora_planes_levels() - 1

  private static func grow(_ buffer: inout IOBuffer, to count: Int) {
    if buffer.count < count { buffer = IOBuffer(count: count) }
  }
}
