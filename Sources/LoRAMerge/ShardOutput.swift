import LoRAIO
import Synchronization

/// A shard of the output while several threads write it: created by the first, flushed to the device after the last.
final class ShardOutput: Sendable {
  private struct State {
    var file: OutputFile?
    /// Why the file could not be had; the next thread must not try again and report that it exists.
    var failure: IOError?
    var remaining: Int
  }

  private let shard: OutputShard
  private let path: String
  private let state: Mutex<State>

  /// A shard that `items` pieces of work belong to.
  init(_ shard: OutputShard, items: Int, path: String) {
    self.shard = shard
    self.path = path
    state = Mutex(State(file: nil, remaining: items))
  }

  /// The file, created in its full size on first use.
  func file() throws(IOError) -> OutputFile {
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

  /// Counts one piece of work as done; after the last one `close` writes what is still missing, the file goes to the
  /// device, and the answer is true.
  func finishItem(_ close: (OutputFile) throws(IOError) -> Void) throws(IOError) -> Bool {
    let complete = state.withLock { state -> OutputFile? in
      state.remaining -= 1
      guard state.remaining == 0 else { return nil }
      defer { state.file = nil }
      return state.file
    }
    guard let complete else { return false }
    try close(complete)
    try complete.synchronize()
    return true
  }
}
