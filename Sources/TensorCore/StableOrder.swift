/// Sorting where few elements are sorted, so that code counts for more than time.
///
/// The standard library's sort is compiled for each type and each order anew, which are 3 kB and a twentieth of a
/// second. Here one sort moves positions and asks for the elements behind them. Long lists are better sorted by
/// `sorted`.
extension Sequence {
  /// The elements in this order; equal ones stay in theirs.
  @inline(never)
  package func ordered(by precedes: (Element, Element) -> Bool) -> [Element] {
    let elements = Array(self)
    return stableOrder(of: elements.count) { precedes(elements[$0], elements[$1]) }.map { elements[$0] }
  }
}

extension Sequence where Element: Comparable {
  /// The elements from the least to the greatest; equal ones stay in their order.
  @inline(never)
  package func ordered() -> [Element] { ordered(by: <) }
}

/// Positions 0 to `count` - 1 in the order of what stands there; equal ones stay in theirs.
@inline(never)
private func stableOrder(of count: Int, _ precedes: (Int, Int) -> Bool) -> [Int] {
  (0..<count).sorted { precedes($0, $1) }
}
