import LoRADeltas
package import TensorCore

/// What was found of one module: of all its experts where it is a stack.
package struct ExtractedModule: Sendable {
  package let name: String
  /// Rank of its factors; 0 when they say nothing above the noise floor.
  package private(set) var rank: UInt64
  /// Largest singular value that rounding the tuned model gives the difference.
  package private(set) var noiseFloor = 0.0
  /// Singular values above it, of those that were computed.
  package private(set) var aboveNoise: UInt64 = 0
  /// Largest singular value.
  package private(set) var spectral = 0.0
  private(set) var squares = 0.0
  private(set) var base = 0.0
  private(set) var kept = 0.0
  private(set) var lost = 0.0

  init(name: String, rank: UInt64) { (self.name, self.rank) = (name, rank) }

  /// Adds an expert: the values that are kept, and Σ over the elements of the squared error.
  mutating func add(_ scan: DeltaScan, _ spectrum: ExtractRule.Spectrum?, kept count: Int, lost: Double) {
    squares += scan.delta
    base += scan.base
    self.lost += lost
    noiseFloor = max(noiseFloor, scan.noiseFloor)
    guard let spectrum else { return }
    kept += spectrum.values.prefix(count).reduce(0) { $0 + $1 * $1 }
    spectral = max(spectral, spectrum.values.first ?? 0)
    aboveNoise = max(aboveNoise, UInt64(spectrum.significant))
  }

  /// Frobenius norm of the difference.
  package var norm: Double { squares.squareRoot() }
  /// The same relative to the base's weight; nil for a weight of zeros.
  package var relative: Double? { base > 0 ? (squares / base).squareRoot() : nil }
  /// The part of Σσ² that the factors hold.
  package var energy: Double { squares > 0 ? min(kept / squares, 1) : 1 }
  /// Frobenius norm of what the factors leave out, measured on what was written, relative to the difference's.
  package var error: Double { squares > 0 ? (lost / squares).squareRoot() : 0 }
}

/// A tensor outside the factors that changed.
package struct ExtractedTensor: Sendable {
  /// Its name in memory.
  package let name: String
  package let dtype: DType
  package let shape: Shape
  package let bytes: UInt64
  /// Frobenius norm of its change relative to the base's; nil where the base has no such tensor, or zeros.
  package let relative: Double?
  /// Frobenius norm of its change; nil where there is nothing to subtract.
  package let norm: Double?
}

/// What was found of a model.
package struct ExtractOutcome: Sendable {
  /// Modules that changed, those within the noise included.
  package let modules: [ExtractedModule]

  private func sum(_ value: (ExtractedModule) -> Double) -> Double { modules.reduce(0) { $0 + value($1) } }

  /// Modules that got factors.
  package var written: [ExtractedModule] { modules.filter { $0.rank > 0 } }
  /// Modules that did not, because all of their change is within the noise.
  package var withinNoise: [ExtractedModule] { modules.filter { $0.rank == 0 } }
  /// The part of Σσ² over all changed modules that is kept.
  package var energy: Double {
    let all = sum(\.squares)
    return all > 0 ? min(sum(\.kept) / all, 1) : 1
  }
  /// The error over all changed modules, as if they were the blocks of one matrix.
  package var error: Double {
    let all = sum(\.squares)
    return all > 0 ? (sum(\.lost) / all).squareRoot() : 0
  }
  /// Frobenius norm of all differences relative to the base's weights.
  package var relative: Double {
    let all = sum(\.base)
    return all > 0 ? (sum(\.squares) / all).squareRoot() : 0
  }
  /// The largest rank.
  package var rank: UInt64 { modules.map(\.rank).max() ?? 0 }
}
