import TensorCore

/// The kinds that the names of modules are of, name by name; see `NameKinds`.
package struct ModuleKinds: Sendable {
  private var names = NameKinds()
  /// The kind of each name.
  package private(set) var kinds: [Int32] = []
  /// The numbers of all names, one name after the other.
  private var numbers: [UInt64] = []

  /// No names yet.
  package init() {}

  /// The kinds of these names.
  package init(_ names: some Sequence<String>) {
    for name in names { append(name) }
  }

  /// The first name of every kind, in order of appearance.
  package var first: [String] { names.first }

  /// The kind of a name: `first.count` before the call for one that was not seen before.
  mutating func kind(of name: Span<UInt8>) -> Int { names.kind(of: name) }

  /// Adds the name of this kind whose kind was asked for last.
  mutating func appendLast(_ kind: Int) {
    kinds.append(Int32(truncatingIfNeeded: kind))
    for number in names.numbers { numbers.append(number) }
  }

  /// Adds a name.
  mutating func append(_ name: String) { appendLast(kind(of: name.utf8Span.span)) }

  /// Brings the names into another order: to each place comes what was at the place that `order` has there.
  mutating func reorder(_ order: [Int]) {
    kinds = order.map { kinds[$0] }
    numbers = []
  }
}

// MARK: Order

extension ModuleKinds {
  /// The natural order of the names, equal ones as they stand, as ``naturallyPrecedes(_:_:)`` has it; nil where names
  /// are too many kinds, or numbers too large, for one number to tell it.
  ///
  /// Words are compared once for two kinds instead of for two names. A name is then a number: the place of its first
  /// words among those of all kinds, its first number, the place of the words behind that, and so on, and last its
  /// position.
  func naturalOrder() -> [Int]? {
    let kindCount = first.count
    guard kindCount > 0, kindCount <= 128, kindCount * 16 <= kinds.count, let places = places() else { return nil }
    let depth = (places.map(\.count).max() ?? 1) - 1
    // The bits that are set in any number at each depth.
    var widest = [UInt64](repeating: 0, count: depth)
    forEach { _, _, numbers in
      for (level, number) in numbers.enumerated() { widest[level] |= number }
    }
    let widths = widest.map { Self.bits($0) }
    let (placeBits, positionBits) = (Self.bits(UInt64(kindCount - 1)), Self.bits(UInt64(kinds.count - 1)))
    guard widths.reduce(placeBits * (depth + 1) + positionBits, +) <= UInt64.bitWidth else { return nil }
    var keys: [UInt64] = []
    keys.reserveCapacity(kinds.count)
    forEach { position, kind, numbers in
      let places = places[kind]
      var key: UInt64 = 0
      for level in 0...depth {
        key = key << UInt64(placeBits) | (level < places.count ? places[level] : 0)
        if level < depth {
          key =
            key << UInt64(widths[level])
            | (level < numbers.count ? numbers[numbers.startIndex + level] : 0)
        }
      }
      keys.append(key << UInt64(positionBits) | UInt64(position))
    }
    keys.sort()
    let mask = (UInt64(1) << UInt64(positionBits)) - 1
    return keys.map { Int($0 & mask) }
  }

  private static func bits(_ value: UInt64) -> Int { UInt64.bitWidth - value.leadingZeroBitCount }

  /// Calls `body` with the position of each name, its kind and its numbers.
  private func forEach(_ body: (Int, Int, ArraySlice<UInt64>) -> Void) {
    let counts = first.indices.map { names.words(of: $0).count - 1 }
    var start = 0
    for (position, kind) in kinds.enumerated() {
      let end = start + counts[Int(kind)]
      body(position, Int(kind), numbers[start..<end])
      start = end
    }
  }

  /// What stands before, between or behind the numbers of a kind.
  private struct Words: Equatable {
    let bytes: [UInt8]
    /// Whether a number follows.
    let areNumbered: Bool

    func precede(_ other: Words) -> Bool { naturallyPrecedes(text, other.text) }

    /// With any number, if one follows: it is compared with other bytes as each would be.
    private var text: String { String(decoding: bytes + (areNumbered ? [UInt8(ascii: "0")] : []), as: UTF8.self) }

    /// Whether the number that follows would be compared with digits of the others: `blocks.` and 7, `blocks.1b`.
    func meetDigits(of other: Words) -> Bool {
      areNumbered && other.bytes.count > bytes.count && other.bytes.starts(with: bytes)
        && other.bytes[bytes.count] &- UInt8(ascii: "0") < 10
    }
  }

  /// For the words of each kind the place, in the order of all kinds, of the first kind that begins with the same words;
  /// nil where numbers decide between words.
  private func places() -> [[UInt64]]? {
    let words = first.indices.map { kind in
      let texts = names.words(of: kind)
      return texts.enumerated().map { Words(bytes: $1, areNumbered: $0 + 1 < texts.count) }
    }
    func shared(_ one: Int, _ other: Int) -> Int { zip(words[one], words[other]).prefix { $0 == $1 }.count }
    for one in words.indices {
      for other in words.indices.dropFirst(one + 1) {
        let level = shared(one, other)
        guard level < words[one].count, level < words[other].count else { return nil }
        let (left, right) = (words[one][level], words[other][level])
        if left.meetDigits(of: right) || right.meetDigits(of: left) { return nil }
      }
    }
    let order = words.indices.sorted { one, other in
      let level = shared(one, other)
      return level < words[one].count && words[one][level].precede(words[other][level])
    }
    var places = words.map { [UInt64](repeating: 0, count: $0.count) }
    for (place, kind) in order.enumerated() {
      let before = place > 0 ? order[place - 1] : kind
      let same = place > 0 ? shared(before, kind) : 0
      for level in words[kind].indices {
        places[kind][level] = level < same ? places[before][level] : UInt64(place)
      }
    }
    return places
  }
}
