import Glibc
import LoRAIO

/// Comparing bytes of files in pieces of bounded size.
enum FileComparison {
  private static let pieceBytes: UInt64 = 1 << 17
  /// Bytes of a buffer for two pieces.
  static let bufferBytes = 2 << 17

  /// Where, counted from the offsets, two runs of `count` bytes first differ; nil when they are equal.
  ///
  /// - Parameter buffers: where the memory for two pieces comes from.
  static func firstDifference(
    _ one: InputFile, _ offset: UInt64, _ other: InputFile, _ otherOffset: UInt64, count: UInt64,
    _ buffers: TileBuffers
  ) throws(IOError) -> UInt64? {
    let buffer = buffers.take(bufferBytes)
    defer { buffers.give(buffer) }
    var difference: UInt64?
    unsafe try buffer.with(bufferBytes) { memory throws(IOError) in
      var done: UInt64 = 0
      while done < count, difference == nil {
        let length = Int(min(pieceBytes, count - done))
        let left = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<length])
        let right = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[length..<2 * length])
        unsafe try one.read(into: left, at: offset + done)
        unsafe try other.read(into: right, at: otherOffset + done)
        if let position = unsafe firstDifference(left, right) { difference = done + UInt64(position) }
        done += UInt64(length)
      }
    }
    return difference
  }

  /// The position at which two equally long pieces first differ.
  private static func firstDifference(_ one: UnsafeMutableRawBufferPointer, _ other: UnsafeMutableRawBufferPointer)
    -> Int?
  {
    guard let left = one.baseAddress, let right = other.baseAddress, unsafe memcmp(left, right, one.count) != 0 else {
      return nil
    }
    return one.indices.first { unsafe one[$0] != other[$0] }
  }
}
