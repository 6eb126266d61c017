import LoRATestSupport
import Testing

@testable import PythonPattern

/// What would hang or exhaust a backtracking engine; measured in instructions visited, not in time.
@Suite struct HostilePatternTests {
  /// Runs all three questions and checks the promised bound of each.
  private func answers(_ source: String, _ text: String) throws -> [Bool] {
    let pattern = try PythonPattern(source)
    let bound = pattern.instructionCount * (text.unicodeScalars.count + 1)
    var answers: [Bool] = []
    for question in [
      { (steps: inout Int) in pattern.fullMatches(text, steps: &steps) },
      { (steps: inout Int) in pattern.matchesPrefix(text, steps: &steps) },
      { (steps: inout Int) in pattern.isFound(in: text, steps: &steps) },
    ] {
      var steps = 0
      answers.append(question(&steps))
      #expect(steps <= bound, "\(steps) steps")
    }
    return answers
  }

  @Test func nestedQuantifiersDoNotMultiply() throws {
    let text = String(repeating: "a", count: 4000) + "!"
    for source in ["(a+)+$", "(a*)*$", "(a|a)*$", "(a|aa)+$", "((a*)*)*$", "(.*)*$", "(?:a?){50}a{50}b", "(a+){2,9}$"] {
      #expect(try answers(source, text)[1] == (source == "(.*)*$"), "\(source)")
    }
    #expect(try answers("(a*)*", String(text.dropLast())) == [true, true, true])
  }

  @Test func lookaroundsDoNotMultiply() throws {
    let text = String(repeating: "a", count: 2000)
    #expect(try answers("(?:(?=(a+)+b)a|a)*", text) == [true, true, true])
    #expect(try answers("(?:(?!(?:(?!(a*)*c).)*b)a)+", text) == [true, true, true])
    #expect(try answers("(?:a(?<!ab)(?<=a))*", text) == [true, true, true])
    let many = String(repeating: "(?=a)(?!b)", count: 500)
    #expect(try answers("(?:\(many)a)*", String(text.prefix(100))) == [true, true, true])
    #expect(throws: PatternError.tooLarge(.lookarounds, maximum: 1000)) { try PythonPattern(many + "(?=a)") }
  }

  @Test func tenThousandAlternativesAreOneSet() throws {
    let names = (0..<10_000).map { "model\\.layers\\.\($0)\\.self_attn\\.q_proj" }
    let source = names.joined(separator: "|")
    let name = "model.layers.9999.self_attn.q_proj"
    #expect(try answers(source, name) == [true, true, true])
    var steps = 0
    #expect(try !PythonPattern(source).fullMatches("model.layers.10000.self_attn.q_proj", steps: &steps))
    // What all share is walked once, and each alternative no further than it agrees.
    #expect(steps < 10_000 * 4)
  }

  @Test func hugeCountsAreRefused() {
    let limit = PythonPattern.defaultInstructionLimit
    for source in [
      "a{2000000}", "(a{2000}){2000}", "((((a{100}){100}){100}){100}){100}", "(?:a?){4294967294}", "(?=a{3000000})",
      "(?:|a){9999999}", "(?:(?=a)){4294967294}", "((((a{0,99}){0,99}){0,99}){0,99}){0,99}",
    ] {
      #expect(throws: PatternError.tooLarge(.instructions, maximum: limit)) { try PythonPattern(source) }
    }
    #expect(throws: PatternError.tooLarge(.repetition, maximum: 4_294_967_294)) { try PythonPattern("a{4294967295}") }
    #expect(throws: PatternError.tooLarge(.repetition, maximum: 4_294_967_294)) {
      try PythonPattern("a{0,99999999999999999999999999}")
    }
    #expect(throws: PatternError.tooLarge(.instructions, maximum: 10)) {
      try PythonPattern("aaaaa(?=bbbbb)", instructionLimit: 10)
    }
  }

  @Test func countsOfNothingAreNothing() throws {
    for source in [
      "(?:){4294967294}", "((((){4294967294}){4294967294}){4294967294}){4294967294}", "(a{0}){99999999}",
      "(?:||){9999999}",
    ] {
      let pattern = try PythonPattern(source)
      #expect(pattern.instructionCount == 1)
      #expect(pattern.fullMatches("") && !pattern.fullMatches("a"))
    }
  }

  @Test func deepNestingIsRefused() throws {
    func nested(_ depth: Int, _ open: String) -> String {
      String(repeating: open, count: depth) + "a" + String(repeating: ")", count: depth)
    }
    for open in ["(", "(?:", "(?=", "(?i:", "(|"] {
      let matches = try PythonPattern(nested(100, open)).isFound(in: "a")
      #expect(matches, "\(open)")
      for depth in [101, 10_000, 200_000] {
        #expect(throws: PatternError.tooLarge(.nesting, maximum: 100)) { try PythonPattern(nested(depth, open)) }
      }
    }
    #expect(throws: PatternError.self) { try PythonPattern(String(repeating: "(", count: 1_000_000)) }
  }

  @Test func lengthsAreBounded() throws {
    let longest = String(repeating: "a", count: PythonPattern.maximumLength)
    #expect(throws: PatternError.tooLarge(.length, maximum: 1 << 20)) { try PythonPattern(longest + "a") }
    #expect(throws: PatternError.tooLarge(.instructions, maximum: 1 << 20)) { try PythonPattern(longest) }
    let pattern = try PythonPattern("a*")
    #expect(pattern.fullMatches(String(repeating: "a", count: PythonPattern.maximumTextLength)))
    #expect(!pattern.fullMatches(String(repeating: "a", count: PythonPattern.maximumTextLength + 1)))
  }

  @Test func aClassOfManyRangesIsSearchedByBisection() throws {
    let ranges = stride(from: 0x4E00, to: 0x9F00, by: 2).compactMap { Unicode.Scalar($0) }.map { String($0) }.joined()
    let pattern = try PythonPattern("[\(ranges)]+")
    #expect(pattern.fullMatches("\u{4E00}\u{4E02}\u{9EFE}"))
    #expect(!pattern.fullMatches("\u{4E00}\u{4E01}"))
    #expect(pattern.instructionCount == 3)
  }

  @Test func randomPatternsNeverTrapAndKeepTheBound() {
    var random = SeededGenerator(seed: 42)
    let parts = [
      "a", "b", ".", "(", ")", "[", "]", "{", "}", "*", "+", "?", "|", "^", "$", "\\", "-", ",", "2", "9", "(?:", "(?=",
      "(?!", "(?<=", "(?<!", "(?i)", "(?P<n>", "\\b", "\\w", "\\1", "{0,3}", "[^", "é", "\u{1F600}", "\n",
    ]
    var compiled = 0
    for _ in 0..<20_000 {
      let source = (0..<random.below(12)).map { _ in parts[random.below(parts.count)] }.joined()
      let text = (0..<random.below(6)).map { _ in parts[random.below(parts.count)] }.joined()
      guard let pattern = try? PythonPattern(source) else { continue }
      compiled += 1
      let bound = pattern.instructionCount * (text.unicodeScalars.count + 1)
      var steps = 0
      let isFull = pattern.fullMatches(text, steps: &steps)
      #expect(steps <= bound)
      // A full match is a match, and a match is found.
      let isPrefix = pattern.matchesPrefix(text)
      #expect(!isFull || isPrefix)
      #expect(!isPrefix || pattern.isFound(in: text))
    }
    #expect(compiled > 2000)
  }
}
