import TensorCore

/// Bytes of the output that are decided with the plan except for digests of its sources, which are computed while the
/// merge runs: their places are known, and their length never changes.
public struct DigestTemplate: Sendable, Equatable {
  /// A place for the SHA-256 of a source.
  struct Hole: Sendable, Equatable {
    /// First byte in the text.
    var offset: Int
    /// Position of the file in `MergePlan.sources`.
    var source: Int
  }

  /// The bytes, with zeros (the digit) where digests go.
  public private(set) var bytes: [UInt8]
  private(set) var holes: [Hole] = []

  /// Characters of a digest: 64 hexadecimal digits.
  static let digestLength = 64

  /// Bytes without holes.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Bytes that hold placeholders; each becomes a hole.
  init(_ bytes: [UInt8], _ placeholders: Placeholders) {
    self.bytes = bytes
    for (source, text) in placeholders.texts.ordered(by: { $0.key < $1.key }) {
      let pattern = Array(text.utf8)
      var start = 0
      while start + pattern.count <= self.bytes.count {
        if self.bytes[start] == pattern[0], self.bytes[start..<start + pattern.count].elementsEqual(pattern) {
          for position in start..<start + pattern.count { self.bytes[position] = UInt8(ascii: "0") }
          holes.append(Hole(offset: start, source: source))
          start += pattern.count
        } else {
          start += 1
        }
      }
    }
  }

  /// Texts that stand for digests while JSON is put together: random, so that no name in a file can look like one.
  struct Placeholders: Sendable {
    private(set) var texts: [Int: String] = [:]

    /// The placeholder of a source.
    mutating func text(of source: Int) -> String {
      if let text = texts[source] { return text }
      let text = FileIdentity.hex((0..<DigestTemplate.digestLength / 2).map { _ in UInt8.random(in: .min ... .max) })
      texts[source] = text
      return text
    }
  }
}
