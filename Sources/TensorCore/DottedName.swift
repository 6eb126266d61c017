extension String {
  /// The parts of a dotted name such as `model.layers.0.mlp`, empty ones included.
  ///
  /// Split at the bytes of the dots, as Python splits: by characters, a dot under a combining accent would not count,
  /// and walking characters is several times slower.
  public var dottedComponents: [Substring] {
    utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { Substring($0) }
  }

  /// Every part of the name that follows a dot, longest first.
  public var suffixesAfterDots: [Substring] {
    utf8.indices.filter { utf8[$0] == UInt8(ascii: ".") }.map { self[utf8.index(after: $0)...] }
  }
}
