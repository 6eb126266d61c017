extension SHA256 {
  /// The 32 bytes of a digest; as text 64 small hexadecimal digits.
  public struct Digest: Sendable, Hashable, Sequence, CustomStringConvertible {
    /// The number of bytes.
    static let count = 32

    /// The bytes, 32 of them.
    public let bytes: [UInt8]

    /// The bytes, one by one.
    public func makeIterator() -> Array<UInt8>.Iterator { bytes.makeIterator() }

    /// The bytes as text.
    public var description: String {
      let digits = Array("0123456789abcdef".utf8)
      return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
  }
}
