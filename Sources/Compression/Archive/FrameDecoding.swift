import LoRAIO
import Synchronization

/// The frames of an archive, decoded one by one in any order and by any number of threads.
///
/// Memory for decoding is a frame's content and compressed bytes for each thread that decodes at the same time; it is
/// used again and goes with this object.
package final class FrameDecoding: Sendable {
  /// The archive.
  package let archive: ArchiveReader
  private let benches = Mutex<[Bench]>([])

  /// A bench in a place that can be kept in an array.
  private final class Bench: @unchecked Sendable {
    var bench: DecodingScratch
    init(_ archive: ArchiveReader) throws(ArchiveError) { bench = try DecodingScratch(archive) }
  }

  /// Decoding of an archive's frames.
  package init(_ archive: ArchiveReader) { self.archive = archive }

  /// The content bytes that each frame holds, ascending and without gaps.
  package var ranges: [Range<UInt64>] { archive.frames.map { $0.offset..<$0.offset + UInt64($0.count) } }

  /// Fills `output` with a part of one frame's content, straight into it when that is all of the frame.
  ///
  /// - Parameters:
  ///   - part: bytes of the archive's content inside `ranges[frame]`; `output` has their size.
  /// - Returns: seconds of reading the compressed bytes and of decoding them.
  @discardableResult package func decode(
    _ frame: Int, _ part: Range<UInt64>, into output: UnsafeMutableRawBufferPointer
  ) throws(ArchiveError) -> (reading: Double, decoding: Double) {
    let frame = archive.frames[frame]
    precondition(
      part.lowerBound >= frame.offset && part.upperBound <= frame.offset + UInt64(frame.count)
        && output.count == part.count, "the part lies outside of the frame")
    let free = benches.withLock { $0.popLast() }
    let own: Bench
    if let free { own = free } else { own = try Bench(archive) }
    defer { benches.withLock { $0.append(own) } }
    let start = CurrentProcess.monotonicSeconds
    let before = own.bench.readingSeconds
    if part.count == frame.count {
      unsafe try own.bench.decode(frame, into: output)
    } else {
      let content = unsafe try own.bench.content(of: frame)
      let skipped = Int(part.lowerBound - frame.offset)
      unsafe output.copyMemory(from: UnsafeRawBufferPointer(rebasing: content[skipped..<skipped + part.count]))
    }
    let reading = own.bench.readingSeconds - before
    return (reading, CurrentProcess.monotonicSeconds - start - reading)
  }
}
