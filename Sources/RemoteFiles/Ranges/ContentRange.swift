/// The header `Content-Range: bytes 0-99/1000`.
struct ContentRange: Equatable {
  /// The bytes that came; nil in an answer that has none (`*`).
  let bytes: Range<UInt64>?
  /// Size of the whole file; nil when the server does not say.
  let total: UInt64?

  init?(_ text: String) {
    let parts = text.split(separator: " ", omittingEmptySubsequences: true)
    guard parts.count == 2, parts[0].lowercased() == "bytes" else { return nil }
    let sides = parts[1].split(separator: "/", omittingEmptySubsequences: false)
    guard sides.count == 2 else { return nil }
    if sides[1] == "*" {
      total = nil
    } else {
      // No file is longer than offsets in files can be.
      guard let size = UInt64(sides[1]), size <= UInt64(Int64.max) else { return nil }
      total = size
    }
    if sides[0] == "*" {
      bytes = nil
    } else {
      let ends = sides[0].split(separator: "-", omittingEmptySubsequences: false)
      guard ends.count == 2, let first = UInt64(ends[0]), let last = UInt64(ends[1]), first <= last,
        last < UInt64(Int64.max),
        total.map({ last < $0 }) ?? true
      else { return nil }
      bytes = first..<(last + 1)
    }
  }
}
