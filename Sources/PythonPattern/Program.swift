/// A compiled tree: instructions that a set of states walks through, a character at a time.
struct Program: Sendable {
  enum Instruction: Equatable, Sendable {
    case scalar(UInt32)
    case any
    case anyButNewline
    case characterClass(Int32)
    case assertion(Node.Assertion)
    case lookaround(Int32, negated: Bool)
    /// Goes on at the next instruction and at the given one.
    case split(Int32)
    case jump(Int32)
    case accept
  }

  private(set) var instructions: [Instruction] = []
  /// Whether the text is to be read from its end to its start.
  let isReversed: Bool
  private let limit: Int

  /// - Parameter limit: the most instructions; counted repetitions are written out, so a short pattern can be long here.
  /// - Throws: `tooLarge`, before more than `limit` instructions exist.
  init(_ node: Node, isReversed: Bool = false, limit: Int) throws(PatternError) {
    self.isReversed = isReversed
    self.limit = limit
    try emit(node)
    try append(.accept)
  }

  private mutating func append(_ instruction: Instruction) throws(PatternError) {
    guard instructions.count < limit else { throw .tooLarge(.instructions, maximum: limit) }
    instructions.append(instruction)
  }

  /// Puts in a split or jump whose target comes later.
  private mutating func reserve() throws(PatternError) -> Int {
    try append(.jump(-1))
    return instructions.count - 1
  }

  private var end: Int32 { Int32(instructions.count) }

  // Every node but the empty one emits something, so the limit bounds the time as well as the memory. The depth of the
  // recursion is that of the groups.
  private mutating func emit(_ node: Node) throws(PatternError) {
    switch node {
    case .empty: break
    case .scalar(let scalar): try append(.scalar(scalar))
    case .any(let newline): try append(newline ? .any : .anyButNewline)
    case .characterClass(let index): try append(.characterClass(Int32(index)))
    case .assertion(let assertion): try append(.assertion(assertion))
    case .lookaround(let index, let negated): try append(.lookaround(Int32(index), negated: negated))
    case .sequence(let nodes):
      if isReversed {
        for node in nodes.reversed() { try emit(node) }
      } else {
        for node in nodes { try emit(node) }
      }
    case .alternation(let nodes): try emitAlternation(nodes)
    case .repetition(let node, let minimum, let maximum): try emitRepetition(node, minimum, maximum)
    }
  }

  private mutating func emitAlternation(_ nodes: [Node]) throws(PatternError) {
    var jumps: [Int] = []
    for node in nodes.dropLast() {
      let split = try reserve()
      try emit(node)
      jumps.append(try reserve())
      instructions[split] = .split(end)
    }
    if let last = nodes.last { try emit(last) }
    for jump in jumps { instructions[jump] = .jump(end) }
  }

  private mutating func emitRepetition(_ node: Node, _ minimum: Int, _ maximum: Int?) throws(PatternError) {
    for _ in 0..<(maximum == nil ? max(minimum, 1) - 1 : minimum) { try emit(node) }
    guard let maximum else {
      // `x*` tests before the last copy, `x+` behind it.
      let split = minimum == 0 ? try reserve() : nil
      let start = end
      try emit(node)
      if let split {
        try append(.jump(Int32(split)))
        instructions[split] = .split(end)
      } else {
        try append(.split(start))
      }
      return
    }
    var splits: [Int] = []
    for _ in minimum..<maximum {
      splits.append(try reserve())
      try emit(node)
    }
    for split in splits { instructions[split] = .split(end) }
  }
}
