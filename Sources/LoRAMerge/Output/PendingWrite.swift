import LoRAIO
import Safetensors

/// Bytes of a shard that are ready to be written.
struct PendingWrite: Sendable {
  /// Where the bytes are.
  enum Contents: Sendable {
    /// In memory.
    case bytes([UInt8])
    /// In an input, from which the kernel copies them.
    case source(TensorSource)
    /// In a tile: `count` bytes from `start` on, computed a moment ago.
    case tile(TileBuffers.Buffer, start: Int)
    /// Not known before everything else is written.
    case none
  }

  /// Where the bytes are.
  var contents: Contents
  /// Number of bytes.
  var count: Int
  /// Where in the shard they go.
  var offset: UInt64

  /// Writes the part; a tile's buffer is given back.
  func write(to file: OutputFile, from sources: [SafetensorsFile], _ buffers: TileBuffers) throws(IOError) {
    switch contents {
    case .bytes(let bytes): try file.write(bytes, at: offset)
    case .source(let source):
      try file.copy(from: sources[source.source].contents.file, at: source.offset, count: source.count, to: offset)
    case .tile(let buffer, let start):
      unsafe try buffer.with(start + count) { memory throws(IOError) in
        unsafe try file.write(UnsafeRawBufferPointer(rebasing: memory[start...]), at: offset)
      }
      buffers.give(buffer)
    case .none: break
    }
  }
}
