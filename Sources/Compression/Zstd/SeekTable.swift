/// The seek table at the end of a file in the zstd seekable format, version 0.1.0.
///
/// Such a file is a row of independent frames, then one skippable frame with an entry per frame. All integers are
/// little-endian: magic u32, size u32 of the rest; per frame compressed size u32, decompressed size u32 and, when bit 7
/// of the descriptor is set, a checksum u32; then frame count u32, descriptor u8, footer magic u32.
/// Source: contrib/seekable_format/zstd_seekable_compression_format.md in the zstd repository.
///
/// The table is a claim. It is taken only when it agrees with itself and with the size of the file; whether a frame
/// really decodes to its entry's size shows when it is decoded. A refused table costs nothing but random access: the
/// file still decodes from front to back.
public struct SeekTable: Sendable, Equatable {
  /// One frame, with its place in the file and in the content, in bytes.
  public struct Frame: Sendable, Equatable {
    /// Where the frame begins in the file.
    public let compressedOffset: UInt64
    /// Bytes of the frame in the file, its header included.
    public let compressedSize: UInt32
    /// Where its content begins in the decompressed file.
    public let decompressedOffset: UInt64
    /// Bytes of content; zero for a skippable frame, at most `SeekTable.maximumFrameContent`.
    public let decompressedSize: UInt32
    /// Low 32 bits of the content's XXH64 (seed 0), when the table has checksums.
    public let checksum: UInt32?
  }

  /// Why the end of a file is no usable seek table; sizes are in bytes.
  public enum Invalid: Error, Equatable, Sendable {
    /// One of the reserved descriptor bits is set, so a later version may mean something else by the entries.
    case reservedBits(descriptor: UInt8)
    /// More frames than the reader agreed to hold.
    case tooManyFrames(count: UInt32, limit: UInt32)
    /// The table would begin before the file does, or the given bytes are not the whole table.
    case wrongLength(expected: UInt64, found: UInt64)
    /// The skippable frame around the table has another magic number.
    case wrongMagic(expected: UInt32, found: UInt32)
    /// The skippable frame states another size for itself than its frame count gives.
    case wrongFrameSize(expected: UInt32, found: UInt32)
    /// An entry smaller than any frame.
    case frameTooSmall(index: Int, compressedSize: UInt32)
    /// An entry without content whose checksum is not that of nothing: one of the two is damaged.
    case frameNotEmpty(index: Int)
    /// An entry with more content than the format allows.
    case frameTooLarge(index: Int, decompressedSize: UInt32)
    /// The entries' compressed sizes do not add up to where the table begins.
    case wrongTotal(expected: UInt64, found: UInt64)
  }

  /// Bytes of the footer, the last of the file.
  public static let footerBytes = 9
  /// Most content in one frame: 1 GiB, the format's own limit.
  public static let maximumFrameContent: UInt32 = 0x4000_0000
  /// Frames that a reader holds unless told otherwise: 2²⁰, about 32 MiB of memory; the format itself ends at 2²⁷.
  public static let defaultFrameLimit: UInt32 = 1 << 20

  /// The frames in file order.
  public let frames: [Frame]
  /// Bytes of the whole content.
  public let decompressedSize: UInt64
  /// Bytes of the table in the file, its skippable frame included.
  public let byteCount: UInt64

  /// The low half of the XXH64 of nothing.
  static let checksumOfNothing: UInt32 = 0x51D8_E999
  static let frameMagic = ZstdFrame.skippableMagic | 0xE
  static let footerMagic: UInt32 = 0x8F92_EAB1
  fileprivate static let headerBytes: UInt64 = 8

  fileprivate struct Footer {
    let frameCount: UInt32
    let hasChecksums: Bool
    var entryBytes: Int { hasChecksums ? 12 : 8 }
    var tableBytes: UInt64 { headerBytes + UInt64(frameCount) * UInt64(entryBytes) + UInt64(footerBytes) }
  }

  /// How many bytes at the end of the file to read for `init(tail:fileSize:frameLimit:)`.
  ///
  /// - Parameters:
  ///   - footer: the last `footerBytes` bytes of the file, or more of its end.
  ///   - fileSize: bytes of the whole file.
  /// - Returns: nil when the file has no seek table, as most zstd files do not.
  public static func byteCount(
    footer: Span<UInt8>, fileSize: UInt64, frameLimit: UInt32 = defaultFrameLimit
  ) throws(Invalid) -> UInt64? {
    guard let footer = try Footer(endOf: footer, frameLimit: frameLimit) else { return nil }
    guard footer.tableBytes <= fileSize else {
      throw .wrongLength(expected: footer.tableBytes, found: fileSize)
    }
    return footer.tableBytes
  }

