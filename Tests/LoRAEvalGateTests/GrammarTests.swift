import JSON
import LoRATestSupport
import Testing

@testable import LoRAEvalGate

/// The reader of JSON and the gate's scanner stand on one tokenizer: they take the same texts, but for what they are
/// known to differ in.
@Suite struct GrammarTests {
  /// What a consumer made of a text: nothing to object to, or an error.
  private typealias Verdict = JSONError?

  /// Each consumer on each of its ways through a text.
  private struct Verdicts {
    /// Values are made.
    var read: Verdict
    /// The grammar is checked.
    var walked: Verdict
    /// Fingerprints are made.
    var scanned: Verdict
    /// The grammar is checked by the scanner.
    var skipped: Verdict

    init(_ text: [UInt8]) {
      read = Self.verdict { () throws(JSONError) in _ = try JSONValue(parsing: text) }
      walked = Self.verdict { () throws(JSONError) in
        var reader = JSONReader(text.span)
        try reader.skipValue()
        try reader.finish()
      }
      let key = FingerprintKey()
      scanned = Self.verdict { () throws(JSONError) in
        let memory = AnswerMemory(key)
        var scanner = AnswerScanner(text.span, key: key, known: memory.known)
        _ = try scanner.fingerprint()
        try scanner.tokens.finish()
      }
      skipped = Self.verdict { () throws(JSONError) in
        let memory = AnswerMemory(key)
        var scanner = AnswerScanner(text.span, key: key, known: memory.known)
        try scanner.skip()
        try scanner.tokens.finish()
      }
    }

    private static func verdict(_ body: () throws(JSONError) -> Void) -> Verdict {
      do throws(JSONError) {
        try body()
        return nil
      } catch {
        return error
      }
    }
  }

  // Values of the reader are doubles, those of the gate exact with a limit of their exponent.
  private static let readerLimit = "a number out of range"
  private static let gateLimit = "an exponent beyond a thousand million million"
  /// What the scanner does not look for in strings that it only reads over.
  private static let undecoded = ["an unpaired surrogate escape", "bytes that are not UTF-8"]

  private func check(_ text: [UInt8]) {
    let verdicts = Verdicts(text)
    let shown = String(decoding: text, as: UTF8.self)
    if (verdicts.read == nil) != (verdicts.scanned == nil) {
      let reason = verdicts.read?.reason ?? verdicts.scanned?.reason
      #expect(reason == Self.readerLimit || reason == Self.gateLimit, "\(shown): \(verdicts)")
    }
    let known = Self.undecoded + [Self.readerLimit]
    if let walked = verdicts.walked {
      if !known.contains(walked.reason) {
        #expect(walked.offset == verdicts.skipped?.offset || isLimited(verdicts.skipped), "\(shown): \(verdicts)")
      }
      #expect(verdicts.read == walked || isTwice(verdicts.read), "\(shown): \(verdicts)")
    } else {
      #expect(verdicts.skipped == nil || isLimited(verdicts.skipped), "\(shown): \(verdicts)")
      #expect(verdicts.read == nil || isTwice(verdicts.read), "\(shown): \(verdicts)")
    }
  }

  /// A key that comes twice, which no grammar forbids.
  private func isTwice(_ verdict: Verdict) -> Bool { verdict?.reason.hasSuffix("appears twice") == true }
  private func isLimited(_ verdict: Verdict) -> Bool { verdict?.reason == Self.gateLimit }

  @Test(arguments: 0..<8) func bothTakeTheSameTexts(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var accepted = 0
    for _ in 0..<1_000 {
      var text = RandomText(&random).bytes
      #expect(Verdicts(text).walked == nil && Verdicts(text).skipped == nil)
      check(text)
      for _ in 0..<3 {
        RandomText.mutate(&text, &random)
        check(text)
        accepted += Verdicts(text).walked == nil ? 1 : 0
      }
    }
    // Changes that leave a text whole, and changes that break it.
    #expect((100..<2_900).contains(accepted), "\(accepted)")
  }

