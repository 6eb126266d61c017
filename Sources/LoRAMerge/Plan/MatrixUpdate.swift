public import LoRAKernels
public import TensorCore

/// A factor of a delta as an adapter's file holds it.
public struct StoredFactor: Sendable, Equatable {
  /// The whole tensor, of any floating-point type.
  public var source: TensorSource
  /// Where the elements of the factor lie in the tensor, in elements.
  public var layout: FactorLayout
}

/// What one adapter adds to a matrix: scale · L · R.
///
/// L is `[rows, rank]` and R `[rank, columns]` in the orientation in which the base stores the matrix. For a linear
/// layer `[out, in]` L is B and R is A; for GPT-2's Conv1D `[in, out]` and embeddings `[rows, width]`, W' = W + s·(BA)ᵀ,
/// so L is Aᵀ and R is Bᵀ.
public struct LowRankDelta: Sendable, Equatable {
  /// Position of the adapter in `MergePlan.adapters`.
  public var adapter: Int
  /// Name of the adapted module.
  public var module: String
  /// Inner dimension.
  public var rank: Int
  /// alpha / r or alpha / √r, times the adapter's weight.
  public var scale: Double
  /// L; nil for a column of ones.
  public var left: StoredFactor?
  /// R.
  public var right: StoredFactor
  /// DoRA's magnitudes, by which W + Δ is scaled; nil for plain LoRA.
  public var magnitude: Magnitude?
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
  public var values: TensorSource
  /// Where the outputs lie.
  public var axis: Axis
}

/// New values of whole rows of a matrix, rounded once: W + Σ scale · L · R, or with magnitudes the deltas applied one
/// after the other, V ← (V + Δ)·m/‖W + Δ‖ where a delta has magnitudes.
public struct MatrixUpdate: Sendable, Equatable {
  /// Name of the tensor in the output.
  public var tensor: String
  /// First row of the tensor's matrix that is changed; the tensor may be changed by several updates.
  public var firstRow: UInt64
  /// Number of rows.
  public var rows: Int
  /// Number of columns: elements of one row.
  public var columns: Int
  /// W: `rows` × `columns` elements of F32, F16 or BF16, row-major.
  public var base: TensorSource
  /// The type of W': F32, F16 or BF16.
  public var outputDType: DType
  /// What is added, summed in this order.
  public var deltas: [LowRankDelta]

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
