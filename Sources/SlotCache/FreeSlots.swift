/// Which slots are empty, as bits; the lowest is found a word at a time.
struct FreeSlots: Sendable {
  private var words: [UInt64]
  private(set) var count: Int

  /// All of `slots` slots are free.
  init(slots: Int) {
    words = Array(repeating: .max, count: (slots + 63) / 64)
    if slots % 64 != 0 { words[words.count - 1] = (1 << UInt64(slots % 64)) - 1 }
    count = slots
  }

  /// Takes the lowest free slot, or nil when there is none.
  mutating func takeLowest() -> Int? {
    guard count > 0 else { return nil }
    for index in words.indices where words[index] != 0 {
      let bit = words[index].trailingZeroBitCount
      words[index] &= words[index] &- 1
      count -= 1
      return index * 64 + bit
    }
    return nil
  }

  mutating func release(_ slot: Int) {
    words[slot / 64] |= 1 << UInt64(slot % 64)
    count += 1
  }
}
