import JSON
import LoRATestSupport
import Testing

@testable import LoRAEvalGate

/// The functions for plain values against the scanner's own way through a text, which is their reference: where they
/// give a fingerprint it is the same, and behind it the same is left to be read.
@Suite struct PlainValueTests {
  /// A value and the offset behind it.
  private struct Reading: Equatable {
    var value: Fingerprint
    var end: Int
  }

  private let key = FingerprintKey()

  private func plain(_ text: [UInt8], _ memory: AnswerMemory) -> Reading? {
    var scanner = AnswerScanner(text.span, key: key, known: memory.known)
    return scanner.plainValue().map { Reading(value: $0, end: scanner.tokens.offset) }
  }

  private func reference(_ text: [UInt8]) -> Reading? {
    let memory = AnswerMemory(key)
    var scanner = AnswerScanner(text.span, key: key, known: memory.known)
    return (try? scanner.anyValue()).map { Reading(value: $0, end: scanner.tokens.offset) }
  }

  private func quoted(_ text: [UInt8], _ memory: AnswerMemory) -> Reading? {
    var scanner = AnswerScanner(text.span, key: key, known: memory.known)
    return scanner.quotedValue().map { Reading(value: $0, end: scanner.tokens.offset) }
  }

  /// The string is resolved first, and what it holds is read then.
  private func quotedReference(_ text: [UInt8]) -> Reading? {
    let memory = AnswerMemory(key)
    var buffer: [UInt8] = []
    var outer = JSONTokenizer(text.span)
    guard (try? outer.peek()) == UInt8(ascii: "\""), let count = try? outer.string(into: &buffer) else { return nil }
    var scanner = AnswerScanner(buffer.span.extracting(0..<count), key: key, known: memory.known)
    guard let value = try? scanner.anyValue(), (try? scanner.tokens.finish()) != nil else { return nil }
    return Reading(value: value, end: outer.offset)
  }

  /// A string of JSON with `text` in it, some of its characters written by their numbers.
  private func string(_ text: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var string: [UInt8] = [UInt8(ascii: "\"")]
    let numbers = random.pick([0, 0, 0, 0, 0, 40]) ?? 0
    for byte in text {
      if byte < 0x80, numbers > 0, random.once(in: numbers) {
        let digits = String(byte, radix: 16)
        string += Array("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
      } else if byte == UInt8(ascii: "\n") {
        string += Array("\\n".utf8)
      } else if byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\t") {
        string.append(0x20)
      } else {
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { string.append(UInt8(ascii: "\\")) }
        string.append(byte)
      }
    }
    return string + [UInt8(ascii: "\"")]
  }

  /// Whether the text is plain; what is behind it must not matter.
  private func check(_ text: [UInt8], _ memory: AnswerMemory) -> Bool {
    let expected = reference(text)
    let found = plain(text, memory)
    #expect(found == nil || found == expected, "\(String(decoding: text, as: UTF8.self))")
    let followed = plain(text + [UInt8](repeating: 0x20, count: 40), memory)
    #expect(followed == nil || followed == expected, "\(String(decoding: text, as: UTF8.self))")
    return found != nil
  }

