import LoRATestSupport
import PythonPattern

/// Regular expressions of Python, and a text to match: the first line is the pattern, the rest the text.
///
/// The work is bounded by the sizes of both, and the three kinds of question agree with each other.
struct PatternTarget: FuzzTarget {
  let name = "pattern"
  private static let instructionLimit = 20_000

  private static let tokens = [
    "(", ")", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?P<a>", "(?P=a)", "\\1", "[", "]", "[^", "[a-z]", "\\d", "\\w",
    "\\b",
    "\\B", "\\A", "\\Z", "^", "$", ".", "*", "+", "?", "*?", "+?", "*+", "??", "{2}", "{,3}", "{1000}", "{0,65535}",
    "|",
    "\\.", "a", "(?i)", "(?s:", "(?x)", "\\x41", "\\u00e9", "\\N{DASH}", "(?#c)", "(a+)+", "(.*)*", "é", "ſ", "K",
    "[\\]-a]",
  ]

  func seeds() -> [[UInt8]] {
    [
      "(.*\\.)?(q_proj|v_proj)$\nmodel.layers.0.self_attn.q_proj", "^(a+)+$\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
      "(?i)[k-s]{2,5}(?=x)|\\d+?\nKsſx12", "(?P<n>a|b)(?<!ab)\\bx\nab x",
      "model\\.layers\\.(0|1[0-9])\\.\nmodel.layers.12.",
    ].map { Array($0.utf8) }
  }

  func mutate(_ input: inout [UInt8], _ random: inout SeededGenerator) {
    guard random.once(in: 2), let token = random.pick(Self.tokens) else {
      return ByteMutation.mutate(&input, &random)
    }
    input.insert(contentsOf: token.utf8, at: random.below(input.count + 1))
  }

  func run(_ input: [UInt8]) throws(Violation) {
    let parts = input.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
    let source = String(decoding: parts.first ?? [], as: UTF8.self)
    let text = String(decoding: (parts.count > 1 ? parts[1] : []).prefix(2000), as: UTF8.self)
    // Errors are Python's own words with what the pattern says in them; who shows them escapes them (`ConfigTarget`).
    guard let pattern = try? PythonPattern(source, instructionLimit: Self.instructionLimit) else { return }
    var steps = 0
    let isFull = pattern.fullMatches(text, steps: &steps)
    let isPrefix = pattern.matchesPrefix(text, steps: &steps)
    let bound = 2 * Self.instructionLimit * (text.unicodeScalars.count + 1)
    try Violation.unless(steps <= bound, "\(steps) steps")
    let isFound = pattern.isFound(in: text)
    try Violation.unless(!isFull || isPrefix, "re.fullmatch matches and re.match does not")
    try Violation.unless(!isPrefix || isFound, "re.match matches and re.search does not")
    try checkGrouped(source, text, isFull: isFull, isPrefix: isPrefix)
  }

  /// A group around the whole pattern changes nothing but hides the fixed ends that let most names be refused early.
  private func checkGrouped(_ source: String, _ text: String, isFull: Bool, isPrefix: Bool) throws(Violation) {
    // Flags must come first, and a comment of the verbose form would swallow the bracket.
    guard !source.contains("(?") || !source.contains("x"), !source.hasPrefix("(?"),
      let grouped = try? PythonPattern("(?:\(source))|(?!)", instructionLimit: 2 * Self.instructionLimit)
    else { return }
    try Violation.unless(grouped.fullMatches(text) == isFull, "a group changes re.fullmatch")
    try Violation.unless(grouped.matchesPrefix(text) == isPrefix, "a group changes re.match")
  }
}
