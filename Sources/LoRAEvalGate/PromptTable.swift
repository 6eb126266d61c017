import CAnswers

/// What the gate keeps of each prompt: fingerprints and places, 56 bytes, whatever the length of its lines.
struct PromptRecord {
  /// Stands for adapter and id.
  var prompt: Fingerprint
  /// Low half of the fingerprint of the calls; meaningless when `isInvalid`.
  var answer: UInt64
  /// Low half of the fingerprint of the calls that are right; meaningless unless `hasExpected`.
  var expected: UInt64
  /// Where the line begins in its file.
  var offset: UInt64
  /// Index of the adapter.
  var group: UInt32
  var flags: Flags

  struct Flags: OptionSet {
    let rawValue: UInt8
    /// The line says which calls are right.
    static let hasExpected = Flags(rawValue: 1)
    /// The arguments were not valid JSON.
    static let isInvalid = Flags(rawValue: 2)
    /// The candidate has answered, too.
    static let isAnswered = Flags(rawValue: 4)
    /// Only the candidate has it.
    static let isExtra = Flags(rawValue: 8)
  }
}

/// The prompts by fingerprint: an open-addressing hash table over an array of records.
struct PromptTable {
  private(set) var records: [PromptRecord] = []
  /// Index of a record plus one, or 0 for a free slot; above it 32 bits of the fingerprint, so that hardly ever a record
  /// is looked at that is another's.
  ///
  /// The size is a power of two, at most three quarters full.
  private var slots = [UInt64](repeating: 0, count: 1 << 10)
  /// Where the next prompt is if both files have them in the same order.
  private var expected = 0

  /// The most records that indices of 32 bits can tell apart.
  static let limit = Int(UInt32.max) - 1

  /// The index of the prompt's record, or nil after adding a new one.
  mutating func find(orAdd record: @autoclosure () -> PromptRecord, _ prompt: Fingerprint) -> Int? {
    if expected < records.count, records[expected].prompt == prompt {
      expected += 1
      return expected - 1
    }
    if (records.count + 1) * 4 > slots.count * 3 { grow(to: slots.count * 2) }
    let tag = Self.tag(of: prompt)
    var slot = Int(truncatingIfNeeded: prompt.low) & (slots.count - 1)
    while slots[slot] != 0 {
      if slots[slot] & ~0xFFFF_FFFF == tag {
        let index = Int(slots[slot] & 0xFFFF_FFFF) - 1
        if records[index].prompt == prompt {
          expected = index + 1
          return index
        }
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    records.append(record())
    slots[slot] = tag | UInt64(records.count)
    return nil
  }

  /// Makes room for as many records as the file will have if it goes on as it began, up to a million: where it does not
  /// go on so, little is lost.
  ///
  /// - Parameters:
  ///   - count: records of the first bytes.
  ///   - part: how many these are.
  ///   - whole: all bytes of the file.
  mutating func reserve(_ count: UInt64, of part: UInt64, in whole: UInt64) {
    let estimate: Double = Double(whole) / Double(max(part, 1)) * Double(count)
    let expected = Int(min(estimate * 1.02, 1_048_576))
    records.reserveCapacity(expected)
    var count = slots.count
    while count * 3 < expected * 4 { count *= 2 }
    if count > slots.count { grow(to: count) }
  }

  /// Says that a prompt will soon be looked for, whose slot is hardly ever in a cache.
  func prepare(for prompt: Fingerprint) {
    unsafe slots.withUnsafeBufferPointer { slots in
      guard let first = slots.baseAddress else { return }
      unsafe lora_bring_near(first + (Int(truncatingIfNeeded: prompt.low) & (slots.count - 1)))
    }
  }

  /// Marks a record.
  mutating func mark(_ index: Int, _ flags: PromptRecord.Flags) { records[index].flags.formUnion(flags) }

  private static func tag(of prompt: Fingerprint) -> UInt64 { prompt.high << 32 }

  private mutating func grow(to count: Int) {
    slots = [UInt64](repeating: 0, count: count)
    for (index, record) in records.enumerated() {
      var slot = Int(truncatingIfNeeded: record.prompt.low) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Self.tag(of: record.prompt) | UInt64(index + 1)
    }
  }
}
