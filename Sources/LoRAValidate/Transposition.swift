import LoRAModel
import Safetensors
import TensorCore

/// In which way a module's factors fit only after transposition.
package enum Transposition: Hashable, Sendable {
  /// A is stored `[in, rank]` and B `[rank, out]`.
  case factors
  /// A and B are as they should be, but input and output of the base are the other way round.
  case base
}

extension AdapterModule {
  /// How the factors would have to be turned to fit, or nil when they fit as they are or not at all; without a base the
  /// declared rank alone tells.
  func transposition(against base: BaseModule?) -> Transposition? {
    guard kind == .linear || kind == .conv1d, !isTransposed, let a, let b, isUsable(a), isUsable(b),
      a.shape.rank == 2, b.shape.rank == 2
    else { return nil }
    let down = (rows: a.shape[0], columns: a.shape[1])
    let up = (rows: b.shape[0], columns: b.shape[1])
    guard let base, base.inFeatures > 0, base.outFeatures > 0 else {
      guard let rank = declaredRank.map({ UInt64($0) }), down.rows != rank || up.columns != rank else { return nil }
      // Ranks are smaller than the sizes that they go between.
      return down.columns == rank && up.rows == rank && down.rows > rank ? .factors : nil
    }
    if down.columns == base.inFeatures && up.rows == base.outFeatures { return nil }
    if down.columns == up.rows && down.rows == base.inFeatures && up.columns == base.outFeatures { return .factors }
    if down.rows == up.columns && down.columns == base.outFeatures && up.rows == base.inFeatures { return .base }
    return nil
  }
}