  /// Reads and checks the table.
  ///
  /// - Parameters:
  ///   - tail: the last bytes of the file: at least `byteCount(footer:fileSize:)` of them.
  ///   - fileSize: bytes of the whole file.
  /// - Returns: nil when the file has no seek table.
  public init?(tail: Span<UInt8>, fileSize: UInt64, frameLimit: UInt32 = defaultFrameLimit) throws(Invalid) {
    guard let footer = try Footer(endOf: tail, frameLimit: frameLimit) else { return nil }
    let tableBytes = footer.tableBytes
    guard tableBytes <= fileSize, tableBytes <= UInt64(tail.count) else {
      throw .wrongLength(expected: tableBytes, found: min(fileSize, UInt64(tail.count)))
    }
    let start = tail.count - Int(tableBytes)
    let magic = ZstdFrame.littleEndian32(tail, at: start)
    guard magic == Self.frameMagic else { throw .wrongMagic(expected: Self.frameMagic, found: magic) }
    // Fits: the frame limit is at most 2²⁷, so a table has at most 1.5 GiB.
    let expectedSize = UInt32(tableBytes - Self.headerBytes)
    let statedSize = ZstdFrame.littleEndian32(tail, at: start + 4)
    guard statedSize == expectedSize else { throw .wrongFrameSize(expected: expectedSize, found: statedSize) }

    // The sums stay below 2²⁷ · 2³², so they cannot overflow.
    var compressed: UInt64 = 0
    var decompressed: UInt64 = 0
    var frames: [Frame] = []
    frames.reserveCapacity(Int(footer.frameCount))
    for index in 0..<Int(footer.frameCount) {
      let entry = start + Int(Self.headerBytes) + index * footer.entryBytes
      let frame = Frame(
        compressedOffset: compressed,
        compressedSize: ZstdFrame.littleEndian32(tail, at: entry),
        decompressedOffset: decompressed,
        decompressedSize: ZstdFrame.littleEndian32(tail, at: entry + 4),
        checksum: footer.hasChecksums ? ZstdFrame.littleEndian32(tail, at: entry + 8) : nil)
      guard frame.compressedSize >= ZstdFrame.minimumBytes else {
        throw .frameTooSmall(index: index, compressedSize: frame.compressedSize)
      }
      guard frame.decompressedSize > 0 || (frame.checksum ?? Self.checksumOfNothing) == Self.checksumOfNothing else {
        throw .frameNotEmpty(index: index)
      }
      guard frame.decompressedSize <= Self.maximumFrameContent else {
        throw .frameTooLarge(index: index, decompressedSize: frame.decompressedSize)
      }
      compressed += UInt64(frame.compressedSize)
      decompressed += UInt64(frame.decompressedSize)
      frames.append(frame)
    }
    guard compressed == fileSize - tableBytes else {
      throw .wrongTotal(expected: fileSize - tableBytes, found: compressed)
    }
    self.frames = frames
    self.decompressedSize = decompressed
    self.byteCount = tableBytes
  }

  /// The index of the frame that holds the content byte at `offset`, or nil past the end.
  public func frameIndex(holding offset: UInt64) -> Int? {
    guard offset < decompressedSize else { return nil }
    // The last frame that begins at or before the offset; empty frames before it begin there too.
    var low = 0
    var high = frames.count
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if frames[middle].decompressedOffset <= offset { low = middle } else { high = middle }
    }
    return low
  }
}

extension SeekTable.Footer {
  /// Nil when the bytes do not end with the footer's magic number.
  fileprivate init?(endOf tail: Span<UInt8>, frameLimit: UInt32) throws(SeekTable.Invalid) {
    let start = tail.count - SeekTable.footerBytes
    guard start >= 0, ZstdFrame.littleEndian32(tail, at: start + 5) == SeekTable.footerMagic else { return nil }
    let descriptor = tail[start + 4]
    guard descriptor & 0b0111_1100 == 0 else { throw .reservedBits(descriptor: descriptor) }
    frameCount = ZstdFrame.littleEndian32(tail, at: start)
    hasChecksums = descriptor & 0b1000_0000 != 0
    let limit = min(frameLimit, 1 << 27)
    guard frameCount <= limit else { throw .tooManyFrames(count: frameCount, limit: limit) }
  }
}
