import TensorCore

/// A time in seconds as people read it, and exact where that differs: `12.3 ms`, `4.21 s`, `83.2 s (1 min 23 s)`.
package func elapsed(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return "\(seconds) s" }
  if seconds < 1e-3 { return "\(fixed(seconds * 1e6, 0)) µs" }
  if seconds < 1 { return "\(fixed(seconds * 1e3, 1)) ms" }
  if seconds < 60 { return "\(fixed(seconds, 2)) s" }
  return "\(fixed(seconds, 1)) s (\(roughly(seconds)))"
}

/// A time in its two largest units: `8 s`, `1 min 23 s`, `2 h 5 min`, `3 d 4 h`.
package func roughly(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return "?" }
  let whole = UInt64(seconds.rounded())
  let units: [(String, UInt64)] = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)]
  guard let first = units.firstIndex(where: { whole >= $0.1 }) else { return "0 s" }
  let (name, length) = units[first]
  let rest = whole % length
  guard first + 1 < units.count, rest >= units[first + 1].1 else { return "\(whole / length) \(name)" }
  return "\(whole / length) \(name) \(rest / units[first + 1].1) \(units[first + 1].0)"
}
