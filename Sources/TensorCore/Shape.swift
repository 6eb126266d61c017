/// The dimensions of a tensor, outermost first; `[]` is a scalar of one element.
///
/// Up to four dimensions are stored inline so that a header of 100,000 tensors needs no allocation per shape.
public struct Shape: Sendable, Hashable {
  private var d0: UInt64 = 0
  private var d1: UInt64 = 0
  private var d2: UInt64 = 0
  private var d3: UInt64 = 0
  private var spilled: [UInt64]?

  /// Number of dimensions.
  public private(set) var rank: Int = 0

  /// A scalar.
  public init() {}

  /// The shape with these dimensions.
  public init(_ dimensions: [UInt64]) {
    for dimension in dimensions { append(dimension) }
  }

  /// Adds an innermost dimension.
  public mutating func append(_ dimension: UInt64) {
    switch rank {
    case 0: d0 = dimension
    case 1: d1 = dimension
    case 2: d2 = dimension
    case 3: d3 = dimension
    case 4: spilled = [d0, d1, d2, d3, dimension]
    default: spilled?.append(dimension)
    }
    rank += 1
  }

  /// The dimension at `index`; `index` must be below `rank`.
  public subscript(index: Int) -> UInt64 {
    precondition(index >= 0 && index < rank, "dimension index out of range")
    if let spilled { return spilled[index] }
    switch index {
    case 0: return d0
    case 1: return d1
    case 2: return d2
    default: return d3
    }
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
