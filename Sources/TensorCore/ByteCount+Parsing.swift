extension ByteCount {
  /// A size as people write it: `160MB`, `1.5 GiB`, `4096`.
  ///
  /// KB, MB, GB and TB are powers of 1000; KiB, MiB, GiB and TiB powers of 1024; a number alone, or with B, is bytes.
  /// Nil for anything else, for a fraction of a byte, and beyond 64 bits.
  package init?(parsing text: String) {
    let digits = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
    let unit = text.dropFirst(digits.count).drop { $0 == " " }
    guard let factor = Self.units[unit.lowercased()] else { return nil }
    let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = UInt64(parts[0]) else { return nil }
    let (scaled, overflow) = whole.multipliedReportingOverflow(by: factor)
    guard !overflow else { return nil }
    guard parts.count == 2 else {
      self.init(scaled)
      return
    }
    // At most six decimals, so that the product below cannot overflow.
    guard parts[1].count <= 6, let decimals = UInt64(parts[1]) else { return nil }
    let divisor = (0..<parts[1].count).reduce(UInt64(1)) { power, _ in power * 10 }
    let (fraction, rest) = (decimals * factor).quotientAndRemainder(dividingBy: divisor)
    let (sum, tooLarge) = scaled.addingReportingOverflow(fraction)
    guard rest == 0 || factor > 1, !tooLarge else { return nil }
    self.init(sum)
  }

  private static let units: [String: UInt64] = [
    "": 1, "b": 1, "kb": 1000, "mb": 1_000_000, "gb": 1_000_000_000, "tb": 1_000_000_000_000,
    "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
  ]
}
