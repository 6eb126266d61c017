/// The characters with which every match must begin and end: a test that settles most names without running a program.
///
/// Patterns over module names are mostly names themselves, so with ten thousand of them against a thousand modules
/// nearly all pairs differ within a few characters of the end.
struct FixedEnds: Sendable {
  /// Where the end of a match is known to be, whatever the kind of match.
  private enum Anchor {
    case none
    case textEnd
    case textEndOrFinalNewline
  }

  /// ASCII characters, or `anyCharacter` for a dot.
  private var prefix: [UInt8] = []
  /// The same in reverse, the last character first.
  private var suffix: [UInt8] = []
  private var anchor = Anchor.none
  private static let anyCharacter: UInt8 = 0xFF

  init(_ node: Node) {
    let nodes: [Node] = if case .sequence(let nodes) = node { nodes } else { [node] }
    prefix = Self.characters(nodes.drop { Self.assertion($0) == .textStart })
    var end = nodes[...]
    while let assertion = end.last.flatMap(Self.assertion) {
      switch assertion {
      case .textEnd: anchor = .textEnd
      case .textEndOrFinalNewline where anchor != .textEnd: anchor = .textEndOrFinalNewline
      case .textEndOrFinalNewline: break
      default: return
      }
      end.removeLast()
    }
    suffix = Self.characters(end.reversed())
  }

  private static func assertion(_ node: Node) -> Node.Assertion? {
    if case .assertion(let assertion) = node { assertion } else { nil }
  }

  /// The characters of single nodes, up to the first node that is something else.
  private static func characters(_ nodes: some Sequence<Node>) -> [UInt8] {
    var characters: [UInt8] = []
    for node in nodes {
      switch node {
      case .scalar(let scalar) where scalar < 0x80: characters.append(UInt8(scalar))
      case .any: characters.append(anyCharacter)
      default: return characters
      }
    }
    return characters
  }

  /// Whether the text, as UTF-8, may begin with a match; false is certain.
  func mayBegin(_ text: Span<UInt8>) -> Bool {
    for (index, expected) in prefix.enumerated() {
      guard index < text.count else { return false }
      if expected == Self.anyCharacter {
        // A character of several bytes: from here on the places differ.
        if text[index] >= 0x80 { return true }
      } else if text[index] != expected {
        return false
      }
    }
    return true
  }

  /// Whether a match may end where it must, at the end of the text if `isFull`; false is certain.
  func mayEnd(_ text: Span<UInt8>, isFull: Bool) -> Bool {
    if isFull || anchor == .textEnd { return mayEnd(text, before: text.count) }
    guard anchor == .textEndOrFinalNewline else { return true }
    if mayEnd(text, before: text.count) { return true }
    return !text.isEmpty && text[text.count - 1] == 10 && mayEnd(text, before: text.count - 1)
  }

  private func mayEnd(_ text: Span<UInt8>, before end: Int) -> Bool {
    var index = end
    for expected in suffix {
      index -= 1
      guard index >= 0 else { return false }
      if expected == Self.anyCharacter {
        if text[index] >= 0x80 { return true }
      } else if text[index] != expected {
        return false
      }
    }
    return true
  }
}
