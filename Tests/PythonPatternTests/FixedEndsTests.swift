import Testing

@testable import PythonPattern

@Suite struct FixedEndsTests {
  /// Instructions visited by a question, none when the ends already tell.
  private func steps(_ source: String, match text: String) throws -> Int {
    var steps = 0
    _ = try PythonPattern(source).matchesPrefix(text, steps: &steps)
    return steps
  }

  @Test func keysThatEndOtherwiseCostNothing() throws {
    let key = "(.*\\.)?(model.layers.1.self_attn.q_proj)$"
    #expect(try steps(key, match: "model.layers.1.self_attn.k_proj") == 0)
    #expect(try steps(key, match: "model.layers.2.self_attn.q_proj") == 0)
    #expect(try steps(key, match: "q_proj") == 0)
    #expect(try steps(key, match: "model.layers.1.self_attn.q_proj") > 0)
    #expect(try steps(key, match: "model.layers.1.self_attn.q_proj\n") > 0)
    #expect(try steps("^model\\.(a|b)", match: "visual.a") == 0)
  }

  @Test func theTestNeverChangesTheAnswer() throws {
    // The same language, once with fixed ends and once hidden from the test behind an alternative.
    let sources = [
      "a.b$", "^a.", ".a\\Z", "a$$", "(a.)(.b)", "ab", "a\\.", "\\Ab$\\Z", "(?m)a$", ".", "", "\n$", "é.a", "..$",
    ]
    let letters = ["a", "b", ".", "\n", "é", "\u{1F600}"]
    var texts = [""]
    for _ in 0..<3 { texts += texts.flatMap { text in letters.map { text + $0 } } }
    for source in sources {
      let flag = source.hasPrefix("(?m)") ? "(?m)" : ""
      let plain = try PythonPattern(source)
      let hidden = try PythonPattern("\(flag)(?:\(source.dropFirst(flag.count))|(?!))")
      for text in texts {
        #expect(plain.fullMatches(text) == hidden.fullMatches(text), "\(source) \(text.debugDescription)")
        #expect(plain.matchesPrefix(text) == hidden.matchesPrefix(text), "\(source) \(text.debugDescription)")
        #expect(plain.isFound(in: text) == hidden.isFound(in: text), "\(source) \(text.debugDescription)")
      }
    }
  }

  @Test func errorsReadAsOneClause() {
    #expect(
      PatternError.invalid(reason: "nothing to repeat", position: 3).description == "nothing to repeat at position 3")
    #expect(
      PatternError.unsupported(.atomicGroup, position: 0).description == "unsupported atomic group at position 0")
    #expect(PatternError.tooLarge(.nesting, maximum: 100).description == "more than 100 levels of nested groups")
  }
}
