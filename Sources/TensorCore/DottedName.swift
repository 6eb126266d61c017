extension String {
  /// The parts of a dotted name such as `model.layers.0.mlp`, empty ones included.
  ///
  /// Split at the bytes of the dots, as Python splits: by characters, a dot under a combining accent would not count,
  /// and walking characters is several times slower.
  package var dottedComponents: [Substring] {
    utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { Substring($0) }
  }

  /// Whether the bytes of `part` occur in the text; hundreds of times faster than looking for characters.
  ///
  /// - Parameter ignoresCase: whether letters of ASCII match in either case; `part` then has lower-case letters only.
  package func mentions(_ part: StaticString, ignoresCase: Bool = false) -> Bool {
    let text = utf8Span.span
    let count = part.utf8CodeUnitCount
    let fold: UInt8 = ignoresCase ? 0x20 : 0
    return part.withUTF8Buffer { part in
      guard count <= text.count else { return false }
      for start in 0...text.count - count {
        var length = 0
        while length < count, unsafe text[start + length] | fold == part[length] { length += 1 }
        if length == count { return true }
      }
      return false
    }
  }

  /// Every part of the name that follows a dot, longest first.
  package var suffixesAfterDots: [Substring] {
    utf8.indices.filter { utf8[$0] == UInt8(ascii: ".") }.map { self[utf8.index(after: $0)...] }
  }
}
