import LoRAIO
import Synchronization

/// A file that several threads write job by job.
///
/// The thread that finishes it waits for the device, while others go on.
final class SharedOutput: Sendable {
  let file: OutputFile
  private let jobsLeft: Atomic<Int>
  private let bytes = Atomic<UInt64>(0)

  /// Bytes after which the device is told to begin with what was written.
  private static let flushedBytes: UInt64 = 4 << 20

  init(_ file: OutputFile, jobs: Int) {
    self.file = file
    jobsLeft = Atomic(jobs)
  }

  /// Tells that bytes were written, so that the device works while others are computed.
  func note(_ count: UInt64) {
    let before = bytes.wrappingAdd(count, ordering: .relaxed).oldValue
    if before / Self.flushedBytes != (before &+ count) / Self.flushedBytes { file.startFlush() }
  }

  /// Tells that a job is done; after the last one everything is on the device.
  func finishJob() throws(IOError) {
    if jobsLeft.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 { try file.synchronize() }
  }
}
