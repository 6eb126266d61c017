internal import CLoRAKernels

/// What a merge did to the values, over one or more tiles.
///
/// Sums are exact over rows, so the same tensor gives the same figures bit for bit whatever the tiles of whole rows,
/// the threads, their order and the level.
package struct MergeStatistics: Sendable {
  var c = lora_merge_statistics()

  /// Statistics of nothing.
  package init() {}

  /// Elements merged.
  package var elements: UInt64 { c.elements }

  /// Largest |Δ|; not finite when a delta is not.
  package var maxDelta: Double { Double(bitPattern: c.max_delta_bits) }

  /// ΣΔ²; NaN when a delta is not finite.
  package var deltaSquared: Double { unsafe withUnsafePointer(to: c.delta_squared) { unsafe lora_exact_sum_value($0) } }

  /// Σ(W' − W − Δ)² with W' as stored: what rounding took away or added; NaN when a stored value is not finite.
  package var residualSquared: Double {
    unsafe withUnsafePointer(to: c.residual_squared) { unsafe lora_exact_sum_value($0) }
  }

  /// Stored elements that are NaN or infinite.
  package var notFinite: UInt64 { c.not_finite }

  /// Those of them whose base value was finite.
  package var overflowed: UInt64 { c.overflowed }

  /// Root mean square of the delta; nil when it is not a number.
  package var deltaRMS: Double? {
    guard elements > 0, deltaSquared.isFinite else { return nil }
    return (deltaSquared / Double(elements)).squareRoot()
  }

  /// How much of the intended change survives in the stored type: 1 − ‖W' − W − Δ‖ / ‖Δ‖.
  ///
  /// 1 is all of it; 0 or less means that rounding is as large as the change. Nil when there is no change, or one that
  /// is not finite.
  package var deltaRetention: Double? {
    let (delta, residual) = (deltaSquared, residualSquared)
    guard delta > 0, residual.isFinite else { return nil }
    return 1 - (residual / delta).squareRoot()
  }

  /// Adds the statistics of another tile.
  package mutating func merge(_ other: MergeStatistics) {
    unsafe withUnsafePointer(to: other.c.delta_squared) { unsafe lora_exact_sum_merge(&c.delta_squared, $0) }
    unsafe withUnsafePointer(to: other.c.residual_squared) { unsafe lora_exact_sum_merge(&c.residual_squared, $0) }
    c.max_delta_bits = max(c.max_delta_bits, other.c.max_delta_bits)
    c.elements += other.elements
    c.not_finite += other.notFinite
    c.overflowed += other.overflowed
  }
}
