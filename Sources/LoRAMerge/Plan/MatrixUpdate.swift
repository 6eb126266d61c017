public import LoRAKernels
public import TensorCore

/// A factor of a delta as an adapter's file holds it.
public struct StoredFactor: Sendable, Equatable {
  /// The whole tensor, of any floating-point type.
  public internal(set) var source: TensorSource
  /// Where the elements of the factor lie in the tensor, in elements.
  public internal(set) var layout: FactorLayout
}

/// What one adapter adds to a matrix: scale · L · R.
///
/// L is `[rows, rank]` and R `[rank, columns]` in the orientation in which the base stores the matrix. For a linear
/// layer `[out, in]` L is B and R is A; for GPT-2's Conv1D `[in, out]` and embeddings `[rows, width]`, W' = W + s·(BA)ᵀ,
/// so L is Aᵀ and R is Bᵀ.
public struct LowRankDelta: Sendable, Equatable {
  /// Position of the adapter in `MergePlan.adapters`.
  public internal(set) var adapter: Int
  /// Name of the adapted module.
  public internal(set) var module: String
  /// Inner dimension.
  public internal(set) var rank: Int
  /// alpha / r or alpha / √r, times the adapter's weight.
  public internal(set) var scale: Double
  /// L; nil for a column of ones.
  public internal(set) var left: StoredFactor?
  /// R.
  public internal(set) var right: StoredFactor
  /// DoRA's magnitudes, by which W + Δ is scaled; nil for plain LoRA.
  public internal(set) var magnitude: Magnitude?
}

/// DoRA's magnitudes: every output o of V = W + Δ gets m(o) / ‖V(o)‖ as factor, with the norm over the inputs.
public struct Magnitude: Sendable, Equatable {
  /// Where the outputs of a stored matrix lie.
  public enum Axis: Sendable, Equatable {
    /// Every row is an output: linear layers and convolutions.
    case rows
    /// Every column is an output: GPT-2's Conv1D, and the width of embeddings.
    case columns
  }

  /// m: one number of any floating-point type for every output.
  public internal(set) var values: TensorSource
  /// Where the outputs lie.
  public internal(set) var axis: Axis
}

/// New values of whole rows of a matrix, rounded once: W + Σ scale · L · R, or with magnitudes the deltas applied one
/// after the other, V ← (V + Δ)·m/‖W + Δ‖ where a delta has magnitudes.
public struct MatrixUpdate: Sendable, Equatable {
  /// Name of the tensor in the output.
  public internal(set) var tensor: String
  /// First row of the tensor's matrix that is changed; the tensor may be changed by several updates.
  public internal(set) var firstRow: UInt64
  /// Number of rows.
  public internal(set) var rows: Int
  /// Number of columns: elements of one row.
  public internal(set) var columns: Int
  /// W: `rows` × `columns` elements of F32, F16 or BF16, or of F64 where codes are dequantised, row-major.
  public internal(set) var base: TensorSource
  /// The type of W': F32, F16 or BF16.
  public internal(set) var outputDType: DType
  /// What is added, summed in this order.
  public internal(set) var deltas: [LowRankDelta]

  /// The type of W.
  public var baseDType: DType { base.dtype }

  /// Sum of the ranks of all deltas.
  public var rank: Int { deltas.reduce(0) { $0 + $1.rank } }

  /// Whether a delta has magnitudes.
  public var isDecomposed: Bool { deltas.contains { $0.magnitude != nil } }

  /// Bytes of one row of W.
  public var baseRowBytes: Int { columns * Int(baseDType.bits / 8) }

  /// Bytes of one row of W'.
  public var outputRowBytes: Int { columns * Int(outputDType.bits / 8) }
}
