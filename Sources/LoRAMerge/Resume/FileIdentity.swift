import JSON
import LoRAIO
import SHA2
import TensorCore

/// What tells a file from others at the cost of a few reads: its size, and a digest of its start and of blocks spread
/// over the rest.
///
/// Two trainings of one architecture have files of the same names, sizes and headers, and differ in nearly every
/// weight; the blocks see that. A change of few bytes between them goes unseen, which only a digest of everything sees.
struct FileIdentity: Sendable, Equatable {
  /// Base name.
  let name: String
  /// Size in bytes.
  let bytes: UInt64
  /// SHA-256 of the size, the first 64 KiB and 16 blocks of 4 KiB at equal distances up to the end.
  let sample: String
  /// SHA-256 of the whole file where the Hugging Face cache names the file by it.
  let cached: String?

  private static let headBytes: UInt64 = 64 << 10
  private static let blockBytes: UInt64 = 4 << 10
  private static let blockCount: UInt64 = 16

  /// Looks at the file at `path`.
  init(of path: String) throws(IOError) {
    try self.init(InputFile(path: path), name: Folder.lastComponent(path))
  }

  /// Looks at an open file.
  init(_ file: InputFile, name: String) throws(IOError) {
    self.name = name
    bytes = file.size
    sample = try Self.sample(of: file)
    cached = Self.cacheDigest(of: file.path)
  }

  /// The digest of size, start and blocks, as 64 hexadecimal digits.
  static func sample(of file: InputFile) throws(IOError) -> String {
    var hash = SHA256()
    let size = file.size
    hash.update(data: (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) })
    guard size > headBytes + blockBytes * blockCount else {
      hash.update(data: try file.bytes(at: 0, count: Int(size)))
      return hex(hash.finalize())
    }
    hash.update(data: try file.bytes(at: 0, count: Int(headBytes)))
    let room = size - headBytes - blockBytes
    for block in 1...blockCount {
      // In this order the product cannot overflow, whatever the size.
      let offset = headBytes + room / blockCount * block + (block == blockCount ? room % blockCount : 0)
      hash.update(data: try file.bytes(at: offset, count: Int(blockBytes)))
    }
    return hex(hash.finalize())
  }

  /// A blob of the cache is named by the SHA-256 of its contents; snapshots link to it.
  private static func cacheDigest(of path: String) -> String? {
    guard let real = Folder.resolved(path), Folder.lastComponent(Folder.parent(real)) == "blobs" else { return nil }
    let name = Folder.lastComponent(real)
    let isDigest = name.utf8.count == 64 && name.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    return isDigest ? name : nil
  }

  /// Bytes as hexadecimal digits.
  static func hex(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// SHA-256 of bytes in memory, as hexadecimal digits.
  static func digest(of bytes: [UInt8]) -> String { hex(SHA256.hash(data: bytes)) }

  /// `file`, `bytes` and `sample_sha256`.
  var json: JSONObject {
    ["file": .string(name), "bytes": JSONValue(bytes), "sample_sha256": .string(sample)]
  }
}