  @Test(arguments: [
    "1e400", "-1e-400", "1e1000000000000000", "1e-1000000000000000", "01", "-", "--1", "1.e1", "1e+", "0x1",
    "\"\\ud800\"",
    "\"\\ud800\\u0041\"", "\"\\ud83d\\ude00\"", "\"\\ude00\\ud83d\"", "\"\\u12g4\"", "\"\\u12", "\"\\",
    "\"\\ud83d\\u\"",
    "{\"\\ud800\":1}", "{\"a\":1,\"\\u0061\":2}", "[1,", "[1 2]", "{\"a\"}", "{,}", "[,]", "nul", "truefalse",
    "\u{FEFF}1",
    "\u{B}1", " \t\r\n1 \t\r\n", "\"\t\"", "\"\u{7F}\"",
  ])
  func edgesOfTheGrammar(_ text: String) { check(Array(text.utf8)) }

  @Test(arguments: [126, 127, 128, 200]) func nestingEndsAtTheSameDepth(_ depth: Int) {
    for (open, inner, close) in [("[", "", "]"), ("{\"a\":", "1", "}"), (" [ ", " 1 ", " ] ")] {
      let text = String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)
      let verdicts = Verdicts(Array(text.utf8))
      check(Array(text.utf8))
      #expect((verdicts.walked == nil) == (depth <= JSONReader.depthLimit))
      #expect((verdicts.scanned == nil) == (depth <= JSONReader.depthLimit))
    }
  }
}

/// A JSON text without keys that come twice, and changes of it.
struct RandomText {
  private(set) var bytes: [UInt8] = []

  private static let strings = [
    "", "a", "seven b", "eight by", "more than eight bytes", "é", "日本語", "😀", #"\""#, #"\\"#, #"\/"#, #"\n\t\r\b\f"#,
    #"\u0000"#, #"\u00e9"#, #"\ud83d\ude00"#, #"plain then \u0041 then plain"#, "\u{7F}",
  ]
  private static let numbers = [
    "0", "-0", "1", "-17", "18446744073709551616", "1.5", "-0.25", "1e3", "1E+3", "2.5e-7", "123456789012345678",
    "1234567890123456789012345", "0.000", "1e308",
  ]
  private static let blanks = ["", "", "", " ", "\n", "\t", "\r\n", "\n    ", "\n            "]

  init(_ random: inout SeededGenerator) { value(&random, depth: 0) }

  private mutating func add(_ text: String?) { bytes += (text ?? "").utf8 }

  private mutating func value(_ random: inout SeededGenerator, depth: Int) {
    add(random.pick(Self.blanks))
    switch random.below(depth < 4 ? 8 : 5) {
    case 0: add(random.pick(["true", "false", "null"]))
    case 1, 2: add(random.pick(Self.numbers))
    case 3, 4: add("\"" + (random.pick(Self.strings) ?? "") + (random.pick(Self.strings) ?? "") + "\"")
    case 5, 6:
      add("{")
      for index in 0..<random.below(4) {
        add(index > 0 ? "," : "")
        add(random.pick(Self.blanks))
        add("\"\(index)\(random.pick(Self.strings) ?? "")\"")
        add(random.pick(Self.blanks))
        add(":")
        value(&random, depth: depth + 1)
      }
      add("}")
    default:
      add("[")
      for index in 0..<random.below(4) {
        add(index > 0 ? "," : "")
        value(&random, depth: depth + 1)
      }
      add("]")
    }
    add(random.pick(Self.blanks))
  }

  private static let pieces: [[UInt8]] =
    [
      "\"", "\\", "{", "}", "[", "]", ",", ":", " ", "0", "9", "-", "+", ".", "e", "u", "\\u", "\\ud800", "\\ude00",
      "\\x", "1e999", "null", "tru", "\"a\":1,", "\u{1}", "\u{B}", "é",
    ].map { Array($0.utf8) } + [[0x80], [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0xAF]]

  /// Puts a piece into the text, takes bytes out, or overwrites one.
  static func mutate(_ text: inout [UInt8], _ random: inout SeededGenerator) {
    let place = random.below(text.count)
    switch random.below(4) {
    case 0: text.insert(contentsOf: random.pick(pieces) ?? [], at: place)
    case 1: text.removeSubrange(place..<min(text.count, place + 1 + random.below(3)))
    case 2: if !text.isEmpty { text.replaceSubrange(place...place, with: random.pick(pieces) ?? []) }
    default: if random.once(in: 4) { text.removeSubrange(place...) } else { text.insert(0x20, at: place) }
    }
  }
}
