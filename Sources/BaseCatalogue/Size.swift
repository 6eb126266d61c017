/// A count or dimension taken from a configuration: arithmetic on it never traps.
///
/// A result below 0, above `Size.limit`, or a division by zero becomes `invalid` and stays so; the row that uses it is
/// reported. Architectures can thus write plain formulas for numbers that come from hostile files.
struct Size: Sendable, Hashable, ExpressibleByIntegerLiteral {
  /// Largest dimension that is believed: 2^40, a thousand times above anything that exists.
  static let limit: UInt64 = 1 << 40

  /// Nothing usable.
  static let invalid = Size(exactly: nil)

  /// The number, or nil when it was absurd.
  let value: UInt64?

  init(exactly value: UInt64?) {
    self.value = value.flatMap { $0 <= Size.limit ? $0 : nil }
  }

  init(_ value: Int) { self.init(exactly: UInt64(exactly: value)) }

  init(integerLiteral value: UInt64) { self.init(exactly: value) }

  static func + (left: Size, right: Size) -> Size { left.combined(right) { $0.addingReportingOverflow($1) } }
  static func - (left: Size, right: Size) -> Size { left.combined(right) { $0.subtractingReportingOverflow($1) } }
  static func * (left: Size, right: Size) -> Size { left.combined(right) { $0.multipliedReportingOverflow(by: $1) } }

  /// Division that rounds down, as Python's `//` does for numbers that are not negative.
  static func / (left: Size, right: Size) -> Size { left.combined(right) { $0.dividedReportingOverflow(by: $1) } }

  /// The greater one.
  static func max(_ left: Size, _ right: Size) -> Size {
    left.combined(right) { (Swift.max($0, $1), false) }
  }

  private func combined(
    _ other: Size, _ operation: (UInt64, UInt64) -> (partialValue: UInt64, overflow: Bool)
  ) -> Size {
    guard let value, let second = other.value else { return .invalid }
    let result = operation(value, second)
    return result.overflow ? .invalid : Size(exactly: result.partialValue)
  }
}
