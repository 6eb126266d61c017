/// An exact share of a whole, such as 0.5 %, so that a limit of 1 in 200 is not crossed by a rounding error.
public struct Share: Sendable, Equatable, CustomStringConvertible {
  /// The share is `numerator / denominator`.
  public let numerator: UInt64
  /// A power of ten.
  public let denominator: UInt64

  /// 0.5 %, the default limit of a regression.
  public static let halfPercent = Share(numerator: 5, denominator: 1000)

  private init(numerator: UInt64, denominator: UInt64) {
    self.numerator = numerator
    self.denominator = denominator
  }

  /// A share as people write it: `0.5%`, `0.5 %` or `0.005`; between 0 and 1, with at most nine decimals.
  public init?(parsing text: String) {
    var digits = Substring(text)
    var divisor: UInt64 = 1
    if digits.last == "%" {
      digits.removeLast()
      if digits.last == " " { digits.removeLast() }
      divisor = 100
    }
    let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), !parts[0].isEmpty, parts.allSatisfy({ $0.count <= 9 }),
      parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }), parts.count == 1 || !parts[1].isEmpty
    else { return nil }
    let decimals = parts.count == 2 ? parts[1].count : 0
    guard let value = UInt64(parts.joined()) else { return nil }
    for _ in 0..<decimals { divisor *= 10 }
    guard value <= divisor else { return nil }
    self.init(numerator: value, denominator: divisor)
  }

  /// Whether `count` out of `total` is more than this share.
  public func isExceeded(by count: UInt64, of total: UInt64) -> Bool {
    let left = count.multipliedFullWidth(by: denominator)
    let right = total.multipliedFullWidth(by: numerator)
    return (left.high, left.low) > (right.high, right.low)
  }

  /// The share as a double.
  public var value: Double { Double(numerator) / Double(denominator) }

  /// The share in percent: `0.5 %`.
  public var description: String {
    var text = "\(Double(numerator) * 100 / Double(denominator))"
    if text.hasSuffix(".0") { text.removeLast(2) }
    return text + " %"
  }
}
