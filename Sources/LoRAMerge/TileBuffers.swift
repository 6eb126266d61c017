import LoRAIO
import Synchronization

/// Memory for tiles, used again by the next tile instead of being returned to the system.
final class TileBuffers: Sendable {
  /// One buffer; the lock is never waited for, because a buffer in use is in no list.
  private final class Buffer: Sendable {
    let memory: Mutex<IOBuffer>
    let count: Int

    init(count: Int) {
      self.count = count
      memory = Mutex(IOBuffer(count: count))
    }
  }

  private let size: Int
  private let free = Mutex<[Buffer]>([])

  /// Buffers of `size` bytes.
  init(size: Int) { self.size = size }

  /// Runs `body` with `count` bytes of memory, which hold anything.
  func with(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(IOError) -> Void) throws(IOError) {
    // A matrix whose single row is larger than a tile gets memory of its own.
    let isOversized = count > size
    let buffer = isOversized ? Buffer(count: count) : free.withLock { $0.popLast() } ?? Buffer(count: size)
    defer { if !isOversized { free.withLock { $0.append(buffer) } } }
    try buffer.memory.withLock { memory throws(IOError) in
      unsafe try body(UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<count]))
    }
  }
}
