import Testing

@testable import JSON

@Suite struct JSONTests {
  @Test(arguments: [
    "null", "true", "[]", "{}", "0", "-1", "[1,2,3]", "{\"a\":{\"b\":[null,false,\"x\"]}}", "\"\\u00e9\"", "1.5",
    " { \"a\" : 1 } ", "9223372036854775807",
  ])
  func writtenTextReadsBackEqual(_ text: String) throws {
    let value = try JSONValue(parsing: Array(text.utf8))
    #expect(try JSONValue(parsing: Array(value.text().utf8)) == value)
    #expect(try JSONValue(parsing: Array(value.text(pretty: true).utf8)) == value)
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "01", "-", "1.", ".5", "1e", "+1", "nul", "tru", "\"a",
    "\"\\x\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\n\"", "[1 2]", "{}x", "NaN", "Infinity", "1e400", "\u{FEFF}{}",
    "{\"a\":1 \"b\":2}", "[,1]", "{,}", "\"\\u12g4\"", "//\n1",
  ])
  func brokenTextIsRefused(_ text: String) {
    #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.utf8)) }
  }

  @Test func duplicateKeysAreRefusedAfterUnescaping() {
    #expect(throws: JSONError.self) { try JSONValue(parsing: Array("{\"a\":1,\"\\u0061\":2}".utf8)) }
  }

  @Test func bytesThatAreNotUTF8AreRefusedAtTheirOffset() {
    let text: [UInt8] = [0x22, 0x61, 0xFF, 0x22]
    #expect(throws: JSONError(offset: 2, reason: "bytes that are not UTF-8")) { try JSONValue(parsing: text) }
  }

  @Test func nestingIsCapped() throws {
    func nested(_ depth: Int) -> [UInt8] {
      Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
    }
    _ = try JSONValue(parsing: nested(JSONReader.depthLimit))
    #expect(throws: JSONError.self) { try JSONValue(parsing: nested(JSONReader.depthLimit + 1)) }
    #expect(throws: JSONError.self) { try JSONValue(parsing: [UInt8](repeating: 0x5B, count: 1_000_000)) }
  }

  @Test func skippingReadsExactlyOneValue() throws {
    let text = Array("{\"skip\":[{\"a\":[1,{\"b\":\"]}\"}]},2],\"keep\":7}".utf8)
    var reader = JSONReader(text.span)
    try reader.beginObject()
    #expect(try reader.nextKey() == "skip")
    try reader.skipValue()
    #expect(try reader.nextKey() == "keep")
    #expect(try reader.unsignedInteger() == 7)
    #expect(try reader.nextKey() == nil)
    try reader.finish()
  }

  @Test(arguments: [
    ("0", UInt64(0)), ("18446744073709551615", .max), ("1234567890123456789", 1_234_567_890_123_456_789),
  ])
  func unsignedIntegersAreExact(_ text: String, _ value: UInt64) throws {
    let bytes = Array(text.utf8)
    var reader = JSONReader(bytes.span)
    #expect(try reader.unsignedInteger() == value)
  }

  @Test(arguments: ["18446744073709551616", "99999999999999999999999", "1.0", "1e0", "-1", "01", "\"1\""])
  func whatIsNoPlainUnsignedIntegerIsRefused(_ text: String) {
    let bytes = Array(text.utf8)
    #expect(throws: JSONError.self) {
      var reader = JSONReader(bytes.span)
      _ = try reader.unsignedInteger()
    }
  }

  @Test func stringsOfEveryLengthAndEscapePositionDecode() throws {
    // The scanner strides over eight bytes; every position of the interesting byte within a stride is tried.
    for length in 0..<40 {
      for position in 0...length {
        let left = String(repeating: "a", count: position)
        let right = String(repeating: "b", count: length - position)
        let value = try JSONValue(parsing: Array("\"\(left)\\n\(right)\"".utf8))
        #expect(value == .string(left + "\n" + right))
        #expect(try JSONValue(parsing: Array("\"\(left)é\(right)\"".utf8)) == .string(left + "é" + right))
        #expect(throws: JSONError.self) { try JSONValue(parsing: Array("\"\(left)\u{1}\(right)\"".utf8)) }
      }
    }
  }

  @Test func pythonsNumbersAreReadInItsDialectOnly() throws {
    #expect(
      try JSONValue(parsing: Array("[Infinity,-Infinity]".utf8), dialect: .python) == [
        .real(.infinity), .real(-.infinity),
      ])
    let value = try JSONValue(parsing: Array("NaN".utf8), dialect: .python)
    #expect(value.double?.isNaN == true)
  }
}
