/// A size in bytes, printed both exact and human.
package struct ByteCount: Sendable, CustomStringConvertible {
  /// The exact number of bytes.
  package let bytes: UInt64

  /// A size of `bytes` bytes.
  package init(_ bytes: UInt64) { self.bytes = bytes }

  /// Exact and human, such as `33,554,432 B (32.0 MiB)`; below 1 KiB the exact form alone.
  package var description: String {
    bytes < 1024 ? "\(grouped(bytes)) B" : "\(grouped(bytes)) B (\(human))"
  }

  /// The largest binary unit that leaves at least 1, with one decimal: `32.0 MiB`.
  package var human: String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    var unit = 0
    while unit + 1 < units.count, bytes >> UInt64(10 * (unit + 1)) > 0 { unit += 1 }
    guard unit > 0 else { return "\(bytes) B" }
    return "\(fixed(Double(bytes) / Double(UInt64(1) << UInt64(10 * unit)), 1)) \(units[unit])"
  }
}

/// A number of things: `1 module`, `1,000 modules`.
package func counted(_ count: Int, _ noun: String) -> String {
  count == 1 ? "1 \(noun)" : "\(grouped(UInt64(max(count, 0)))) \(noun)s"
}

/// Decimal digits in groups of three: `33,554,432`.
package func grouped(_ value: UInt64) -> String {
  let digits = Array(String(value))
  var result = ""
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
    result.append(digit)
  }
  return result
}

/// A finite double with a fixed number of decimals, rounded half away from zero on its decimal expansion.
///
/// Foundation's formatting would cost more start-up time than most commands run.
package func fixed(_ value: Double, _ decimals: Int) -> String {
  guard value.isFinite, abs(value) < 1e15 else { return value.description }
  var scale = 1.0
  for _ in 0..<decimals { scale *= 10 }
  let scaled = (abs(value) * scale).rounded()
  guard let whole = UInt64(exactly: scaled), let divisor = UInt64(exactly: scale) else { return value.description }
  let sign = value < 0 && whole > 0 ? "-" : ""
  guard decimals > 0 else { return sign + String(whole) }
  let fraction = String(whole % divisor)
  return sign + String(whole / divisor) + "." + String(repeating: "0", count: decimals - fraction.count) + fraction
}
