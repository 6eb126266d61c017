import JSON
import LoRATestSupport
import Testing

@testable import LoRAEvalGate

/// The function for plain lines against the reader's own way through a line, which is its reference: where it gives an
/// answer it is the same, and where the reader finds an error it gives none.
@Suite struct PlainAnswerTests {
  private let key = FingerprintKey()

  private struct Reading: Equatable {
    var prompt: Fingerprint
    var adapter: Fingerprint?
    var adapterPlace: Range<Int>
    var expected: Fingerprint?
    var answer: AnswerLine.Answer

    init(_ line: AnswerLine) {
      (prompt, adapter, expected, answer) = (line.prompt, line.adapter, line.expected, line.answer)
      adapterPlace = line.adapterPlace
    }
  }

  /// Whether the line is plain.
  private func check(_ line: [UInt8], _ reader: AnswerReader, _ memory: AnswerMemory, ignoringCallOrder: Bool) -> Bool {
    let expected = try? Reading(reader.readAny(line.span, AnswerMemory(key)))
    var scanner = AnswerScanner(line.span, key: key, known: memory.known)
    let found = scanner.plainAnswer(ignoringCallOrder: ignoringCallOrder).map { Reading($0) }
    #expect(found == nil || found == expected, "\(String(decoding: line, as: UTF8.self))")
    return found != nil
  }

  @Test(arguments: 0..<8) func randomLines(_ seed: UInt64) {
    var random = SeededGenerator(seed: 300 + seed)
    let reader = AnswerReader(key: key, ignoresCallOrder: seed.isMultiple(of: 2))
    // One memory for all lines, so that keys are expected, rightly and wrongly.
    let memory = AnswerMemory(key)
    var taken = (plain: 0, changed: 0)
    for _ in 0..<1_000 {
      var line = RandomLine(&random).bytes
      taken.plain += check(line, reader, memory, ignoringCallOrder: seed.isMultiple(of: 2)) ? 1 : 0
      for _ in 0..<4 {
        RandomText.mutate(&line, &random)
        taken.changed += check(line, reader, memory, ignoringCallOrder: seed.isMultiple(of: 2)) ? 1 : 0
      }
    }
    // Most lines are plain, or the test would compare nothing.
    #expect(taken.plain > 500 && taken.changed > 200, "\(taken)")
  }

  @Test(arguments: [
    "{}", #"{"id":1}"#, #"{"id":null,"content":1}"#, #"{"id":1,"content":"\ud800"}"#, #"{"id":1,"content":"\x"}"#,
    #"{"id":1,"tool_calls":null}"#, #"{"id":1,"tool_calls":null,"name":"f"}"#, #"{"id":1,"tool_calls":[null]}"#,
    #"{"id":1,"tool_calls":[{}]}"#, #"{"id":1,"tool_calls":[{"function":{"function":{"name":"f"}}}]}"#,
    #"{"id":1,"name":null,"content":""}"#, #"{"id":1,"name":"f","arguments":null}"#, #"{"id":1,"name":1}"#,
    #"{"id":1,"name":"f","arguments":"{"}"#, #"{"id":1,"name":"f","arguments":[1,"a"]}"#,
    #"{"id":1,"name":"f","id":1}"#,
    #"{"id":1,"name":"f","adapter":null}"#, #"{"id":1,"name":"f","adapter":1}"#,
    #"{"id":"1","name":"f","expected":null}"#,
    #"{"id":1,"name":"f","expected":{"name":"f","arguments":"{}"}}"#,
    #"{"id":1,"name":"f","expected":{"tool_calls":[]}}"#,
    #"{"id":1,"name":"f","expected":[{"function":{"name":"g"}},{"name":"h"}]}"#, #"{"id":1,"name":"f","expected":{}}"#,
    #"{"id":1,"name":"f"} "#, #"{"id":1,"name":"f"}x"#, #" {"id":-1,"name":"f"}"#, #"{"id":true,"name":"f"}"#,
    #"{"id":1,"name":"f","x":{"a":1,"a":1}}"#, #"{"id":1,"name":"f","arguments":{"a":1,"a":1}}"#,
    #"{"id":1,"name":"f","arguments":{"a": 1, "b": 2}}"#, #"{"id":1,"name":"f","arguments":{"a": 1 "b": 2}}"#,
    #"{"id":1,"name":"f","arguments":{, "b": 2}}"#, #"{"id":1,"name":"f","arguments":{"a": 1,}}"#,
    #"{"id":1,"name":"f","arguments":"{\"a\": 1, \"b\": 2}"}"#,
    #"{"id":1,"name":"f","arguments":"{\"a\": 1 \"b\": 2}"}"#,
    #"{"id":1,"name":"f","arguments":"{, \"b\": 2}"}"#, #"{"id":1,"name":"f","arguments":"{"a": 1}"}"#,
  ])
  func edges(_ text: String) {
    let reader = AnswerReader(key: key, ignoresCallOrder: false)
    let memory = AnswerMemory(key)
    // What was seen before makes keys expected where they must not be taken.
    for seen in [
      #"{"id":1,"name":"f","arguments":{"a": 1, "b": 2}}"#, #"{"id":1,"name":"f","arguments":"{\"a\": 1, \"b\": 2}"}"#,
      text,
    ] {
      _ = check(Array(seen.utf8), reader, memory, ignoringCallOrder: false)
      _ = check(Array(text.utf8), reader, memory, ignoringCallOrder: false)
    }
  }

