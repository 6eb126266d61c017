import JSON
import Testing

@Suite struct EscapingTests {
  @Test func namesCannotReachTheTerminal() {
    #expect(escaped("a\u{1B}[31mb\n\u{202E}") == "a\\u{1B}[31mb\\n\\u{202E}")
    #expect(escaped(escaped("x\u{7}")) == escaped("x\u{7}"))
    #expect(escaped(String(repeating: "x", count: 10_000)).count <= 301)
  }
}
