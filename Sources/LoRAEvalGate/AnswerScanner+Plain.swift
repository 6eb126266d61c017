import CAnswers
import JSON

// What is plain is read by the functions of `answers.h`. Where they give up, nothing has been read, and the scanner's own
// way through the text decides.
extension AnswerScanner {
  /// How many texts of one value, or line, are resolved for the functions before it is read without them.
  private static let patience = 4

  /// Reads a value that is plain; nil, with nothing read, for any other.
  mutating func plainValue() -> Fingerprint? {
    var value = lora_fingerprint()
    return unsafe read({ cursor in unsafe lora_read_value(&cursor, &value) }) ? Fingerprint(value) : nil
  }

  /// Reads a string that holds a plain value, where it stands; nil, with nothing read, for any other.
  @_lifetime(self: copy self)
  mutating func quotedValue() -> Fingerprint? {
    var value = lora_fingerprint()
    return unsafe read({ cursor in unsafe lora_read_quoted_value(&cursor, &value) }) ? Fingerprint(value) : nil
  }

  /// Reads a line that is plain from its start to its end; nil, with nothing read, for any other.
  @_lifetime(self: copy self)
  mutating func plainAnswer(ignoringCallOrder: Bool) -> AnswerLine? {
    var answer = lora_answer()
    guard unsafe read({ cursor in unsafe lora_read_answer(&cursor, ignoringCallOrder, &answer) }) else { return nil }
    return AnswerLine(
      prompt: Fingerprint(answer.prompt), adapter: answer.has_adapter ? Fingerprint(answer.adapter) : nil,
      adapterPlace: answer.adapter_start..<answer.adapter_end,
      expected: answer.has_expected ? Fingerprint(answer.expected) : nil, answer: .calls(Fingerprint(answer.calls)))
  }

  /// Reads with one of the functions, which is asked again when a text was not known; false, with nothing read, when it
  /// gives up.
  @inline(__always)
  @_lifetime(self: copy self)
  private mutating func read(_ function: (inout lora_answer_cursor) -> Bool) -> Bool {
    for _ in 0..<Self.patience {
      let (end, unknown, isQuoted) = unsafe tokens.text.withUnsafeBufferPointer { bytes in
        var cursor = unsafe lora_answer_cursor(
          bytes: bytes.baseAddress, count: bytes.count, memory: known.pointer, offset: tokens.offset, unknown_start: 0,
          unknown_end: 0, is_unknown_quoted: false)
        let isPlain = unsafe function(&cursor)
        return unsafe (
          isPlain ? cursor.offset : nil, cursor.unknown_start..<cursor.unknown_end, cursor.is_unknown_quoted
        )
      }
      if let end {
        tokens.offset = end
        return true
      }
      guard !unknown.isEmpty, known.learn(tokens.text.extracting(unknown), isQuoted, key) else { return false }
    }
    return false
  }
}
