import LoRAIO
import Synchronization

/// Memory for tiles, used again by the next tile instead of being returned to the system.
final class TileBuffers: Sendable {
  /// One buffer; the lock is never waited for, because the thread that took the buffer is alone with it.
  final class Buffer: Sendable {
    fileprivate let memory: Mutex<IOBuffer>

    fileprivate init(count: Int) { memory = Mutex(IOBuffer(count: count)) }

    /// Runs `body` with the first `count` bytes, which hold anything.
    func with(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(IOError) -> Void) throws(IOError) {
      try memory.withLock { memory throws(IOError) in
        unsafe try body(UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<count]))
      }
    }
  }

  private let size: Int
  private let free = Mutex<[Buffer]>([])

  /// Buffers of `size` bytes.
  init(size: Int) { self.size = size }

  /// A buffer of at least `count` bytes, to be given back when it has been written.
  func take(_ count: Int) -> Buffer {
    // A matrix whose single row is larger than a tile gets memory of its own.
    count > size ? Buffer(count: count) : free.withLock { $0.popLast() } ?? Buffer(count: size)
  }

  /// Takes a buffer back.
  func give(_ buffer: Buffer) {
    guard buffer.memory.withLock({ $0.count }) == size else { return }
    free.withLock { $0.append(buffer) }
  }
}
