import Zstd

/// How the frames of an archive hold their content.
public enum ArchiveFormat: String, Sendable, CaseIterable {
  /// The zstd seekable format: every zstd tool restores the file.
  case zstd
  /// The same behind a signature of its own, with the bytes of the elements sorted by significance; smaller for
  /// floating-point numbers, and restored by this library only. docs/compression.md describes it.
  case bytePlanes = "byte-plane"

  /// What the name of a compressed file has after the original's.
  public var fileExtension: String {
    switch self {
    case .zstd: ".zst"
    case .bytePlanes: ".bpz"
    }
  }

  /// First bytes of a byte-plane file; like PNG's, they show damage by transfers that take it for text.
  public static let bytePlaneSignature: [UInt8] = [0x89, 0x42, 0x50, 0x5A, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Bytes in front of the first frame.
  var headBytes: UInt64 {
    switch self {
    case .zstd: 0
    case .bytePlanes: UInt64(Self.bytePlaneSignature.count)
    }
  }
}

/// The skippable frame at the start of a byte-plane file: one byte for each frame with content, the size of the
/// elements in it, then the checksum of these bytes, which nothing else covers.
enum WidthsFrame {
  /// Number of the skippable frame.
  private static let number: UInt32 = 0xD

  /// Bytes of the frame for so many frames with content.
  static func size(count: Int) -> Int { 8 + count + 4 }

  static func bytes(of widths: [UInt8]) -> [UInt8] {
    ZstdFrame.skippable(widths + checksum(widths), number: number)
  }

  /// The widths of a whole frame, or nil when it is another or damaged.
  static func widths(in frame: [UInt8]) -> [UInt8]? {
    guard let content = ZstdFrame.skippableContent(frame, number: number), content.count >= 4 else { return nil }
    let widths = Array(content.dropLast(4))
    return checksum(widths).elementsEqual(content.suffix(4)) ? widths : nil
  }

  private static func checksum(_ widths: [UInt8]) -> [UInt8] {
    let sum = ZstdFrame.checksum(widths)
    return [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: sum >> UInt32($0)) }
  }
}

/// A part of a file's content that is compressed by itself.
public struct ArchivePiece: Sendable, Equatable {
  /// First byte in the content.
  public var offset: UInt64
  /// Bytes of content, at most `limit`.
  public var count: Int
  /// Bytes of the numbers in it: 2, 4 or 8, or 1 for anything else; used by the byte-plane filter alone.
  public var elementWidth: Int

  /// Most bytes of content in a piece: memory for compressing and decompressing is counted in these.
  public static let limit = 16 << 20
  /// Bytes of content that pieces have as a rule.
  public static let usual = 4 << 20

  /// A piece of the content.
  public init(offset: UInt64, count: Int, elementWidth: Int = 1) {
    self.offset = offset
    self.count = count
    self.elementWidth = elementWidth
  }

  /// Pieces of the usual size that cover a file of unknown content.
  public static func covering(_ size: UInt64) -> [ArchivePiece] {
    stride(from: 0, to: size, by: usual).map { ArchivePiece(offset: $0, count: Int(min(UInt64(usual), size - $0))) }
  }
}
