import LoRAKernels

/// Two deltas of one module as small matrices with their inner products: M₁ = s₁·L₁·R₁ᵀ and M₂ = s₂·L₂·R₂ᵀ, where L and
/// R are the triangles of the stacked factors and the indices say whose columns.
package struct DeltaCores {
  private let left: TriangularFactor
  private let right: TriangularFactor
  /// Columns of the first module; the others are the second's.
  private let firstRank: Int
  private let scales: (a: Double, b: Double)
  private let same: (down: Bool, up: Bool)

  init(
    left: TriangularFactor, right: TriangularFactor, firstRank: Int, scales: (a: Double, b: Double),
    same: (down: Bool, up: Bool)
  ) {
    (self.left, self.right, self.firstRank, self.scales) = (left, right, firstRank, scales)
    self.same = same
  }

  /// What is told about the two; nil when a number is beyond the range of f64.
  package func comparison(dimensions: (left: Int, right: Int)) -> DeltaComparison? {
    let size = left.size
    // Both under one power of two, so that squares stay in the range.
    let exponent = max(Self.exponent(scales.a), Self.exponent(scales.b))
    let first = product(0..<firstRank, Self.scaled(scales.a, -exponent))
    let second = product(firstRank..<size, Self.scaled(scales.b, -exponent))
    let largest = max(Self.largest(first), Self.largest(second))
    guard largest.isFinite else { return nil }
    var result = DeltaComparison(sameDown: same.down, sameUp: same.up)
    guard largest > 0 else { return result }
    let unit = Int(largest.exponent)
    var (ownA, ownB, shared, difference) = (0.0, 0.0, 0.0, 0.0)
    for (x, y) in zip(first.elements, second.elements) {
      let (x, y) = (Self.scaled(x, -unit), Self.scaled(y, -unit))
      ownA += x * x
      ownB += y * y
      shared += x * y
      difference += (x - y) * (x - y)
    }
    func inFull(_ value: Double) -> Double { Self.scaled(value, unit + exponent) }
    result.normA = inFull(ownA.squareRoot())
    result.normB = inFull(ownB.squareRoot())
    result.distance = same.down && same.up && scales.a == scales.b ? 0 : inFull(difference.squareRoot())
    result.noise = inFull(Self.scaled(noise(exponent), -unit))
    guard result.normA.isFinite, result.normB.isFinite, result.distance.isFinite else { return nil }
    if ownA > 0, ownB > 0 {
      result.cosine = max(-1, min(1, shared / ownA.squareRoot() / ownB.squareRoot()))
      let spaces = (Subspaces(left, right, 0..<firstRank), Subspaces(left, right, firstRank..<size))
      result.left = SpaceComparison(spaces.0.left, spaces.1.left, spaces.1.values, dimension: dimensions.left)
      result.right = SpaceComparison(spaces.0.right, spaces.1.right, spaces.1.values, dimension: dimensions.right)
    }
    return result
  }

  /// Σ scale · column k of L · (column k of R)ᵀ over some columns, size × size.
  private func product(_ columns: Range<Int>, _ scale: Double) -> ColumnMatrix {
    let size = left.size
    var result = ColumnMatrix(rows: size, columns: size)
    guard scale != 0 else { return result }
    unsafe result.elements.withUnsafeMutableBufferPointer { result in
      unsafe left.elements.withUnsafeBufferPointer { left in
        guard let result = result.baseAddress, let left = left.baseAddress else { return }
        for inner in columns {
          for column in 0...inner {
            let weight = scale * right.elements[inner * size + column]
            unsafe addMultiple(weight, of: left + inner * size, to: result + column * size, inner + 1)
          }
        }
      }
    }
    return result
  }

  /// How far two equal deltas may seem apart after their factors were decomposed in f64: a small multiple of the unit
  /// of rounding of what was multiplied.
  private func noise(_ exponent: Int) -> Double {
    func norm(_ triangle: TriangularFactor, _ columns: Range<Int>) -> Double {
      RootSumOfSquares(triangle.elements[columns.lowerBound * left.size..<columns.upperBound * left.size]).root
    }
    let (own, other) = (0..<firstRank, firstRank..<left.size)
    let sizes =
      Self.scaled(scales.a, -exponent).magnitude * norm(left, own) * norm(right, own)
      + Self.scaled(scales.b, -exponent).magnitude * norm(left, other) * norm(right, other)
    return 0x1p-46 * sizes
  }

  private static func largest(_ matrix: ColumnMatrix) -> Double {
    // A NaN, as 0 · ∞ gives one, must not be passed over.
    matrix.elements.reduce(0) { $1.magnitude <= $0 ? $0 : $1.isNaN ? .infinity : $1.magnitude }
  }

  private static func exponent(_ value: Double) -> Int { value == 0 ? -4_000 : Int(value.exponent) }

  private static func scaled(_ value: Double, _ exponent: Int) -> Double {
    Double(sign: .plus, exponent: exponent, significand: value)
  }
}
