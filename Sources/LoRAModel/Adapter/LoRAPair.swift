package import Safetensors
import TensorCore

/// The two factors of an adapted module as strided matrices, with what their product is scaled by.
///
/// Merging, slots, statistics and parity all take the factors from here, so that a module has one rank, one orientation
/// and one reason to be refused. Both factors are seen as tall matrices: element (i, k) of A is A[k, i] and of B is
/// B[i, k], so that the delta is ΔW[o, i] = scale · Σₖ B(o, k) · A(i, k), expert by expert.
package struct LoRAPair: Sendable {
  /// Where the elements of one factor lie in its tensor, counted in elements: (i, k) of expert e is element
  /// `e · expertStride + i · stride + k · rankStride`.
  package struct Factor: Sendable {
    /// The tensor, of a floating-point type and not empty.
    package let tensor: TensorInfo
    /// Number of outer indices: inputs of A with a convolution's whole kernel, outputs of B.
    package let count: UInt64
    /// From one outer index to the next.
    package let stride: UInt64
    /// From one rank to the next.
    package let rankStride: UInt64
    /// From one expert to the next.
    package let expertStride: UInt64
  }

  /// The down projection.
  package let a: Factor
  /// The up projection.
  package let b: Factor
  /// Inner dimension of one product.
  package let rank: UInt64
  /// Number of products: the experts of a stack, else 1.
  package let experts: UInt64
  /// The factor of B·A as PEFT computes it.
  package let scale: Double
}

extension Adapter {
  /// The pair of a module whose rank and scale are beyond doubt.
  package func pair(of module: AdapterModule, experts layout: ExpertLayout? = nil) throws(LoRAPairProblem) -> LoRAPair {
    let pair = try module.pair(experts: layout)
    if let declared = module.declaredRank, UInt64(exactly: declared) != module.rank {
      throw .otherRank(found: module.rank, declared: declared)
    }
    guard module.scale.isFinite else { throw .scaleNotFinite }
    if module.scaleSource == .assumed, format == .peft { throw .scaleUnknown }
    return pair
  }
}

extension AdapterModule {
  /// Its factors, whether or not the config agrees with their rank.
  ///
  /// - Parameter layout: how a stack of experts is laid out; nil is PEFT's layout.
  package func pair(experts layout: ExpertLayout? = nil) throws(LoRAPairProblem) -> LoRAPair {
    guard let a, let b else { throw .half(isA: a != nil) }
    for factor in [a, b] where !factor.dtype.isFloat || factor.elementCount == 0 { throw .notNumbers(factor) }
    switch kind {
    case .parameter: return try a.shape.rank == 3 && b.shape.rank == 3 ? deepStack(a, b) : stack(a, b, layout)
    case .linear, .embedding: return try matrices(a, b)
    case .conv1d, .conv2d: return try convolution(a, b)
    }
  }

  /// A `[rank, in]` and B `[out, rank]`, or with MLX A `[in, rank]` and B `[rank, out]`.
  private func matrices(_ a: TensorInfo, _ b: TensorInfo) throws(LoRAPairProblem) -> LoRAPair {
    guard a.shape.rank == 2, b.shape.rank == 2 else { throw .noMatrices(a, b) }
    guard (isTransposed ? a.shape[1] : a.shape[0]) == rank, (isTransposed ? b.shape[0] : b.shape[1]) == rank else {
      throw .differentRanks(a, b)
    }
    return isTransposed
      ? pair(.rankLast(a, a.shape[0], rank: rank), .rankFirst(b, b.shape[1], rank: rank))
      : pair(.rankFirst(a, a.shape[1], rank: rank), .rankLast(b, b.shape[0], rank: rank))
  }

  /// A `[rank, in, k…]` and B `[out, rank, 1…]`.
  private func convolution(_ a: TensorInfo, _ b: TensorInfo) throws(LoRAPairProblem) -> LoRAPair {
    guard a.shape.rank == b.shape.rank, a.shape.rank >= 3, !isTransposed, a.shape[0] == rank,
      b.shape.dimensions.dropFirst(2).allSatisfy({ $0 == 1 })
    else { throw .noConvolution(a, b) }
    guard b.shape[1] == rank else { throw .groups(a, b) }
    return pair(.rankFirst(a, a.elementCount / rank, rank: rank), .rankLast(b, b.shape[0], rank: rank))
  }

  /// A `[experts · rank, in]`, expert by expert, and B `[out, rank · experts]`, rank by rank with the expert fastest
  /// (peft 0.21, `tuners/lora/layer.py: ParamWrapper.get_delta_weight`), or with Unsloth expert by expert.
  private func stack(_ a: TensorInfo, _ b: TensorInfo, _ layout: ExpertLayout?) throws(LoRAPairProblem) -> LoRAPair {
    let (ranks, overflow) = rank.multipliedReportingOverflow(by: experts)
    guard a.shape.rank == 2, b.shape.rank == 2, !overflow, a.shape[0] == ranks, b.shape[1] == ranks else {
      throw .noStack(a, b, experts: experts, rank: rank)
    }
    let isExpertFirst = layout == .unsloth
    let up = LoRAPair.Factor(
      tensor: b, count: b.shape[0], stride: ranks, rankStride: isExpertFirst ? 1 : experts,
      expertStride: isExpertFirst ? rank : 1)
    return pair(.rankFirst(a, a.shape[1], rank: rank), up)
  }

  /// A `[experts, rank, in]` and B `[experts, out, rank]`, as MLX stores them.
  private func deepStack(_ a: TensorInfo, _ b: TensorInfo) throws(LoRAPairProblem) -> LoRAPair {
    guard a.shape[0] == experts, b.shape[0] == experts, a.shape[1] == rank, b.shape[2] == rank else {
      throw .noStack(a, b, experts: experts, rank: rank)
    }
    return pair(.rankFirst(a, a.shape[2], rank: rank), .rankLast(b, b.shape[1], rank: rank))
  }

  private func pair(_ a: LoRAPair.Factor, _ b: LoRAPair.Factor) -> LoRAPair {
    LoRAPair(a: a, b: b, rank: rank, experts: experts, scale: scale)
  }
}

extension LoRAPair.Factor {
  /// `[rank, count]`, for every expert; the products are at most the tensor's size.
  fileprivate static func rankFirst(_ tensor: TensorInfo, _ count: UInt64, rank: UInt64) -> LoRAPair.Factor {
    LoRAPair.Factor(tensor: tensor, count: count, stride: 1, rankStride: count, expertStride: rank * count)
  }

  /// `[count, rank]`, for every expert.
  fileprivate static func rankLast(_ tensor: TensorInfo, _ count: UInt64, rank: UInt64) -> LoRAPair.Factor {
    LoRAPair.Factor(tensor: tensor, count: count, stride: rank, rankStride: 1, expertStride: rank * count)
  }
}
