/// Runs programs over one text.
///
/// The states that are possible at a position are a set, each visited once; so a program of m instructions takes at most
/// m · (n + 1) steps on n characters, whatever the pattern (Thompson 1968). A lookaround is settled for all positions
/// in one such pass before the program that asks for it: a lookbehind forwards, a lookahead backwards through its
/// reversed program.
struct Matcher {
  private let text: [UInt32]
  private let classes: [CharacterClass]
  /// For each lookaround, whether its body matches at position 0...n.
  private var settled: [[Bool]] = []
  /// Instructions visited so far.
  private(set) var steps = 0

  /// - Parameter lookarounds: an inner one before the one that holds it.
  init(text: [UInt32], classes: [CharacterClass], lookarounds: [Program]) {
    self.text = text
    self.classes = classes
    settled.reserveCapacity(lookarounds.count)
    for program in lookarounds { settled.append(ends(of: program, everywhere: true)) }
  }

  /// The positions, 0...n, where a match of the program may end (in its own direction).
  ///
  /// - Parameters:
  ///   - everywhere: matches begin at any position, not only at the first.
  ///   - stopsAtFirst: one position is enough.
  mutating func ends(of program: Program, everywhere: Bool, stopsAtFirst: Bool = false) -> [Bool] {
    let instructions = program.instructions
    var ends = [Bool](repeating: false, count: text.count + 1)
    /// The last round in which an instruction was visited.
    var rounds = [Int32](repeating: -1, count: instructions.count)
    var pending: [Int32] = [0]
    var waiting: [Int32] = []
    for round in 0...text.count {
      let position = program.isReversed ? text.count - round : round
      if everywhere { pending.append(0) }
      waiting.removeAll(keepingCapacity: true)
      while let state = pending.popLast() {
        let index = Int(state)
        guard rounds[index] != Int32(round) else { continue }
        rounds[index] = Int32(round)
        steps += 1
        switch instructions[index] {
        case .scalar, .any, .anyButNewline, .characterClass: waiting.append(state)
        case .jump(let target): pending.append(target)
        case .split(let target):
          pending.append(target)
          pending.append(state + 1)
        case .assertion(let assertion):
          if holds(assertion, at: position) { pending.append(state + 1) }
        case .lookaround(let lookaround, let negated):
          if settled[Int(lookaround)][position] != negated { pending.append(state + 1) }
        case .accept: ends[position] = true
        }
      }
      if round == text.count || (stopsAtFirst && ends[position]) || (waiting.isEmpty && !everywhere) { break }
      let scalar = text[program.isReversed ? position - 1 : position]
      for state in waiting where takes(instructions[Int(state)], scalar) { pending.append(state + 1) }
    }
    return ends
  }

  private func takes(_ instruction: Program.Instruction, _ scalar: UInt32) -> Bool {
    switch instruction {
    case .scalar(let wanted): scalar == wanted
    case .any: true
    case .anyButNewline: scalar != 10
    case .characterClass(let index): classes[Int(index)].contains(scalar)
    default: false
    }
  }

  private func holds(_ assertion: Node.Assertion, at position: Int) -> Bool {
    switch assertion {
    case .textStart: position == 0
    case .textEnd: position == text.count
    case .textEndOrFinalNewline:
      position == text.count || (position == text.count - 1 && text[position] == 10)
    case .lineStart: position == 0 || text[position - 1] == 10
    case .lineEnd: position == text.count || text[position] == 10
    case .wordBoundary(let asciiOnly): isBoundary(position, asciiOnly)
    // Before 3.14, Python's `\B` does not match the empty text.
    case .noWordBoundary(let asciiOnly): !text.isEmpty && !isBoundary(position, asciiOnly)
    }
  }

  private func isBoundary(_ position: Int, _ asciiOnly: Bool) -> Bool {
    func isWord(_ index: Int) -> Bool {
      text.indices.contains(index) && CharacterClass.Category.word.contains(text[index], asciiOnly: asciiOnly)
    }
    return isWord(position - 1) != isWord(position)
  }
}
