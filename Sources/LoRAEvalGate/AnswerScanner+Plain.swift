import CAnswers
import JSON

// What is plain is read by the functions of `answers.h`. Where they give up, nothing has been read, and the scanner's own
// way through the text decides.
extension AnswerScanner {
  /// How many texts of one value are resolved for the functions before the value is read without them.
  private static let patience = 4

  /// They read `text`, which lives as long as the scanner does, and what `memory` knows.
  static func cursor(_ text: Span<UInt8>, _ memory: AnswerMemory) -> lora_answer_cursor {
    unsafe text.withUnsafeBufferPointer { bytes in
      unsafe lora_answer_cursor(
        bytes: bytes.baseAddress, count: bytes.count, memory: memory.known, offset: 0, unknown_start: 0,
        unknown_end: 0)
    }
  }

  /// Reads a value that is plain; nil, with nothing read, for any other.
  mutating func plainValue() -> Fingerprint? { plainValue(isQuoted: false) }

  /// Reads a string that holds a plain value, where it stands; nil, with nothing read, for any other.
  mutating func quotedValue() -> Fingerprint? { plainValue(isQuoted: true) }

  private mutating func plainValue(isQuoted: Bool) -> Fingerprint? {
    var value = lora_fingerprint()
    var cursor = unsafe plain
    for _ in 0..<Self.patience {
      unsafe cursor.offset = tokens.offset
      if unsafe isQuoted ? lora_read_quoted_value(&cursor, &value) : lora_read_value(&cursor, &value) {
        tokens.offset = unsafe cursor.offset
        return Fingerprint(value)
      }
      let unknown = unsafe cursor.unknown_start..<cursor.unknown_end
      guard !unknown.isEmpty, memory.learn(tokens.text.extracting(unknown), isQuoted, key) else { break }
    }
    return nil
  }

  /// Reads the next key of an object, or its end, when that is plain.
  mutating func plainKey(isFirst: Bool, _ name: inout lora_fingerprint) -> lora_member {
    var cursor = unsafe plain
    unsafe cursor.offset = tokens.offset
    let found = unsafe lora_read_key(&cursor, isFirst, &name)
    tokens.offset = unsafe cursor.offset
    return found
  }
}
