import Compression
import LoRATestSupport

/// Bytes as a zstd stream, read a part at a time, and as the tail of a seekable file.
struct ZstdTarget: FuzzTarget {
  let name = "zstd"
  private static let most = 1 << 20

  func seeds() -> [[UInt8]] {
    let text = Array(String(repeating: "lora_A.weight ", count: 40).utf8)
    let frame = Self.frame(text)
    let table = SeekTable.bytes(of: [SeekTable.Entry(frame: frame, decompressedSize: UInt32(text.count))])
    return [frame, frame + frame, frame + table, ZstdFrame.skippable([1, 2, 3], number: 4) + frame]
  }

  static func frame(_ content: [UInt8]) -> [UInt8] {
    guard var encoder = try? ZstdFrameEncoder(level: 3) else { return [] }
    return unsafe content.withUnsafeBytes { unsafe (try? encoder.frame($0)) ?? [] }
  }

  func mutate(_ input: inout [UInt8], _ random: inout SeededGenerator) { ByteMutation.mutate(&input, &random) }

  func run(_ input: [UInt8]) throws(Violation) {
    let whole = Self.decoded(input, part: 1 << 16)
    let pieces = Self.decoded(input, part: 7)
    try Violation.unless(whole == pieces, "the content depends on the parts in which it is asked for")
    try Violation.unless(Self.decoded(Self.frame(input), part: 4096) == input, "a frame does not give back its content")
    checkTable(input)
  }

  /// The content, at most `most` bytes of it; nil when the stream is at fault.
  private static func decoded(_ input: [UInt8], part: Int) -> [UInt8]? {
    guard var decoder = try? ZstdDecoder(maximumWindowLog: 22) else { return nil }
    var content: [UInt8] = []
    var offset = 0
    var buffer = [UInt8](repeating: 0, count: part)
    while content.count < most {
      let count = unsafe buffer.withUnsafeMutableBytes { output in
        unsafe try? decoder.read(into: output) { (target: UnsafeMutableRawBufferPointer) throws(Never) in
          let count = min(target.count, input.count - offset, 61)
          unsafe target.copyBytes(from: input[offset..<offset + count])
          offset += count
          return count
        }
      }
      guard let count else { return nil }
      content += buffer[..<count]
      if count < part { return content }
    }
    return Array(content.prefix(most))
  }

  private func checkTable(_ input: [UInt8]) {
    let size = UInt64(input.count)
    guard let length = try? SeekTable.byteCount(footer: input.span, fileSize: size, frameLimit: 1 << 12) else { return }
    let tail = Array(input.suffix(Int(length)))
    guard let table = try? SeekTable(tail: tail.span, fileSize: size) else { return }
    _ = (
      table.frameIndex(holding: 0), table.frameIndex(holding: .max), table.frameIndex(holding: table.decompressedSize)
    )
  }
}
