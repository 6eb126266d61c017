import TensorCore

/// Orders names as people do: runs of digits by their value, everything else by bytes, so that layer 2 precedes 10.
public func naturallyPrecedes(_ left: String, _ right: String) -> Bool {
  let left = left.utf8Span.span
  let right = right.utf8Span.span
  // What both begin with decides nothing, but for a number that goes on behind it.
  var one = left.commonPrefix(with: right)
  while one > 0, isDigit(left[one - 1]) { one -= 1 }
  var other = one
  while one < left.count, other < right.count {
    guard isDigit(left[one]), isDigit(right[other]) else {
      if left[one] != right[other] { return left[one] < right[other] }
      one += 1
      other += 1
      continue
    }
    let first = number(left, from: &one)
    let second = number(right, from: &other)
    // Without leading zeros the longer number is the larger one.
    if first.count != second.count { return first.count < second.count }
    for offset in 0..<first.count {
      let (a, b) = (left[first.lowerBound + offset], right[second.lowerBound + offset])
      if a != b { return a < b }
    }
  }
  return left.count - one < right.count - other
}

extension Array {
  /// Brings the elements into an order, in the memory that they take: to each place comes the element at the place that
  /// `order` has there.
  mutating func arrange(_ order: consuming [Int]) {
    // Each cycle of the permutation is turned by one place after the other; in a buffer, which moves elements where an
    // array copies them.
    unsafe withUnsafeMutableBufferPointer { elements in
      for start in order.indices where order[start] != start {
        var hole = start
        while order[hole] != start {
          let source = order[hole]
          unsafe elements.swapAt(hole, source)
          order[hole] = hole
          hole = source
        }
        order[hole] = hole
      }
    }
  }
}

private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

/// Steps over a run of digits and returns it without leading zeros.
private func number(_ text: Span<UInt8>, from index: inout Int) -> Range<Int> {
  var start = index
  while index < text.count, isDigit(text[index]) { index += 1 }
  while start < index, text[start] == UInt8(ascii: "0") { start += 1 }
  return start..<index
}