  /// Keys of every length around that of an entry, and more of them than there are entries.
  @Test func keys() {
    let reader = AnswerReader(key: key, ignoresCallOrder: false)
    let memory = AnswerMemory(key)
    for round in 0..<3 {
      for length in 1..<50 {
        for number in 0..<26 {
          let name = String(repeating: "k", count: length - 1) + String(UnicodeScalar(UInt8(65 + number)))
          let blank = String(repeating: " ", count: round)
          for quote in ["\"", "\\\""] {
            let object = "{\(blank)\(quote)\(name)\(quote):\(blank)1,\(blank)\(quote)b\(name)\(quote):\(blank)[]}"
            let line = "{\"id\":1,\"name\":\"f\",\"arguments\":\(quote == "\"" ? object : "\"\(object)\"")}"
            #expect(check(Array(line.utf8), reader, memory, ignoringCallOrder: false))
          }
        }
      }
    }
  }

  /// Bytes that an entry without a key could be taken for.
  @Test func zeros() {
    let reader = AnswerReader(key: key, ignoresCallOrder: false)
    let memory = AnswerMemory(key)
    for count in 0..<80 {
      let line =
        Array(#"{"id":1,"name":"f","arguments":{"#.utf8) + [UInt8](repeating: 0, count: count) + Array("1}}".utf8)
      #expect(!check(line, reader, memory, ignoringCallOrder: false))
    }
  }
}

/// A line of an answers file, written in one of the many ways of doing so.
private struct RandomLine {
  private(set) var bytes: [UInt8] = []

  init(_ random: inout SeededGenerator) {
    var members = [("id", random.once(in: 2) ? number(&random) : text(&random))]
    if random.once(in: 2) { members.append(("adapter", random.once(in: 8) ? "null" : text(&random))) }
    switch random.below(6) {
    case 0: members += call(&random)
    case 1: members.append(("content", value(&random)))
    case 2: members.append(("tool_calls", "null"))
    default: members.append(("tool_calls", calls(&random)))
    }
    if random.once(in: 3) {
      let one = "{" + call(&random).map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
      members.append(
        ("expected", random.pick([calls(&random), one, "null", "{\"tool_calls\":\(calls(&random))}"]) ?? "null"))
    }
    if random.once(in: 3) { members.append(("other", value(&random))) }
    if random.once(in: 4) { members.shuffle(using: &random) }
    bytes = Array(object(members, &random).utf8)
  }

  private func object(_ members: [(String, String)], _ random: inout SeededGenerator) -> String {
    let blank = random.pick(["", " ", " ", "\t "]) ?? ""
    let inner = members.map { "\"\($0)\":\(blank)\($1)" }.joined(separator: ",\(blank)")
    return "{" + (random.once(in: 8) ? " \(inner) " : inner) + "}"
  }

  private func value(_ random: inout SeededGenerator) -> String {
    String(decoding: RandomText(&random).bytes, as: UTF8.self).replacing("\n", with: " ")
  }

  private func number(_ random: inout SeededGenerator) -> String { "\(random.below(1_000))" }

  private func text(_ random: inout SeededGenerator) -> String {
    "\"" + (random.pick(["", "a", "tenant-1", "é", #"\u00e9"#, "a text of more than thirty-two bytes"]) ?? "") + "\""
  }

  private func call(_ random: inout SeededGenerator) -> [(String, String)] {
    var members = [("name", text(&random))]
    let arguments =
      random.once(in: 4)
      ? value(&random)
      : object([("city", text(&random)), ("days", number(&random)), ("more", value(&random))], &random)
    if random.once(in: 3) {
      members.append(("arguments", arguments))
    } else if !random.once(in: 10) {
      members.append(("arguments", escaped(arguments)))
    }
    if random.once(in: 8) { members.reverse() }
    return members
  }

  /// A string that holds the text.
  private func escaped(_ text: String) -> String {
    "\""
      + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\t", with: "\\t")
      .replacing("\r", with: "\\r") + "\""
  }

  private func calls(_ random: inout SeededGenerator) -> String {
    let calls = (0..<random.below(3)).map { _ in
      let call = call(&random)
      if random.once(in: 3) { return object(call, &random) }
      return object([("id", text(&random)), ("type", "\"function\""), ("function", object(call, &random))], &random)
    }
    return "[" + calls.joined(separator: ", ") + "]"
  }
}
