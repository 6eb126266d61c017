import CCrypto

/// SHA-256 (FIPS 180-4) over bytes that come piece by piece, as OpenSSL computes it with the processor's own
/// instructions.
///
/// A copy goes on by itself from where the original was.
public struct SHA256: Sendable {
  private var context = SHA256_CTX()

  /// The digest of nothing so far.
  public init() {
    unsafe SHA256_Init(&context)
  }

  /// Takes in the next bytes.
  public mutating func update(data: some Collection<UInt8>) {
    let isDone: Void? = data.withContiguousStorageIfAvailable { bytes in
      unsafe update(bufferPointer: UnsafeRawBufferPointer(bytes))
    }
    if isDone == nil { update(data: Array(data)) }
  }

  /// Takes in the next bytes.
  public mutating func update(bufferPointer bytes: UnsafeRawBufferPointer) {
    unsafe SHA256_Update(&context, bytes.baseAddress, bytes.count)
  }

  /// The digest of all bytes so far.
  public func finalize() -> Digest {
    var end = context
    var bytes = [UInt8](repeating: 0, count: Digest.count)
    unsafe SHA256_Final(&bytes, &end)
    return Digest(bytes: bytes)
  }

  /// The digest of bytes in memory.
  public static func hash(data: some Collection<UInt8>) -> Digest {
    var hash = SHA256()
    hash.update(data: data)
    return hash.finalize()
  }
}
