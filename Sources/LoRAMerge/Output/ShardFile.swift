import LoRAIO
import Safetensors
import Synchronization

/// A shard of the output to which several threads contribute: created by the first, flushed to the device after the
/// last.
///
/// A file admits one writer at a time, and threads that wait for each other in the kernel cost more than the writing.
/// So a part that is ready is put in a line, and one thread writes whatever is in it while the others compute.
final class ShardFile: Sendable {
  private struct State {
    var file: OutputFile?
    /// Why the file could not be had; the next thread must not try again and report that it exists.
    var failure: IOError?
    /// Parts that are not yet written.
    var remaining: Int
    /// Those of them that are ready, in the order in which they became so.
    var ready: [PendingWrite] = []
  }

  /// What happened when a thread came to write.
  private enum Turn {
    /// The line was empty at last.
    case empty
    /// So much was written that the device should begin with it.
    case flushDue
    /// Everything is written and on the device.
    case complete
  }

  /// Parts that may be in line before a thread waits for its turn instead of computing more.
  private static let mostReady = 4
  /// Bytes after which the device is told to begin.
  private static let flushBytes = 32 << 20

  private let shard: ShardPlan
  private let path: String
  private let state: Mutex<State>
  /// Held by the thread that writes: bytes since the device was last told to begin.
  private let unflushed = Mutex(0)

  /// A shard of `parts` parts.
  init(_ shard: ShardPlan, parts: Int, path: String) {
    self.shard = shard
    self.path = path
    state = Mutex(State(file: nil, remaining: parts))
  }

  /// Puts a part in line, and writes what is in line unless another thread does.
  ///
  /// - Parameters:
  ///   - write: writes a part.
  ///   - close: called after the last part, to write what is still missing.
  /// - Returns: whether the shard is now complete and on the device.
  func add(
    _ part: PendingWrite, write: (PendingWrite, OutputFile) throws(IOError) -> Void,
    close: (OutputFile) throws(IOError) -> Void
  ) throws(IOError) -> Bool {
    let ready = state.withLock { state in
      state.ready.append(part)
      return state.ready.count
    }
    var turn: Turn? = .empty
    if ready > Self.mostReady {
      turn = try unflushed.withLock { unflushed throws(IOError) in try writeReady(&unflushed, write, close) }
    }
    while turn == .flushDue || (turn == .empty && state.withLock { !$0.ready.isEmpty }) {
      if turn == .flushDue { state.withLock { $0.file }?.startFlush() }
      // Who has the turn now looks at the line once more after it, so nothing is left behind.
      turn = try unflushed.withLockIfAvailable { unflushed throws(IOError) in try writeReady(&unflushed, write, close) }
    }
    return turn == .complete
  }

  /// Writes parts until none is ready.
  private func writeReady(
    _ unflushed: inout Int, _ write: (PendingWrite, OutputFile) throws(IOError) -> Void,
    _ close: (OutputFile) throws(IOError) -> Void
  ) throws(IOError) -> Turn {
    while let part = state.withLock({ $0.ready.isEmpty ? nil : $0.ready.removeFirst() }) {
      let file = try file()
      try write(part, file)
      let isLast = state.withLock { state in
        state.remaining -= 1
        return state.remaining == 0
      }
      if isLast {
        try close(file)
        try file.synchronize()
        state.withLock { $0.file = nil }
        return .complete
      }
      unflushed += part.count
      if unflushed >= Self.flushBytes {
        unflushed = 0
        return .flushDue
      }
    }
    return .empty
  }

  /// The file, created in its full size on first use.
  private func file() throws(IOError) -> OutputFile {
    try state.withLock { state throws(IOError) in
      if let file = state.file { return file }
      if let failure = state.failure { throw failure }
      do throws(IOError) {
        let file = try OutputFile(creating: path)
        try file.resize(to: shard.size)
        state.file = file
        return file
      } catch {
        state.failure = error
        throw error
      }
    }
  }
}
