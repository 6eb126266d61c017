import CBytePlanes

/// How the frames of an archive hold their content.
public enum ArchiveFormat: String, Sendable, CaseIterable {
  /// The zstd seekable format: every zstd tool restores the file.
  case zstd
  /// The same behind a signature of its own, with the bytes of the elements sorted by significance and their exponents
  /// as codes; smaller for floating-point numbers, and restored by this library only. docs/compression.md describes it.
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

/// How one frame of a byte-plane file holds its content.
struct FrameForm: Sendable, Equatable {
  /// Bytes of content.
  var count: Int
  /// Bytes of the elements: 2, 4 or 8 where they are sorted, 1 where they are as they were.
  var elementWidth = 1
  /// Whether the elements' top bytes are codes.
  var isCoded = false

  /// Whether a frame of this form can hold as many bytes as its entry in the seek table says.
  func canBeStored(in bytes: Int) -> Bool {
    guard elementWidth > 1 else { return bytes == count && !isCoded }
    let least = lora_planes_least(count, elementWidth, isCoded)
    return isCoded ? (least...max(least, count)).contains(bytes) : bytes == count
  }
}

/// The skippable frame at the start of a byte-plane file: the version of the format, for each frame with content its
/// form in five bytes, then the checksum of all this, which nothing else covers.
enum FrameList {
  /// Number of the skippable frame.
  private static let number: UInt32 = 0xD
  /// What this library writes and reads.
  static let version: UInt8 = 2
  private static let formBytes = 5
  private static let coded: UInt8 = 0x80

  /// Bytes of the frame for so many frames with content.
  static func size(count: Int) -> Int { 8 + 1 + formBytes * count + 4 }

  static func bytes(of forms: [FrameForm]) -> [UInt8] {
    var content = [version]
    for form in forms {
      content += littleEndian(UInt32(form.count)) + [UInt8(form.elementWidth) | (form.isCoded ? coded : 0)]
    }
    return ZstdFrame.skippable(content + littleEndian(ZstdFrame.checksum(content)), number: number)
  }

  /// The forms in a whole frame, or nil when it is another, of another version, or damaged.
  static func forms(in frame: [UInt8]) -> [FrameForm]? {
    guard let content = ZstdFrame.skippableContent(frame, number: number), content.count >= 5, content[0] == version,
      littleEndian(ZstdFrame.checksum(Array(content.dropLast(4)))).elementsEqual(content.suffix(4))
    else { return nil }
    return stride(from: 1, to: content.count - 4, by: formBytes).map { start in
      let count = (0..<4).reduce(0) { $0 | Int(content[start + $1]) << (8 * $1) }
      let kind = content[start + 4]
      return FrameForm(count: count, elementWidth: Int(kind & ~coded), isCoded: kind & coded != 0)
    }
  }

  private static func littleEndian(_ value: UInt32) -> [UInt8] {
    [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
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
  /// Bytes of content that pieces have at most as a rule: little enough that a core's second-level cache holds all
  /// that becomes of them on their way.
  public static let usual = 512 << 10

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
