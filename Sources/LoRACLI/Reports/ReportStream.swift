/// A report that goes to standard output while it is made, or is kept whole for a file.
///
/// A list of tens of thousands of lines need not be in memory, where every page of it would have to be had first.
struct ReportStream {
  private static let limit = 1 << 16

  /// What is not written yet, or all of it when it is kept.
  private(set) var bytes: [UInt8] = []
  private let isKept: Bool
  private var hasReader = true
  private var skipped = 0

  init(isKept: Bool) {
    self.isKept = isKept
    bytes.reserveCapacity(Self.limit)
  }

  /// Leaves out the first bytes of what is written next.
  mutating func skip(_ count: Int) { skipped = count }

  /// Adds bytes to the report.
  mutating func write(_ more: [UInt8]) throws(Failure) {
    if skipped > 0 {
      bytes += more.dropFirst(skipped)
      skipped = 0
      return
    }
    if !isKept, bytes.count + more.count > Self.limit { try finish() }
    bytes += more
  }

  /// Writes what is left of a report that is not kept.
  mutating func finish() throws(Failure) {
    guard !isKept else { return }
    if hasReader { hasReader = try StandardOutput.write(bytes) }
    bytes.removeAll(keepingCapacity: true)
  }
}
