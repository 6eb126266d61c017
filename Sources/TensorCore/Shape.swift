/// The dimensions of a tensor, outermost first; `[]` is a scalar of one element.
///
/// Up to two dimensions, as nearly all factors have, are stored inline so that a header of 100,000 tensors needs no
/// allocation per shape, and no more memory than it must.
public struct Shape: Sendable, Hashable {
  private var first: UInt64 = 0
  private var second: UInt64 = 0
  /// All dimensions, once they are more than two.
  private var many: [UInt64]?
  /// Number of the dimensions that are stored inline.
  private var inlineRank: UInt8 = 0

  /// A scalar.
  public init() {}

  /// The shape with these dimensions.
  public init(_ dimensions: [UInt64]) {
    for dimension in dimensions { append(dimension) }
  }

  /// Number of dimensions.
  public var rank: Int { many?.count ?? Int(inlineRank) }

  /// Adds an innermost dimension.
  public mutating func append(_ dimension: UInt64) {
    guard many == nil else {
      many?.append(dimension)
      return
    }
    switch inlineRank {
    case 0: first = dimension
    case 1: second = dimension
    default:
      many = [first, second, dimension]
      first = 0
      second = 0
      inlineRank = 0
      return
    }
    inlineRank += 1
  }

  /// The dimension at `index`; `index` must be below `rank`.
  public subscript(index: Int) -> UInt64 {
    if let many { return many[index] }
    precondition(index >= 0 && index < Int(inlineRank), "dimension index out of range")
    return index == 0 ? first : second
  }

  /// All dimensions, outermost first.
  public var dimensions: [UInt64] { (0..<rank).map { self[$0] } }

  /// Product of the dimensions in order, or nil when a partial product passes 2^64 - 1, as the reference parser
  /// computes it: `[0, 2^63, 4]` has no overflow, `[2^63, 4, 0]` has.
  public var elementCount: UInt64? {
    var count: UInt64 = 1
    for index in 0..<rank {
      let (product, overflow) = count.multipliedReportingOverflow(by: self[index])
      if overflow { return nil }
      count = product
    }
    return count
  }

  /// Whether some dimension is zero.
  public var isEmpty: Bool { (0..<rank).contains { self[$0] == 0 } }
}

extension Shape: CustomStringConvertible {
  /// The dimensions in brackets, such as `[8, 4096]`.
  public var description: String {
    "[" + dimensions.map { String($0) }.joined(separator: ", ") + "]"
  }
}

extension Shape: ExpressibleByArrayLiteral {
  /// The shape with these dimensions.
  public init(arrayLiteral elements: UInt64...) { self.init(elements) }
}
