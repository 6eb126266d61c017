import TensorCore

/// A time as people write it, in seconds: `0.04`, `40ms`, `10m`, `24h`; nil for anything else.
func seconds(parsing text: String) -> Double? {
  let units: [(String, Double)] = [
    ("us", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("min", 60), ("h", 3600), ("d", 86400),
  ]
  let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
  let unit = text.dropFirst(digits.count)
  guard let value = Double(digits), value.isFinite, value < 1e12 else { return nil }
  if unit.isEmpty { return value }
  return units.first { $0.0 == unit }.map { value * $0.1 }
}

/// A range of times: `40ms`, or `30ms-50ms`.
func secondsRange(parsing text: String) -> (low: Double, high: Double)? {
  let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { String($0) }
  guard let first = parts.first, let low = seconds(parsing: first) else { return nil }
  if parts.count == 1 { return (low, low) }
  guard parts.count == 2, let high = seconds(parsing: parts[1]), high >= low else { return nil }
  return (low, high)
}

/// Events in a second: `10`, `10/s`, `600/min`, `36000/h`.
func rate(parsing text: String) -> Double? {
  let parts = text.split(separator: "/", omittingEmptySubsequences: false)
  guard let count = Double(parts[0]), count.isFinite, count > 0, parts.count <= 2 else { return nil }
  guard parts.count == 2 else { return count }
  switch parts[1] {
  case "s", "sec", "second": return count
  case "m", "min", "minute": return count / 60
  case "h", "hour": return count / 3600
  default: return nil
  }
}

/// Whole numbers of a sweep: `4..32`, `4..64/4` or `4,8,16`; at most 512 of them.
func sweepValues(parsing text: Substring) -> [Int]? {
  if let dots = text.firstRange(of: "..") {
    let rest = text[dots.upperBound...].split(separator: "/", omittingEmptySubsequences: false)
    guard let low = Int(text[..<dots.lowerBound]), let first = rest.first, let high = Int(first), rest.count <= 2,
      low >= 1, high >= low, high <= 1 << 24
    else { return nil }
    guard let step = rest.count == 2 ? Int(rest[1]) : 1, step >= 1, (high - low) / step < 512 else { return nil }
    return Array(stride(from: low, through: high, by: step))
  }
  let values = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
  guard values.count <= 512, values.allSatisfy({ ($0 ?? 0) >= 1 && ($0 ?? 0) <= 1 << 24 }) else { return nil }
  return values.compactMap(\.self)
}
