/// Counts dotted names as one kind that differ in nothing but whole numbers between their dots, as the same tensor does
/// from layer to layer and from expert to expert.
///
/// What depends on the words of a name alone is then asked once for a kind: a hundred thousand names have a few dozen.
package struct NameKinds: Sendable {
  /// The first name of every kind, in order of appearance.
  package private(set) var first: [String] = []
  /// The numbers of the last name that was asked for.
  package private(set) var numbers: [UInt64] = []
  /// The first names, one after the other.
  private var bytes: [UInt8] = []
  /// What stands in them before, between and behind the numbers of each: one text more than there are numbers, of which
  /// the first and the last may be empty.
  private var texts: [Range<Int>] = []
  /// Where the texts of each kind end.
  private var ends: [Int] = []
  private var positions: [UInt64: Int] = [:]
  /// The kind that came after a name of this kind the last time, and most often does again.
  private var followers: [Int] = []
  private var last = 0

  /// No names yet.
  package init() {}

  /// The number of the name's kind: `first.count` before the call for one that was not seen before.
  package mutating func kind(of name: String) -> Int { kind(of: name.utf8Span.span) }

  /// The number of the kind of a name with these bytes of UTF-8.
  package mutating func kind(of name: Span<UInt8>) -> Int {
    if last < followers.count, case let guess = followers[last], isOfKind(guess, name) {
      last = guess
      return guess
    }
    let kind = search(name)
    if last < followers.count { followers[last] = kind }
    if kind == followers.count { followers.append(kind) }
    last = kind
    return kind
  }

  private mutating func search(_ name: Span<UInt8>) -> Int {
    let hash = Self.hash(name)
    if let position = positions[hash] {
      if isOfKind(position, name) { return position }
    } else {
      positions[hash] = first.count
    }
    // A name whose hash another kind has is one of its own, which costs time and changes no answer.
    first.append(unsafe name.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) })
    let before = bytes.count
    for index in 0..<name.count { bytes.append(name[index]) }
    numbers.removeAll(keepingCapacity: true)
    var (text, start) = (0, 0)
    while start <= name.count {
      let end = name.endOfComponent(from: start)
      if let number = name.number(in: start..<end) {
        numbers.append(number)
        texts.append(before + text..<before + start)
        text = end
      }
      start = end + 1
    }
    texts.append(before + text..<bytes.count)
    ends.append(texts.count)
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

  /// Where the texts of a kind lie in ``texts``.
  private func texts(of kind: Int) -> Range<Int> { (kind == 0 ? 0 : ends[kind - 1])..<ends[kind] }

  /// What stands before, between and behind the numbers of a kind's names: one text more than there are numbers.
  package func words(of kind: Int) -> [[UInt8]] { texts(of: kind).map { Array(bytes[texts[$0]]) } }

  /// Whether a name has the texts of a kind, with numbers between them, which are kept.
  private mutating func isOfKind(_ kind: Int, _ name: Span<UInt8>) -> Bool {
    numbers.removeAll(keepingCapacity: true)
    let parts = texts(of: kind)
    var place = 0
    for part in parts {
      let text = texts[part]
      guard text.count <= name.count - place,
        name.extracting(place..<place + text.count).isEqual(to: bytes.span.extracting(text))
      else { return false }
      place += text.count
      if part == parts.upperBound - 1 { break }
      // The text that follows begins with the dot that ends the number, or is empty and ends the name.
      let start = place
      while place < name.count, name[place] &- UInt8(ascii: "0") < 10 { place += 1 }
      guard let number = name.number(in: start..<place) else { return false }
      numbers.append(number)
    }
    return place == name.count
  }
}
