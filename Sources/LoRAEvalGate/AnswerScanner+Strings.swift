import JSON

extension AnswerScanner {
  /// Reads over a string; only one whose text counts must have its surrogates in pairs.
  mutating func string() throws(JSONError) -> JSONTokenizer.StringToken { try tokens.string(.form) }

  /// Reads a string; the fingerprint is that of its text.
  mutating func text() throws(JSONError) -> Fingerprint {
    let string = try string()
    if !string.hasEscapes && string.isASCII { return key.bytes(tokens.text, string.range, .ascii) }
    let written = key.bytes(tokens.text, string.range, .written)
    if let known = self.known.text(written) { return known }
    let bytes = try tokens.unescaped(string)
    let text = try Self.fingerprint(bytes.span, at: string.range.lowerBound, key)
    self.known.remember(text, written)
    return text
  }

  /// The fingerprint of a text of UTF-8 bytes, which begins at `start` of a larger one.
  private static func fingerprint(_ bytes: Span<UInt8>, at start: Int, _ key: FingerprintKey) throws(JSONError)
    -> Fingerprint
  {
    if isASCII(bytes) { return key.bytes(bytes, .ascii) }
    return fingerprint(of: try JSONTokenizer.decoded(bytes, at: start), key)
  }

  private static func isASCII(_ bytes: Span<UInt8>) -> Bool {
    for index in bytes.indices where bytes[index] >= 0x80 { return false }
    return true
  }

  /// The fingerprint of a text beyond ASCII, the same for all canonically equivalent texts.
  private static func fingerprint(of text: String, _ key: FingerprintKey) -> Fingerprint {
    var text = text
    // The three characters whose canonical form is a single ASCII character.
    if text.unicodeScalars.contains(where: { $0 == "\u{212A}" || $0 == "\u{37E}" || $0 == "\u{1FEF}" }) {
      var mapped = String.UnicodeScalarView()
      for scalar in text.unicodeScalars {
        switch scalar {
        case "\u{212A}": mapped.append("K")
        case "\u{37E}": mapped.append(";")
        case "\u{1FEF}": mapped.append("`")
        default: mapped.append(scalar)
        }
      }
      text = String(mapped)
      if text.utf8.allSatisfy({ $0 < 0x80 }) { return key.bytes(Array(text.utf8).span, .ascii) }
    }
    // The standard library hashes the normalised text, as it compares it.
    var hasher = Hasher()
    text.hash(into: &hasher)
    return key.words(UInt64(bitPattern: Int64(hasher.finalize())), 0, .text)
  }
}
