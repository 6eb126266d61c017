/// Counts dotted names as one kind that differ in nothing but whole numbers between their dots, as the same tensor does
/// from layer to layer and from expert to expert.
///
/// What depends on the words of a name alone is then asked once for a kind: a hundred thousand names have a few dozen.
package struct NameKinds {
  /// The first name of every kind, in order of appearance.
  package private(set) var first: [String] = []
  private var positions: [UInt64: Int] = [:]
  /// The kind that came after a name of this kind the last time, and most often does again.
  private var followers: [Int] = []
  private var last = 0

  /// No names yet.
  package init() {}

  /// The number of the name's kind: `first.count` before the call for one that was not seen before.
  package mutating func kind(of name: String) -> Int {
    if last < followers.count, case let guess = followers[last],
      Self.isSameKind(first[guess].utf8Span.span, name.utf8Span.span)
    {
      last = guess
      return guess
    }
    let kind = search(name)
    if last < followers.count { followers[last] = kind }
    if kind == followers.count { followers.append(kind) }
    last = kind
    return kind
  }

  private mutating func search(_ name: String) -> Int {
    let hash = Self.hash(name.utf8Span.span)
    if let position = positions[hash] {
      if Self.isSameKind(first[position].utf8Span.span, name.utf8Span.span) { return position }
    } else {
      positions[hash] = first.count
    }
    // A name whose hash another kind has is one of its own, which costs time and changes no answer.
    first.append(name)
    return first.count - 1
  }

  private static func hash(_ name: Span<UInt8>) -> UInt64 {
    // FNV-1a of the words and dots, and of one thing that is no byte for every number.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func mix(_ value: UInt64) { hash = (hash ^ value) &* 0x100_0000_01B3 }
    var start = 0
    // The hash in front of a component that is digits alone so far.
    var before: UInt64? = hash
    for index in 0...name.count {
      guard index == name.count || name[index] == UInt8(ascii: ".") else {
        mix(UInt64(name[index]))
        if name[index] &- UInt8(ascii: "0") >= 10 { before = nil }
        continue
      }
      // What ``Span/number(in:)`` takes for a number.
      if let before, (1...18).contains(index - start) {
        hash = before
        mix(0x100)
      }
      if index < name.count { mix(UInt64(UInt8(ascii: "."))) }
      (start, before) = (index + 1, hash)
    }
    return hash
  }

  private static func isSameKind(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    var (one, other) = (0, 0)
    while true {
      let common = left.extracting(one...).commonPrefix(with: right.extracting(other...))
      if one + common == left.count, other + common == right.count { return true }
      // The component in which they part has to be a number of both.
      var start = common
      while start > 0, left[one + start - 1] != UInt8(ascii: ".") { start -= 1 }
      (one, other) = (one + start, other + start)
      let (end, otherEnd) = (left.endOfComponent(from: one), right.endOfComponent(from: other))
      guard left.number(in: one..<end) != nil, right.number(in: other..<otherEnd) != nil else { return false }
      // A dot at the end is a component more.
      guard (end < left.count) == (otherEnd < right.count) else { return false }
      if end == left.count { return true }
      (one, other) = (end, otherEnd)
    }
  }
}
