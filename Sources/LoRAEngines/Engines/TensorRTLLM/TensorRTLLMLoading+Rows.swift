import JSON
import LoRAModel
import Safetensors
import TensorCore

/// What becomes of factors in the rows that a request brings: A, B and a magnitude one behind the other, filled up to the
/// longest row, and cut to the model's own sizes and the rank of A (`runtime/loraUtils.cpp`, `loraModule.cpp` 2a9abd95,
/// `loraCache.cpp` 063e02f7).
extension TensorRTLLMLoading {
  var rowReasons: [ServingReason] {
    [noRow, impossibleRank, shortRow, shiftedFactors, unscaledType].compactMap { $0 }
  }

  /// The longest of no rows is asked for.
  private var noRow: ServingReason? {
    guard placed.isEmpty, unknown.isEmpty, let first = (heads + unmapped).first else { return nil }
    return reason(
      .refused, "an adapter of which it would keep nothing", at: first, hint: "train modules that it takes, too")
  }

  /// The rank is A's first dimension, however many there are.
  private static func rank(_ module: AdapterModule) -> UInt64 {
    module.a.map { $0.shape.rank > 0 ? $0.shape[0] : 0 } ?? 0
  }

  private var impossibleRank: ServingReason? {
    let limit = question.options.maxLoRARank ?? TensorRTLLMRelease.defaultRankLimit
    // Factors of two dimensions above the limit have a rule of their own.
    let odd = placed.map(\.module).first { module in
      guard let a = module.a else { return false }
      return Self.rank(module) == 0 || a.shape.rank != 2 && Self.rank(module) > limit
    }
    return odd.map { module in
      reason(
        .refused, "factors of rank \(Self.rank(module)), as in \(escaped(module.name, limit: 160))", at: module,
        found: "rank \(Self.rank(module))", hint: "export the adapter again")
    }
  }

  private var shortRow: ServingReason? {
    let bases = question.bases
    func length(_ module: AdapterModule) -> Double {
      [module.a, module.b, module.magnitude].compactMap { $0?.shape.elementCount }.map { Double($0) }.reduce(0, +)
    }
    func need(_ module: AdapterModule) -> Double? {
      guard let base = bases[module.name], base.inFeatures > 0, base.outFeatures > 0 else { return nil }
      let both = Double(base.inFeatures) + Double(base.outFeatures)
      return Double(Self.rank(module)) * both + (module.magnitude == nil ? 0 : Double(base.outFeatures))
    }
    let longest = max(placed.map { length($0.module) }.max() ?? 0, zerosForQueries)
    let short = placed.map(\.module).filter { module in need(module).map { $0 > longest } ?? false }
    return short.first.map { first in
      reason(
        .refused, "too few values for \(some(short))", at: first,
        found: "\(fixed(length(first), 0)) values of \(fixed(need(first) ?? 0, 0))",
        hint: "check that this is the base that the adapter was trained on")
    }
  }

  /// Where B is not where the rank of A says, or A is not as wide as the module.
  private var shiftedFactors: ServingReason? {
    let bases = question.bases
    let shifted = placed.map(\.module).filter { module in
      guard let a = module.a?.shape, let b = module.b?.shape, let rank = module.rankOfA else { return false }
      guard !question.transposed.contains(module.name), a.rank == 2, b.rank == 2 else { return true }
      return module.rankOfB != rank || bases[module.name].map { !module.sizesFit($0) } ?? false
    }
    return shifted.first.map { first in
      reason(
        .misapplied,
        "\(some(shifted)): it cuts factors by the rank of A and the sizes of the model's module, which these do not have",
        at: first, found: "A \(first.a?.shape.description ?? ""), B \(first.b?.shape.description ?? "")",
        hint: "export the adapter again, and check that this is the base that it was trained on")
    }
  }

  /// Eight-bit floats: the loader of 1.0 multiplies B as it is stored, and 1.4 has kernels of their own for one of them.
  private var unscaledType: ServingReason? {
    let floats: Set<DType> = [.f8e4m3, .f8e5m2, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz]
    func first(_ types: Set<DType>) -> AdapterModule? {
      placed.map(\.module).first { $0.b.map { types.contains($0.dtype) } ?? false }
    }
    if release.scalesBeforeCast {
      return first(floats).map { module in
        reason(
          .refused, "lora_B stored as \(module.b?.dtype.name ?? ""), which it cannot multiply by the scale", at: module,
          found: module.b?.dtype.name, hint: "convert the adapter to BF16")
      }
    }
    return first([.f8e4m3]).map { module in
      reason(
        .unjudged, "factors stored as F8_E4M3, for which newer devices have kernels of their own", at: module,
        found: "F8_E4M3", hint: Self.trial)
    }
  }
}
