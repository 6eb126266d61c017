/// A regular expression as a tree, with flags already applied and groups dissolved: no captures are kept.
indirect enum Node: Equatable {
  /// Matches the empty text; the only node that compiles to nothing.
  case empty
  /// One Unicode scalar; a lone surrogate (`\ud800`) is legal and never matches.
  case scalar(UInt32)
  /// `.`, with or without the newline.
  case any(newline: Bool)
  /// An index into the pattern's character classes.
  case characterClass(Int)
  case assertion(Assertion)
  /// An index into the pattern's lookarounds.
  case lookaround(Int, negated: Bool)
  case sequence([Node])
  case alternation([Node])
  /// At least `minimum` times; greedy or lazy makes no difference to whether a text matches.
  case repetition(Node, minimum: Int, maximum: Int?)

  /// What `^ $ \A \Z \b \B` ask of a position, the flags decided.
  enum Assertion: Equatable {
    case textStart
    case textEnd
    /// `$`: the end, or before a newline that ends the text.
    case textEndOrFinalNewline
    case lineStart
    case lineEnd
    case wordBoundary(asciiOnly: Bool)
    case noWordBoundary(asciiOnly: Bool)
  }

  /// The nodes one after another, nested sequences dissolved.
  static func joined(_ nodes: [Node]) -> Node {
    var parts: [Node] = []
    for node in nodes {
      switch node {
      case .empty: continue
      case .sequence(let inner): parts += inner
      default: parts.append(node)
      }
    }
    return parts.count > 1 ? .sequence(parts) : parts.first ?? .empty
  }

  /// The alternatives, with what they all begin with taken out; long lists of names share much.
  static func oneOf(_ nodes: [Node]) -> Node {
    let branches = nodes.map(\.parts)
    guard let first = branches.first else { return .empty }
    var shared = 0
    while shared < first.count, branches.allSatisfy({ shared < $0.count && $0[shared] == first[shared] }) {
      shared += 1
    }
    let rests = branches.map { joined(Array($0[shared...])) }
    let choice = rests.allSatisfy { $0 == .empty } ? .empty : rests.count == 1 ? rests[0] : Node.alternation(rests)
    return joined(first[..<shared] + [choice])
  }

  private var parts: [Node] {
    switch self {
    case .empty: []
    case .sequence(let nodes): nodes
    default: [self]
    }
  }

  static func repeated(_ node: Node, _ minimum: Int, _ maximum: Int?) -> Node {
    if case .empty = node { return .empty }
    return maximum == 0 ? .empty : .repetition(node, minimum: minimum, maximum: maximum)
  }

  /// Whether the node always takes exactly one scalar.
  var isSingle: Bool {
    switch self {
    case .scalar, .any, .characterClass: true
    case .alternation(let nodes): nodes.allSatisfy(\.isSingle)
    default: false
    }
  }

  /// Fewest and most scalars that the node takes, as Python computes them: unbounded counts as 2³² - 1 repetitions.
  var width: (least: UInt64, most: UInt64) {
    switch self {
    case .empty, .assertion, .lookaround: (0, 0)
    case .scalar, .any, .characterClass: (1, 1)
    case .sequence(let nodes):
      nodes.reduce((0, 0)) { sum, node in
        let width = node.width
        return (saturating(sum.0, width.least, +), saturating(sum.1, width.most, +))
      }
    case .alternation(let nodes):
      nodes.reduce((UInt64.max, 0)) { range, node in
        let width = node.width
        return (min(range.0, width.least), max(range.1, width.most))
      }
    case .repetition(let node, let minimum, let maximum):
      (
        saturating(node.width.least, UInt64(minimum), *),
        saturating(node.width.most, maximum.map { UInt64($0) } ?? UInt64(UInt32.max), *)
      )
    }
  }

  private func saturating(_ left: UInt64, _ right: UInt64, _ operation: (UInt128, UInt128) -> UInt128) -> UInt64 {
    UInt64(clamping: operation(UInt128(left), UInt128(right)))
  }
}
