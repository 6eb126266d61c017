import CZstd

/// The frame level of the zstd format (RFC 8878, section 3.1): what the first bytes of a frame say.
package enum ZstdFrame {
  /// First four bytes, read little-endian, of a frame with content.
  static let magic: UInt32 = 0xFD2F_B528
  /// The same of a skippable frame, whose lowest four bits are free.
  static let skippableMagic: UInt32 = 0x184D_2A50
  /// The smallest frame in bytes: a skippable one of a magic number and a size of zero; one with content takes 9.
  static let minimumBytes: UInt32 = 8

  /// Enough bytes of a file for `declaredSize(ofPrefix:)` to see the longest frame header.
  package static let prefixBytes = 18

  /// Whether a file that begins with these bytes is zstd: a frame with content or a skippable one.
  package static func isZstd(prefix: Span<UInt8>) -> Bool {
    guard prefix.count >= 4 else { return false }
    return isFrame(magic: littleEndian32(prefix, at: 0))
  }

  /// The content size in bytes that the first frame declares.
  ///
  /// Nil when the prefix is no zstd frame with content, is too short, or leaves the size open. The number is the
  /// file's claim about one frame: neither checked, nor the sum over the frames that may follow.
  package static func declaredSize(ofPrefix prefix: Span<UInt8>) -> UInt64? {
    guard prefix.count >= 4, littleEndian32(prefix, at: 0) == magic else { return nil }
    let size = unsafe prefix.withUnsafeBytes { unsafe ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
    // The two top values mean "not declared" and "not readable" (ZSTD_CONTENTSIZE_UNKNOWN and _ERROR).
    return size >= UInt64.max - 1 ? nil : size
  }

  static func isFrame(magic value: UInt32) -> Bool {
    value == magic || value & 0xFFFF_FFF0 == skippableMagic
  }

  /// Whether some frame's magic number begins with these bytes, at most four.
  static func canBeginFrame(_ bytes: [UInt8]) -> Bool {
    let known: [[UInt8]] = [[0x28, 0xB5, 0x2F, 0xFD], [0x50, 0x2A, 0x4D, 0x18]]
    return known.contains { magic in
      zip(bytes, magic).enumerated().allSatisfy { index, pair in
        pair.0 == pair.1 || (magic[0] == 0x50 && index == 0 && pair.0 & 0xF0 == 0x50)
      }
    }
  }

  /// `offset + 4` must be within `bytes`.
  static func littleEndian32(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
    var value: UInt32 = 0
    for index in 0..<4 { value |= UInt32(bytes[offset + index]) << UInt32(8 * index) }
    return value
  }
}
