public import JSON
import LoRAKernels

/// How a module's intended change fared when it was rounded to the stored type.
public struct RoundingStatistics: Sendable, Equatable {
  /// Elements of the changed matrices.
  public private(set) var elements: UInt64 = 0
  /// Largest |Δ|; not finite when a delta is not.
  public private(set) var maxDelta: Double = 0
  /// ΣΔ².
  public private(set) var deltaSquared: Double = 0
  /// Σ(W' − W − Δ)², with W' as stored.
  public private(set) var residualSquared: Double = 0
  /// Stored elements that are NaN or infinite.
  public private(set) var notFinite: UInt64 = 0
  /// Those of them whose base value was finite.
  public private(set) var overflowed: UInt64 = 0

  /// Sums over no element.
  package init() {}

  init(_ statistics: MergeStatistics) {
    elements = statistics.elements
    maxDelta = statistics.maxDelta
    deltaSquared = statistics.deltaSquared
    residualSquared = statistics.residualSquared
    notFinite = statistics.notFinite
    overflowed = statistics.overflowed
  }

  /// Counts one element: its base value, the value that it should have, and the one that it has as stored.
  mutating func count(base: Double, exact: Double, stored: Double) {
    elements += 1
    let delta = exact - base
    let residual = stored - exact
    maxDelta = maxDelta.isNaN || delta.isNaN ? .nan : max(maxDelta, delta.magnitude)
    deltaSquared += delta * delta
    residualSquared += residual * residual
    if !stored.isFinite {
      notFinite += 1
      if base.isFinite { overflowed += 1 }
    }
  }

  /// Counts elements that share a scale, one after the other, as `count` counts one.
  ///
  /// - Parameters:
  ///   - base: base values; `exact` and `codes` have as many elements.
  ///   - levels: the number of every code.
  mutating func count(
    base: UnsafeBufferPointer<Double>, exact: UnsafeBufferPointer<Float>, codes: UnsafeBufferPointer<UInt8>,
    levels: UnsafeBufferPointer<Double>, scale: Double
  ) {
    precondition(exact.count == base.count && codes.count == base.count && levels.count == 256, "sizes differ")
    var (most, deltas, residuals) = (maxDelta, deltaSquared, residualSquared)
    for place in base.indices {
      let exactly = unsafe Double(exact[place])
      let stored = unsafe levels[Int(codes[place])] * scale
      let delta = unsafe exactly - base[place]
      let residual = stored - exactly
      // A NaN is never below what follows it.
      if !(delta.magnitude <= most) { most = most.isNaN ? most : delta.magnitude }
      deltas += delta * delta
      residuals += residual * residual
      if !stored.isFinite {
        notFinite += 1
        if unsafe base[place].isFinite { overflowed += 1 }
      }
    }
    elements += UInt64(base.count)
    (maxDelta, deltaSquared, residualSquared) = (most, deltas, residuals)
  }

  /// Root mean square of the delta; nil when it is not a number.
  public var deltaRMS: Double? {
    elements > 0 && deltaSquared.isFinite ? (deltaSquared / Double(elements)).squareRoot() : nil
  }

  /// How much of the intended change survives: 1 − ‖W' − W − Δ‖ / ‖Δ‖; nil when there is no change, or one that is
  /// not finite.
  public var deltaRetention: Double? {
    deltaSquared > 0 && residualSquared.isFinite && deltaSquared.isFinite
      ? 1 - (residualSquared / deltaSquared).squareRoot() : nil
  }

  /// Adds another part of the same module.
  mutating func merge(_ other: RoundingStatistics) {
    elements += other.elements
    maxDelta = maxDelta.isNaN || other.maxDelta.isNaN ? .nan : max(maxDelta, other.maxDelta)
    deltaSquared += other.deltaSquared
    residualSquared += other.residualSquared
    notFinite += other.notFinite
    overflowed += other.overflowed
  }

  /// `max_delta`, `rms_delta`, `delta_retention` and, where there are any, `overflowed` and `not_finite`.
  public var json: JSONValue {
    var object: JSONObject = [
      "max_delta": .real(maxDelta), "rms_delta": JSONValue(deltaRMS), "delta_retention": JSONValue(deltaRetention),
    ]
    if overflowed > 0 { object["overflowed"] = JSONValue(overflowed) }
    if notFinite > 0 { object["not_finite"] = JSONValue(notFinite) }
    return .object(object)
  }
}

extension RoundingStatistics {
  /// All counts and sums, bit for bit.
  var exactJSON: JSONValue {
    let numbers =
      [elements] + [maxDelta, deltaSquared, residualSquared].map(\.bitPattern) + [notFinite, overflowed]
    return .array(numbers.map { .string(String($0, radix: 16)) })
  }

  /// Reads what `exactJSON` gave; nil when it is something else.
  init?(exact json: JSONValue) {
    let numbers = (json.array ?? []).compactMap { $0.string.flatMap { UInt64($0, radix: 16) } }
    guard numbers.count == 6 else { return nil }
    elements = numbers[0]
    maxDelta = Double(bitPattern: numbers[1])
    deltaSquared = Double(bitPattern: numbers[2])
    residualSquared = Double(bitPattern: numbers[3])
    notFinite = numbers[4]
    overflowed = numbers[5]
  }
}