  private func checkQuoted(_ text: [UInt8], _ memory: AnswerMemory) -> Bool {
    let expected = quotedReference(text)
    let found = quoted(text, memory)
    #expect(found == nil || found == expected, "\(String(decoding: text, as: UTF8.self))")
    let followed = quoted(text + Array(#"}}],"x":"y\""}"#.utf8), memory)
    #expect(followed == nil || followed == expected, "\(String(decoding: text, as: UTF8.self))")
    return found != nil
  }

  @Test(arguments: 0..<8) func randomTexts(_ seed: UInt64) {
    var random = SeededGenerator(seed: 100 + seed)
    // One memory for all texts, so that most of what is not ASCII is known.
    let memory = AnswerMemory(key)
    var taken = (plain: 0, quoted: 0, changed: 0)
    for _ in 0..<1_000 {
      var text = RandomText(&random).bytes
      taken.plain += check(text, memory) ? 1 : 0
      var string = string(text, &random)
      taken.quoted += checkQuoted(string, memory) ? 1 : 0
      for _ in 0..<3 {
        RandomText.mutate(&text, &random)
        taken.changed += check(text, memory) ? 1 : 0
        RandomText.mutate(&string, &random)
        _ = checkQuoted(string, memory)
        _ = checkQuoted(self.string(text, &random), memory)
      }
    }
    // Most of what is JSON is plain, or the test would compare nothing.
    #expect(taken.plain > 500 && taken.quoted > 400 && taken.changed > 100, "\(taken)")
  }

  @Test(arguments: [
    "{}", "[]", #"{"a":1}"#, #"{"a":1,"a":2}"#, #"{"é":1,"e\u0301":2}"#, "-0", "0.0", "01", "1.", "-", "1e3",
    "1e", "1E+", "1.50e-3", "0e5", "-1E-05", "100e+2", "1e999999999", "1e1000000000", "1.e3", "12e3.4",
    "123456789012345678e-18", "123456789012345678", "1234567890123456789", "0.123456789012345678", "12.3400", "true",
    "nul", "\"", "\"\\",
    #""\u00e9""#, #""\""#, #"["\\","\"","\/","\\\""]"#, "\"\u{1}\"", "\"\u{7F}\"", " \t\r\n[ 1 , 2 ] ", "[1,]",
    #"{"\\":"\\\\","\"":"\"\""}"#, #""a\ud83d\ude00b""#, #""\ud83d""#, "\"é\u{301}\"",
  ])
  func edges(_ text: String) {
    var random = SeededGenerator(seed: 1)
    let memory = AnswerMemory(key)
    for _ in 0..<20 {
      _ = check(Array(text.utf8), memory)
      _ = checkQuoted(string(Array(text.utf8), &random), memory)
      _ = checkQuoted(Array("\"\(text)\"".utf8), memory)
    }
  }

  /// Strings of every length, the mark at every place of a vector, and the text's end at every distance behind it.
  @Test func lengths() {
    let memory = AnswerMemory(key)
    for count in 0..<100 {
      for behind in [0, 1, 15, 16, 17, 31, 32, 33] {
        let text = Array("[\"\(String(repeating: "x", count: count))\"\(String(repeating: " ", count: behind))]".utf8)
        #expect(check(text, memory))
      }
    }
  }

  @Test(arguments: [16, 17, 31, 32, 33, 300]) func manyKeys(_ count: Int) {
    let memory = AnswerMemory(key)
    let members = (0..<count).map { "\"key \($0)\":\($0)" }
    #expect(check(Array("{\(members.joined(separator: ","))}".utf8), memory) == (count <= 32))
    for twice in [0, count / 2, count - 1] {
      #expect(!check(Array("{\(members.joined(separator: ",")),\"key \(twice)\":0}".utf8), memory))
    }
  }

  @Test(arguments: [126, 127, 128, 100_000]) func depth(_ depth: Int) {
    let memory = AnswerMemory(key)
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
      let inner = open == "[" ? "" : "1"
      let text = String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)
      #expect(check(Array(text.utf8), memory) == (depth <= 127))
    }
  }

  /// A text that is more than its bytes is the same text however it is written, and whether it was seen before or not.
  @Test func knownTexts() {
    let memory = AnswerMemory(key)
    let forms = [#""é""#, #""\u00e9""#, #""e\u0301""#, "\"e\u{301}\""]
    for _ in 0..<2 {
      let values = forms.compactMap { plain(Array($0.utf8), memory)?.value }
      #expect(values.count == 4 && Set(values).count == 1)
      var random = SeededGenerator(seed: 2)
      let inside = forms.compactMap { quoted(string(Array($0.utf8), &random), memory)?.value }
      #expect(inside == values)
    }
    // More of them than can be known at once.
    for number in 0..<3_000 { #expect(check(Array("[\"é\(number % 1_000)\"]".utf8), memory)) }
  }
}
