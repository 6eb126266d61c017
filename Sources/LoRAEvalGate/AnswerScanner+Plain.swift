import CAnswers
import JSON

// What is plain is read by the functions of `answers.h`. Where they give up, nothing has been read, and the scanner's own
// way through the text decides.
extension AnswerScanner {
  /// How many texts of one value are resolved for the functions before the value is read without them.
  private static let patience = 4

  /// Reads a value that is plain; nil, with nothing read, for any other.
  mutating func plainValue() -> Fingerprint? { plainValue(isQuoted: false) }

  /// Reads a string that holds a plain value, where it stands; nil, with nothing read, for any other.
  mutating func quotedValue() -> Fingerprint? { plainValue(isQuoted: true) }

  @_lifetime(self: copy self)
  private mutating func plainValue(isQuoted: Bool) -> Fingerprint? {
    for _ in 0..<Self.patience {
      var value = lora_fingerprint()
      var unknown = 0..<0
      let end = unsafe withCursor { cursor in
        let isPlain = unsafe isQuoted ? lora_read_quoted_value(&cursor, &value) : lora_read_value(&cursor, &value)
        unknown = unsafe cursor.unknown_start..<cursor.unknown_end
        return unsafe isPlain ? cursor.offset : nil
      }
      if let end {
        tokens.offset = end
        return Fingerprint(value)
      }
      guard !unknown.isEmpty, known.learn(tokens.text.extracting(unknown), isQuoted, key) else { break }
    }
    return nil
  }

  /// Reads the next key of an object, or its end, when that is plain.
  @_lifetime(self: copy self)
  mutating func plainKey(isFirst: Bool, _ name: inout lora_fingerprint) -> lora_member {
    var end = tokens.offset
    let found = unsafe withCursor { cursor in
      let found = unsafe lora_read_key(&cursor, isFirst, &name)
      end = unsafe cursor.offset
      return found
    }
    tokens.offset = end
    return found
  }

  /// Lends the unread text to the functions.
  @inline(__always)
  private func withCursor<Result>(_ body: (inout lora_answer_cursor) -> Result) -> Result {
    unsafe tokens.text.withUnsafeBufferPointer { bytes in
      var cursor = unsafe lora_answer_cursor(
        bytes: bytes.baseAddress, count: bytes.count, memory: known.pointer, offset: tokens.offset, unknown_start: 0,
        unknown_end: 0)
      return unsafe body(&cursor)
    }
  }
}
