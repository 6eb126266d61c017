import TensorCore

/// Finds tensors by name: an open hash table of positions in a list that its owner keeps.
///
/// Savers write names in ascending order. As long as they come so, none can be one of before and no table is made: they
/// are found by halves.
///
/// A dictionary of strings would hold every name a second time, hash it four times slower, and take two names for one
/// when they only differ in their Unicode normal form, which the reference library does not. The hash is seeded anew
/// for every process, so that a file cannot be made to collide.
struct NameTable: Sendable {
  /// Upper half: a part of the hash; lower half: position + 1, or 0 for a free cell.
  ///
  /// The count is a power of two; none at all while the names are those of the first `count` tensors and ascend.
  private var cells: [UInt64] = []
  private var count = 0

  private static let seed = UInt64.random(in: .min ... .max)

  /// The position of `name` in `tensors`, or nil.
  func position(of name: String, in tensors: [TensorInfo]) -> Int? {
    if cells.isEmpty { return positionByHalves(of: name, in: tensors) }
    let hash = Self.hash(name)
    let mask = cells.count - 1
    var cell = Int(truncatingIfNeeded: hash) & mask
    while cells[cell] != 0 {
      if (cells[cell] ^ hash) >> 32 == 0 {
        let position = Int(cells[cell] & 0xFFFF_FFFF) - 1
        if Self.isSame(tensors[position].name, name) { return position }
      }
      cell = (cell + 1) & mask
    }
    return nil
  }

  private func positionByHalves(of name: String, in tensors: [TensorInfo]) -> Int? {
    var (first, end) = (0, count)
    while first < end {
      let middle = (first + end) / 2
      if tensors[middle].name.utf8Span.span.precedes(name.utf8Span.span) { first = middle + 1 } else { end = middle }
    }
    return first < count && Self.isSame(tensors[first].name, name) ? first : nil
  }

  /// Adds the tensor at `position`, unless an earlier one has its name, whose position is then given.
  ///
  /// - Parameter hash: that of its name.
  mutating func insert(_ position: Int, hash: @autoclosure () -> UInt64, of tensors: [TensorInfo]) -> Int? {
    if cells.isEmpty {
      if position == count,
        count == 0 || tensors[count - 1].name.utf8Span.span.precedes(tensors[count].name.utf8Span.span)
      {
        count += 1
        return nil
      }
      makeCells(tensors)
    }
    let hash = hash()
    // A free cell needs no name to be compared, which is the case for all but a few.
    let mask = cells.count - 1
    var cell = Int(truncatingIfNeeded: hash) & mask
    while cells[cell] != 0 {
      if (cells[cell] ^ hash) >> 32 == 0 {
        let other = Int(cells[cell] & 0xFFFF_FFFF) - 1
        if Self.isSame(tensors[other].name, tensors[position].name) { return other }
      }
      cell = (cell + 1) & mask
    }
    cells[cell] = hash & ~0xFFFF_FFFF | UInt64(position + 1)
    count += 1
    if count > cells.count / 4 * 3 { grow(tensors) }
    return nil
  }

  /// The table of what ascended so far.
  private mutating func makeCells(_ tensors: [TensorInfo]) {
    var size = 16
    while size < 2 * tensors.count { size *= 2 }
    cells = [UInt64](repeating: 0, count: size)
    for position in 0..<count {
      let hash = Self.hash(tensors[position].name)
      var cell = Int(truncatingIfNeeded: hash) & (size - 1)
      while cells[cell] != 0 { cell = (cell + 1) & (size - 1) }
      cells[cell] = hash & ~0xFFFF_FFFF | UInt64(position + 1)
    }
  }

  private mutating func grow(_ tensors: [TensorInfo]) {
    let mask = cells.count * 2 - 1
    var larger = [UInt64](repeating: 0, count: mask + 1)
    for entry in cells where entry != 0 {
      let position = Int(entry & 0xFFFF_FFFF) - 1
      var cell = Int(truncatingIfNeeded: Self.hash(tensors[position].name)) & mask
      while larger[cell] != 0 { cell = (cell + 1) & mask }
      larger[cell] = entry
    }
    cells = larger
  }

  private static func isSame(_ a: String, _ b: String) -> Bool {
    a.utf8Span.span.isEqual(to: b.utf8Span.span)
  }

  static func hash(_ name: String) -> UInt64 {
    unsafe name.utf8Span.span.withUnsafeBytes { unsafe hash($0) }
  }

  /// Multiplies and folds eight bytes at a time.
  static func hash(_ name: UnsafeRawBufferPointer) -> UInt64 {
    func mixed(_ state: UInt64, _ word: UInt64) -> UInt64 {
      let (high, low) = (state ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
      return high ^ low ^ seed
    }
    var state = seed ^ UInt64(truncatingIfNeeded: name.count)
    var index = 0
    while index + 8 <= name.count {
      state = mixed(state, unsafe name.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index += 8
    }
    var rest: UInt64 = 0
    while index < name.count {
      rest = rest << 8 | UInt64(unsafe name[index])
      index += 1
    }
    return mixed(mixed(state, rest), state >> 32)
  }
}
