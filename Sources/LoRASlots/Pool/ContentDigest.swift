import LoRAIO
import SHA2
import Safetensors
import Synchronization

/// What an adapter's bytes are, whatever its name: SHA-256 over the digests of its parts.
///
/// Two adapters with the same digest are one adapter; a file that was replaced under its name is another one.
public struct ContentDigest: Sendable, Hashable, CustomStringConvertible {
  private let digest: SHA256.Digest

  /// The digest in hexadecimal.
  public var description: String { digest.description }

  /// Bytes of the data section that are digested as one part, so that several threads can share the work.
  static let part = 4 << 20

  /// The digest of a header, a config and the parts of a data section.
  init(header: [UInt8], config: String, parts: [[UInt8]]) {
    var hash = SHA256()
    hash.update(data: header)
    hash.update(data: Array(config.utf8))
    for part in parts { hash.update(data: part) }
    digest = hash.finalize()
  }

  /// The digest of one part of a data section.
  static func digest(_ part: UnsafeRawBufferPointer) -> [UInt8] {
    var hash = SHA256()
    unsafe hash.update(bufferPointer: part)
    return hash.finalize().bytes
  }
}
