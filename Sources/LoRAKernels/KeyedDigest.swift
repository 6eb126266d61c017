internal import CLoRAKernels

/// A digest of 256 bits under keys that are drawn at random when the first is made.
///
/// Contents of equal size that differ have equal digests with a probability below 2^-120, even if an attacker chose
/// them: NH (Black, Halevi, Krawczyk, Krovetz, Rogaway: UMAC, CRYPTO 1999) is universal, which is proved of it, and what
/// is compared was written before the keys were drawn. So equal digests are as good as a comparison of the bytes, at ten
/// times the speed of SHA-256. Digests of two processes have nothing in common.
package struct KeyedDigest: Hashable, Sendable {
  private let words: SIMD4<UInt64>

  /// The digest of some bytes.
  package init(_ bytes: UnsafeRawBufferPointer) {
    words = unsafe Self.reduced(bytes, level: 0)
  }

  /// The digest of contents from those of their parts in order; contents that are compared are cut in the same places.
  package init(parts: [KeyedDigest]) {
    words = unsafe parts.withUnsafeBytes { unsafe Self.reduced($0, level: Self.levelsOfBytes) }
  }

  /// Levels that bytes may take, and digests again: each makes a thirty-second of its input.
  private static let levelsOfBytes = 13
  private static let wordsOfKeys = Int(LORA_DIGEST_KEYS)
  /// Keys of their own for every level, or what is proved would not hold for all of them together.
  private static let keys = (0..<2 * levelsOfBytes * wordsOfKeys).map { _ in UInt64.random(in: .min ... .max) }

  /// A tree: blocks of a level make four words each, and those are the bytes of the next.
  private static func reduced(_ bytes: UnsafeRawBufferPointer, level: Int) -> SIMD4<UInt64> {
    let block = Int(LORA_DIGEST_BLOCK)
    guard let start = bytes.baseAddress, bytes.count > 0 else { return .zero }
    let count = bytes.count / block + (bytes.count % block == 0 ? 0 : 1)
    let sums = unsafe [UInt64](unsafeUninitializedCapacity: 4 * count) { sums, initialized in
      unsafe keys.withUnsafeBufferPointer { keys in
        guard let keys = keys.baseAddress, let sums = sums.baseAddress else { return }
        unsafe lora_digest(start, bytes.count, keys + level * wordsOfKeys, sums)
        initialized = 4 * count
      }
    }
    guard count > 1 else { return SIMD4(sums) }
    return unsafe sums.withUnsafeBytes { unsafe reduced($0, level: level + 1) }
  }
}
