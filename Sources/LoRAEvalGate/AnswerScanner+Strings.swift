import JSON

extension AnswerScanner {
  /// Reads over a string; only one whose text counts must have its surrogates in pairs.
  mutating func string() throws(JSONError) -> JSONTokenizer.StringToken { try tokens.string(.form) }

  /// The fingerprint of a string's text.
  func fingerprint(of string: JSONTokenizer.StringToken) throws(JSONError) -> Fingerprint {
    if !string.hasEscapes && string.isASCII { return key.bytes(tokens.text.extracting(string.range), .ascii) }
    let bytes = try tokens.unescaped(string)
    if bytes.allSatisfy({ $0 < 0x80 }) { return key.bytes(bytes.span, .ascii) }
    return Self.fingerprint(of: try JSONTokenizer.decoded(bytes.span, at: string.range.lowerBound), key)
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
