import LoRAIO

/// Comparing bytes of files in pieces of bounded size.
enum FileComparison {
  private static let pieceBytes: UInt64 = 1 << 20

  /// Where, counted from the offsets, two runs of `count` bytes first differ; nil when they are equal.
  static func firstDifference(
    _ one: InputFile, _ offset: UInt64, _ other: InputFile, _ otherOffset: UInt64, count: UInt64
  ) throws(IOError) -> UInt64? {
    var done: UInt64 = 0
    while done < count {
      let length = Int(min(pieceBytes, count - done))
      let left = try one.bytes(at: offset + done, count: length)
      let right = try other.bytes(at: otherOffset + done, count: length)
      if left != right {
        let position = zip(left, right).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? 0
        return done + UInt64(position)
      }
      done += UInt64(length)
    }
    return nil
  }
}
