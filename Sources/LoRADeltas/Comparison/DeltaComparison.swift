package import LoRAKernels

/// How far two deltas lie apart, in the Frobenius norm: of one module, of one expert, or of all modules together.
package struct DeltaComparison: Sendable, Equatable {
  /// Whether both files hold the same bytes as A, and as B.
  package var hasSameDown: Bool
  package var hasSameUp: Bool
  /// ‖Δ_A − Δ_B‖.
  package var distance = 0.0
  /// ‖Δ_A‖.
  package var normA = 0.0
  /// ‖Δ_B‖.
  package var normB = 0.0
  /// ⟨Δ_A, Δ_B⟩ / (‖Δ_A‖·‖Δ_B‖); nil when one of them is zero.
  package var cosine: Double?
  /// What the two write to; nil when one of them is zero.
  package var left: SpaceComparison?
  /// What the two read from.
  package var right: SpaceComparison?
  /// A distance that equal deltas may have after computing in f64.
  package var noise = 0.0

  package init(sameDown: Bool, sameUp: Bool) { (hasSameDown, hasSameUp) = (sameDown, sameUp) }

  /// distance / max(‖Δ_A‖, ‖Δ_B‖); 0 for two deltas of zero.
  package var relative: Double { distance == 0 ? 0 : distance / max(normA, normB) }

  /// Whether the deltas are one, up to a relative distance and the rounding of this computation.
  package func isWithin(_ tolerance: Double) -> Bool { distance <= noise || relative <= tolerance }

  /// Several as one delta: the blocks of a block-diagonal matrix.
  package init(sumOf parts: [DeltaComparison]) {
    (hasSameDown, hasSameUp) = (parts.allSatisfy(\.hasSameDown), parts.allSatisfy(\.hasSameUp))
    distance = RootSumOfSquares(parts.map(\.distance)).root
    (normA, normB) = (RootSumOfSquares(parts.map(\.normA)).root, RootSumOfSquares(parts.map(\.normB)).root)
    noise = RootSumOfSquares(parts.map(\.noise)).root
    guard normA > 0, normB > 0 else { return }
    let products = parts.map { ($0.cosine ?? 0) * ($0.normA / normA) * ($0.normB / normB) }
    cosine = max(-1, min(1, products.reduce(0, +)))
    left = SpaceComparison(sumOf: parts.map(\.left), energies: parts.map { $0.normB / normB })
    right = SpaceComparison(sumOf: parts.map(\.right), energies: parts.map { $0.normB / normB })
  }
}

/// How much two spaces have in common: columns (left) or rows (right) of two deltas.
package struct SpaceComparison: Sendable, Equatable {
  /// φ = ‖U_Aᵀ·U_B‖² / min(k_A, k_B), in 0...1: the mean squared cosine of the principal angles.
  ///
  /// It is the measure of section 7.2 in Hu and others 2021, the paper that introduces LoRA.
  package let overlap: Double
  /// What two random spaces of these dimensions have on average: max(k_A, k_B) / dimension.
  package let random: Double
  /// ‖U_Aᵀ·Δ_B‖² / ‖Δ_B‖²: the share of B's delta that lies in A's space.
  package let energy: Double
  /// min(k_A, k_B).
  package let directions: Double

  /// - Parameters:
  ///   - a, b: orthonormal bases.
  ///   - values: B's singular values, one for each of its columns.
  ///   - dimension: of the space that both lie in.
  package init?(_ a: ColumnMatrix, _ b: ColumnMatrix, _ values: [Double], dimension: Int) {
    guard let largest = values.first, a.columns > 0 else { return nil }
    var shares = Array(repeating: 0.0, count: b.columns)
    unsafe a.elements.withUnsafeBufferPointer { left in
      unsafe b.elements.withUnsafeBufferPointer { right in
        guard let left = left.baseAddress, let right = right.baseAddress else { return }
        for column in 0..<b.columns {
          for other in 0..<a.columns {
            let cosine = unsafe sumOfProducts(left + other * a.rows, right + column * b.rows, a.rows)
            shares[column] += cosine * cosine
          }
        }
      }
    }
    directions = Double(min(a.columns, b.columns))
    overlap = max(0, min(1, shares.reduce(0, +) / directions))
    random = min(1, Double(max(a.columns, b.columns)) / Double(max(1, dimension)))
    let squares = values.map { ($0 / largest) * ($0 / largest) }
    energy = max(0, min(1, zip(shares, squares).reduce(0) { $0 + $1.0 * $1.1 } / squares.reduce(0, +)))
  }

  /// The spaces of a block-diagonal delta: directions count alike, energies by their shares of B's norm.
  package init?(sumOf parts: [SpaceComparison?], energies shares: [Double]) {
    let known = parts.compactMap(\.self)
    directions = known.reduce(0) { $0 + $1.directions }
    guard directions > 0 else { return nil }
    let total = directions
    overlap = known.reduce(0) { $0 + $1.overlap * ($1.directions / total) }
    random = known.reduce(0) { $0 + $1.random * ($1.directions / total) }
    energy = min(1, zip(parts, shares).reduce(0) { $0 + ($1.0?.energy ?? 0) * $1.1 * $1.1 })
  }
}
