/// Numbers 0, 1, … in an order, newest first: a doubly linked list inside two arrays, so that moving one is a handful of
/// stores and nothing is ever allocated after the arrays have grown.
struct Order: Sendable {
  /// No neighbour.
  private static let none: Int32 = -1
  /// In `newer`: not in the list.
  private static let absent: Int32 = -2

  private var newer: [Int32] = []
  private var older: [Int32] = []
  private var newest = none
  private(set) var oldest = none
  private(set) var count = 0

  /// Makes room for the numbers below `count`.
  mutating func grow(to count: Int) {
    guard count > newer.count else { return }
    newer.append(contentsOf: repeatElement(Self.absent, count: count - newer.count))
    older.append(contentsOf: repeatElement(Self.none, count: count - older.count))
  }

  func contains(_ element: Int) -> Bool { newer[element] != Self.absent }

  /// The next newer element, or a negative number after the newest.
  func newer(than element: Int32) -> Int32 { newer[Int(element)] }

  mutating func insert(_ element: Int) {
    let number = Int32(truncatingIfNeeded: element)
    newer[element] = Self.none
    older[element] = newest
    if newest == Self.none { oldest = number } else { newer[Int(newest)] = number }
    newest = number
    count += 1
  }

  mutating func remove(_ element: Int) {
    unlink(element)
    newer[element] = Self.absent
    count -= 1
  }

  mutating func moveToNewest(_ element: Int) {
    guard newest != Int32(truncatingIfNeeded: element) else { return }
    unlink(element)
    insert(element)
    count -= 1
  }

  private mutating func unlink(_ element: Int) {
    let (after, before) = (newer[element], older[element])
    if after == Self.none { newest = before } else { older[Int(after)] = before }
    if before == Self.none { oldest = after } else { newer[Int(before)] = after }
  }
}
