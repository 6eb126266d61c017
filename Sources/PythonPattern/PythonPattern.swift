/// A regular expression with the syntax and the answers of Python 3.11's `re` on `str`.
///
/// PEFT reads `target_modules`, `exclude_modules`, the keys of `rank_pattern` and `alpha_pattern` and more as such
/// patterns, so which modules an adapter changes is decided by Python's rules. The answer here is only whether a text
/// matches; there are no captures.
///
/// Patterns come from files that anyone may have written. Python's own engine, PCRE and Swift's `Regex` search by
/// backtracking, where `(a+)+$` needs time exponential in the length of the text. This one follows all alternatives at
/// once: a pattern that compiles to m instructions takes at most m · (n + 1) steps on a text of n characters, and m is
/// bounded. What such an engine cannot say, above all backreferences, is refused by name (`PatternError.Feature`).
///
/// Supported are literals and escapes, `.`, classes, anchors, `\b`, groups of all kinds but atomic ones, alternatives,
/// greedy and lazy quantifiers (the same here) and possessive ones after a single character, lookahead, fixed-width
/// lookbehind, comments, and the flags `a i m s u x`, global at the start or scoped. Characters are Unicode scalars,
/// as in Python; their properties are those of the Unicode version that Swift knows.
package struct PythonPattern: Sendable {
  /// The most Unicode scalars of a pattern.
  package static let maximumLength = 1 << 20
  /// The most instructions that a pattern may compile to by default; a name takes one a character.
  package static let defaultInstructionLimit = 1 << 20
  /// The most Unicode scalars of a text; nothing matches a longer one, which is no module path.
  package static let maximumTextLength = 1 << 12

  /// What a pattern compiles to; shared, so that walking a long list of patterns copies nothing.
  private final class Compiled: Sendable {
    let program: Program
    let lookarounds: [Program]
    let classes: [CharacterClass]
    let ends: FixedEnds

    init(program: Program, lookarounds: [Program], classes: [CharacterClass], ends: FixedEnds) {
      self.program = program
      self.lookarounds = lookarounds
      self.classes = classes
      self.ends = ends
    }
  }

  private let compiled: Compiled

  /// Compiles a pattern.
  ///
  /// - Parameters:
  ///   - pattern: as it would be given to `re.compile`, without flags.
  ///   - instructionLimit: the most instructions of the compiled pattern, all lookarounds included; memory is about
  ///     16 bytes for each, and the worst time of a match is proportional.
  /// - Throws: `PatternError`, with Python's own message for a pattern that Python refuses.
  package init(
    _ pattern: String, instructionLimit: Int = defaultInstructionLimit
  ) throws(PatternError) {
    // As bytes first: counting the scalars of a hostile string takes as long as copying them.
    guard pattern.utf8.count <= 4 * Self.maximumLength, pattern.unicodeScalars.count <= Self.maximumLength else {
      throw .tooLarge(.length, maximum: Self.maximumLength)
    }
    var parser = try PatternParser(Array(pattern.unicodeScalars))
    let node = try parser.parse()
    let program = try Program(node, limit: instructionLimit)
    var left = instructionLimit - program.instructions.count
    var lookarounds: [Program] = []
    for lookaround in parser.lookarounds {
      do {
        lookarounds.append(try Program(lookaround.body, isReversed: !lookaround.isBehind, limit: left))
      } catch {
        throw .tooLarge(.instructions, maximum: instructionLimit)
      }
      left -= lookarounds[lookarounds.count - 1].instructions.count
    }
    compiled = Compiled(
      program: program, lookarounds: lookarounds, classes: parser.classes, ends: FixedEnds(node))
  }

  /// Whether the whole text matches: Python's `re.fullmatch`.
  package func fullMatches(_ text: String) -> Bool {
    var steps = 0
    return fullMatches(text, steps: &steps)
  }

  /// Whether a match begins at the start of the text: Python's `re.match`.
  package func matchesPrefix(_ text: String) -> Bool {
    var steps = 0
    return matchesPrefix(text, steps: &steps)
  }

  /// Whether a match is anywhere in the text: Python's `re.search`.
  package func isFound(in text: String) -> Bool {
    var steps = 0
    return isFound(in: text, steps: &steps)
  }

  /// The same as `fullMatches(_:)`, adding the number of instructions visited to `steps`.
  package func fullMatches(_ text: String, steps: inout Int) -> Bool {
    let bytes = text.utf8Span.span
    guard compiled.ends.mayEnd(bytes, isFull: true), compiled.ends.mayBegin(bytes) else { return false }
    return run(on: text, everywhere: false, stopsAtFirst: false, steps: &steps)?.last == true
  }

  /// The same as `matchesPrefix(_:)`, adding the number of instructions visited to `steps`.
  package func matchesPrefix(_ text: String, steps: inout Int) -> Bool {
    let bytes = text.utf8Span.span
    guard compiled.ends.mayEnd(bytes, isFull: false), compiled.ends.mayBegin(bytes) else { return false }
    return run(on: text, everywhere: false, stopsAtFirst: true, steps: &steps)?.contains(true) == true
  }

  func isFound(in text: String, steps: inout Int) -> Bool {
    guard compiled.ends.mayEnd(text.utf8Span.span, isFull: false) else { return false }
    return run(on: text, everywhere: true, stopsAtFirst: true, steps: &steps)?.contains(true) == true
  }

  /// The instructions of the pattern and its lookarounds.
  var instructionCount: Int {
    compiled.lookarounds.reduce(compiled.program.instructions.count) { $0 + $1.instructions.count }
  }

  private func run(on text: String, everywhere: Bool, stopsAtFirst: Bool, steps: inout Int) -> [Bool]? {
    guard text.utf8.count <= 4 * Self.maximumTextLength else { return nil }
    let scalars = text.unicodeScalars.map(\.value)
    guard scalars.count <= Self.maximumTextLength else { return nil }
    var matcher = Matcher(text: scalars, classes: compiled.classes, lookarounds: compiled.lookarounds)
    let ends = matcher.ends(of: compiled.program, everywhere: everywhere, stopsAtFirst: stopsAtFirst)
    steps += matcher.steps
    return ends
  }
}
