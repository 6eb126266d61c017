import JSON
import Testing

@testable import LoRAEvalGate

/// Which JSON texts are the same value, and which are none.
@Suite struct ScannerTests {
  private let key = FingerprintKey()

  private func fingerprint(_ text: String) throws(JSONError) -> Fingerprint {
    try fingerprint(Array(text.utf8))
  }

  private func fingerprint(_ bytes: [UInt8]) throws(JSONError) -> Fingerprint {
    let memory = AnswerMemory(key)
    var scanner = AnswerScanner(bytes.span, key: key, known: memory.known)
    let value = try scanner.fingerprint()
    try scanner.tokens.finish()
    return value
  }

  @Test(arguments: [
    ["1", "1.0", "1e0", "10e-1", "0.1E1", "1.000000000000000000000000000000", "100000000000000000000e-20", " 1\n"],
    ["0", "-0", "0.0", "-0e99", "0E-999999999999999"],
    ["1000", "1e3", "1.0e+3", "1000.0"],
    ["-12.5", "-125e-1", "-1.25E1"],
    ["123456789012345678901234567890", "1.2345678901234567890123456789e29", "123456789012345678901234567890.0"],
    ["12345678901234567890", "1234567890123456789e1", "12345678901234567890.000"],
    ["123456789012345678", "123456789012345678.0", "123456789012345678.00", "1.23456789012345678e17"],
    ["-1000000000000000000", "-1e18", "-1000000000000000000.0", "-100000000000000000.0e1"],
    ["0.00123456789012345", "1234567890123450e-18", "0.0012345678901234500000"],
    [#""é""#, #""\u00e9""#, #""e\u0301""#, "\"e\u{301}\""],
    [#""K""#, #""\u212a""#, "\"\u{212A}\"", #""\u004b""#],
    [#""😀""#, #""\ud83d\ude00""#, #""\uD83D\uDE00""#],
    [#""a/b""#, #""a\/b""#],
    [#"{"a":1,"b":[true,null]}"#, #"{ "b" : [ true , null ] , "a" : 1.0 }"#, #"{"\u0062":[true,null],"a":1}"#],
    ["{}", "{ }", "\t{\r\n}"],
  ])
  func oneValueInManyForms(_ forms: [String]) throws {
    let values = try Set(forms.map { try fingerprint($0) })
    #expect(values.count == 1, "\(forms)")
  }

  @Test func differentValuesDiffer() throws {
    let texts = [
      "null", "true", "false", "0", "1", "-1", "10", "0.1", "9007199254740992", "9007199254740993", "1e400", "1e401",
      "99999999999999999", "999999999999999999", "999999999999999998", "9999999999999999999", "0.999999999999999999",
      "123456789012345678901234567890", "123456789012345678901234567891", "-123456789012345678901234567890",
      #""""#, #""0""#, #""1""#, #""a""#, #""A""#, #""é""#, #""e""#, #""null""#, #""\u0000""#, #""\u0000\u0000""#,
      "[]", "[[]]", "[0]", "[0,1]", "[1,0]", "[[0,1]]", "[[0],1]", "{}", #"{"a":0}"#, #"{"a":1}"#, #"{"b":0}"#,
      #"{"a":0,"b":1}"#, #"{"a":1,"b":0}"#, #"{"a":{"b":0}}"#, #"[{"a":0},{"b":1}]"#, #"{"a":null}"#,
      "\"" + String(repeating: "x", count: 15) + "\"", "\"" + String(repeating: "x", count: 16) + "\"",
      "\"" + String(repeating: "x", count: 17) + "\"", "\"" + String(repeating: "x", count: 32) + "\"",
    ]
    #expect(try Set(texts.map { try fingerprint($0) }).count == texts.count)
  }

  /// Objects of any number of keys, in any order, and a key twice among them.
  @Test(arguments: [1, 15, 16, 17, 18, 40]) func manyKeys(_ count: Int) throws {
    let members = (0..<count).map { "\"key \($0)\":\($0)" }
    let whole = try fingerprint("{" + members.joined(separator: ",") + "}")
    #expect(try fingerprint("{" + members.reversed().joined(separator: ", ") + "}") == whole)
    for twice in [0, count / 2, count - 1] {
      let text = "{" + (members + ["\"key \(twice)\":0"]).joined(separator: ",") + "}"
      #expect(throws: JSONError.self) { try fingerprint(text) }
    }
  }

  /// Arguments in a string are those that the string holds, wherever its escapes lie.
  @Test func argumentsInAString() throws {
    let reader = AnswerReader(key: key, ignoresCallOrder: false)
    func answer(_ arguments: String) throws -> AnswerLine.Answer {
      let memory = AnswerMemory(key)
      let line = "{\"id\":1,\"name\":\"f\",\"arguments\":\(arguments)}"
      return try reader.read(Array(line.utf8).span, memory).answer
    }
    for escape in [#"\""#, #"\\"#, #"\/"#, #"\n"#, #"\t"#, #"\u0041"#, #"\u00e9"#, #"\ud83d\ude00"#, "é", "😀", ""] {
      for before in 0..<20 {
        for after in [0, 1, 7, 9] {
          let text = String(repeating: "x", count: before) + escape + String(repeating: "y", count: after)
          let plain = "{\"k\":\"\(text)\"}"
          var quoted = ""
          for character in plain.unicodeScalars {
            quoted += character == "\"" || character == "\\" ? "\\\(character)" : String(character)
          }
          #expect(try answer("\"\(quoted)\"") == answer(plain), "\(plain)")
        }
      }
    }
    #expect(try answer(#""{\"a\":1""#) == .invalid && answer(#""{\"a\":1,\"a\":1}""#) == .invalid)
    for broken in [#""\"#, #""\u12"#, #""\ud800""#, #""\x""#, "\"\u{1}\"", "\"abcdefgh\u{1}\"", #""abc"#] {
      #expect(throws: JSONError.self, "\(broken)") { try answer(broken) }
    }
  }

  @Test(arguments: [
    "", " ", "{", "[", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "01", "-", "1.", ".5", "1e", "+1", "nul", "tru",
    "NaN", "Infinity", "1 2", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud83d\"", "\"\\ude00\"", "\"a\u{1}\"", "[1 2]", "]",
    "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"é\":1,\"e\\u0301\":2}", "{\"K\":1,\"\u{212A}\":1}",
    "{\"a\":{\"b\":1,\"b\":1}}", "1e1000000000000000", "{\"a\":1}}", "'a'",
  ])
  func whatIsNoJSONIsRefused(_ text: String) {
    #expect(throws: JSONError.self) { try fingerprint(text) }
  }

  @Test func badBytesAndDepthAreRefused() throws {
    #expect(throws: JSONError.self) { try fingerprint([0x22, 0xFF, 0x22]) }
    #expect(throws: JSONError.self) { try fingerprint([0x22, 0xC0, 0x80, 0x22]) }
    #expect(throws: JSONError.self) { try fingerprint([0x22, 0xED, 0xA0, 0x80, 0x22]) }
    let deep = { (count: Int) in String(repeating: "[", count: count) + String(repeating: "]", count: count) }
    _ = try fingerprint(deep(127))
    #expect(throws: JSONError.self) { try fingerprint(deep(128)) }
    #expect(throws: JSONError.self) { try fingerprint(String(repeating: "[", count: 1_000_000)) }
    #expect(throws: JSONError.self) { try fingerprint(String(repeating: "{\"a\":", count: 1_000_000)) }
  }

  @Test func manyKeysAreComparedToo() throws {
    let keys = (0..<500).map { "\"k\($0)\":\($0)" }
    let straight = try fingerprint("{" + keys.joined(separator: ",") + "}")
    #expect(try fingerprint("{" + keys.reversed().joined(separator: ",") + "}") == straight)
    for place in [0, 31, 32, 33, 499] {
      #expect(throws: JSONError.self) {
        try fingerprint("{" + (keys + [keys[place]]).joined(separator: ",") + "}")
      }
    }
  }

  /// Every prefix and every changed byte of a text ends with a value or an error, never with a trap.
  @Test func noTextTraps() {
    let text = Array(#"{"a":[1.5e-3,"é\u00e9\ud83d\ude00\n",{"b":null,"c":[true,false]}],"d":-0}"#.utf8)
    for count in 0..<text.count { _ = try? fingerprint(Array(text[..<count])) }
    for index in text.indices {
      for byte in [0, 0x22, 0x5C, 0x7B, 0x7D, 0x2C, 0x80, 0xFF, 0x30] as [UInt8] {
        var changed = text
        changed[index] = byte
        _ = try? fingerprint(changed)
        let memory = AnswerMemory(key)
        var scanner = AnswerScanner(changed.span, key: key, known: memory.known)
        try? scanner.skip()
      }
    }
  }
}
