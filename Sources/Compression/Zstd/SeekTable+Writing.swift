extension SeekTable {
  /// What a writer knows of a frame that it has written.
  package struct Entry: Sendable, Equatable {
    /// Bytes of the frame in the file.
    package var compressedSize: UInt32
    /// Bytes of its content, at most `SeekTable.maximumFrameContent`.
    package var decompressedSize: UInt32
    /// Low 32 bits of the content's XXH64 (seed 0).
    package var checksum: UInt32

    /// The entry of a frame as the encoder gave it, whose last bytes are its checksum.
    package init(frame: [UInt8], decompressedSize: UInt32) {
      compressedSize = UInt32(frame.count)
      self.decompressedSize = decompressedSize
      checksum = ZstdFrame.littleEndian32(frame.span, at: frame.count - ZstdFrameEncoder.checksumBytes)
    }

    /// The entry of a skippable frame of `size` bytes.
    package init(skippable size: UInt32) {
      compressedSize = size
      decompressedSize = 0
      checksum = SeekTable.checksumOfNothing
    }
  }

  /// The skippable frame that ends a seekable file with these frames, at most 2²⁷ of them.
  package static func bytes(of entries: [Entry]) -> [UInt8] {
    let size = entries.count * 12 + footerBytes
    var result: [UInt8] = []
    result.reserveCapacity(8 + size)
    append(frameMagic, to: &result)
    append(UInt32(size), to: &result)
    for entry in entries {
      append(entry.compressedSize, to: &result)
      append(entry.decompressedSize, to: &result)
      append(entry.checksum, to: &result)
    }
    append(UInt32(entries.count), to: &result)
    // Bit 7: the entries have checksums.
    result.append(0b1000_0000)
    append(footerMagic, to: &result)
    return result
  }

  private static func append(_ value: UInt32, to bytes: inout [UInt8]) {
    for shift: UInt32 in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }
}

extension ZstdFrame {
  /// The checksum of the zstd formats: the low 32 bits of XXH64 with seed 0.
  package static func checksum(_ bytes: [UInt8]) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe UInt32(truncatingIfNeeded: XXH64.hash($0)) }
  }

  /// A skippable frame around some bytes, with a number of 0...15 that says what they are to those who know.
  package static func skippable(_ content: [UInt8], number: UInt32) -> [UInt8] {
    var result: [UInt8] = []
    for value in [skippableMagic | number & 0xF, UInt32(content.count)] {
      for shift: UInt32 in [0, 8, 16, 24] { result.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
    return result + content
  }

  /// The content of bytes that are one whole skippable frame of this number, or nil.
  package static func skippableContent(_ bytes: [UInt8], number: UInt32) -> [UInt8]? {
    guard bytes.count >= 8, littleEndian32(bytes.span, at: 0) == skippableMagic | number & 0xF,
      UInt64(littleEndian32(bytes.span, at: 4)) == UInt64(bytes.count - 8)
    else { return nil }
    return Array(bytes[8...])
  }
}
