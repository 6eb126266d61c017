/// Which entries are the largest of a matrix: all above a size, and as many of that size as are wanted, in their order.
struct MagnitudeCut: Sendable {
  /// The bits of the smallest size that is kept.
  private let threshold: UInt64
  /// How many entries of just that size are still kept.
  private var quota: Int

  /// Finds the `count` largest of some numbers exactly, by four counts of 16 bits of them each.
  init(keeping count: Int, of numbers: [Double]) {
    guard count > 0 else {
      (threshold, quota) = (.max, 0)
      return
    }
    guard count < numbers.count else {
      (threshold, quota) = (0, .max)
      return
    }
    var prefix: UInt64 = 0
    var left = count
    for shift in [48, 32, 16, 0] as [UInt64] {
      var counts = Array(repeating: 0, count: 1 << 16)
      for number in numbers {
        let bits = number.magnitude.bitPattern
        if shift == 48 || bits >> (shift + 16) == prefix { counts[Int(bits >> shift & 0xFFFF)] += 1 }
      }
      var digit = counts.count - 1
      while digit > 0, counts[digit] < left {
        left -= counts[digit]
        digit -= 1
      }
      prefix = prefix << 16 | UInt64(digit)
    }
    (threshold, quota) = (prefix, left)
  }

  /// Sets the others to zero; called with the entries in their order.
  mutating func apply(to entries: inout [Double]) {
    for index in entries.indices {
      let bits = entries[index].magnitude.bitPattern
      if bits > threshold { continue }
      if bits == threshold, quota > 0 {
        quota -= 1
      } else {
        entries[index] = 0
      }
    }
  }
}
