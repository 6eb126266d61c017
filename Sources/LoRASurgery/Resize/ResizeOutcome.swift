package import LoRADeltas
import LoRAKernels

/// What became of one delta.
struct DeltaPart: Sendable {
  /// Its Frobenius norm before.
  var norm: Double
  /// Its largest singular value before.
  var spectral: Double
  /// The part of Σσ² that is kept.
  var energy: Double
  /// The distance between before and after.
  var error = DeltaNorms(frobenius: 0, spectral: 0)

  init(norm: Double, spectral: Double, energy: Double) {
    (self.norm, self.spectral, self.energy) = (norm, spectral, energy)
  }

  /// What singular values say of a delta that is cut to the first of them (Eckart and Young 1936).
  init(_ values: [Double], kept: Int) {
    func norm(_ values: ArraySlice<Double>) -> Double {
      let largest = values.max() ?? 0
      return largest > 0
        ? largest * values.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot() : 0
    }
    self.init(norm: norm(values[...]), spectral: values.first ?? 0, energy: 1)
    error = DeltaNorms(frobenius: norm(values.dropFirst(kept)), spectral: values.dropFirst(kept).first ?? 0)
    if self.norm > 0 {
      let share = norm(values.prefix(kept)) / self.norm
      energy = min(share * share, 1)
    }
  }
}

/// What became of one module: of all its experts where it is a stack.
package struct ModuleOutcome: Sendable {
  package let name: String
  package let rankBefore: UInt64
  package let rank: UInt64
  private var sums = OutcomeSums()

  init(name: String, rankBefore: UInt64, rank: UInt64) {
    (self.name, self.rankBefore, self.rank) = (name, rankBefore, rank)
  }

  mutating func add(_ part: DeltaPart) {
    sums.add(
      squares: part.norm * part.norm, kept: part.energy * part.norm * part.norm,
      error: part.error.frobenius * part.error.frobenius, spectral: part.spectral,
      spectralError: part.error.spectral)
  }

  /// The norms of the delta before.
  package var delta: DeltaNorms { DeltaNorms(frobenius: sums.squares.squareRoot(), spectral: sums.spectral) }
  /// The part of Σσ² that is kept; 1 for a delta of zero.
  package var energy: Double { sums.energy }
  /// Frobenius norm of the change, relative to the delta's.
  package var error: Double { sums.relativeError }
  /// Largest singular value of the change, relative to the delta's.
  package var spectralError: Double { sums.relativeSpectralError }

  fileprivate var all: OutcomeSums { sums }
}

/// What became of an adapter.
package struct ResizeOutcome: Sendable {
  /// The modules in the adapter's order.
  package let modules: [ModuleOutcome]
  private let sums: OutcomeSums

  init(_ modules: [ModuleOutcome]) {
    self.modules = modules
    sums = modules.reduce(into: OutcomeSums()) { total, module in
      let own = module.all
      total.add(
        squares: own.squares, kept: own.kept, error: own.error, spectral: own.spectral,
        spectralError: own.spectralError)
    }
  }

  /// The part of Σσ² over all modules that is kept.
  package var energy: Double { sums.energy }
  /// The error over all modules, as if they were the blocks of one matrix.
  package var error: Double { sums.relativeError }
  package var spectralError: Double { sums.relativeSpectralError }
  /// The largest rank before and after.
  package var rankBefore: UInt64 { modules.map(\.rankBefore).max() ?? 0 }
  package var rank: UInt64 { modules.map(\.rank).max() ?? 0 }
}

/// Sums of squares over deltas that do not overlap.
private struct OutcomeSums: Sendable {
  var squares = 0.0
  var kept = 0.0
  var error = 0.0
  var spectral = 0.0
  var spectralError = 0.0

  mutating func add(squares: Double, kept: Double, error: Double, spectral: Double, spectralError: Double) {
    self.squares += squares
    self.kept += kept
    self.error += error
    self.spectral = max(self.spectral, spectral)
    self.spectralError = max(self.spectralError, spectralError)
  }

  var energy: Double { squares > 0 ? min(kept / squares, 1) : 1 }
  var relativeError: Double { squares > 0 ? (error / squares).squareRoot() : 0 }
  var relativeSpectralError: Double { spectral > 0 ? spectralError / spectral : 0 }
}
