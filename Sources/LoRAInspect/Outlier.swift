import JSON
import LoRAModel
import TensorCore

/// A module whose delta is far larger or smaller than those of the modules like it: same last name, same sizes.
///
/// By the robust score of Iglewicz and Hoaglin (How to Detect and Handle Outliers, 1993): distance from the median over
/// 1.4826 times the median distance. One broken or overtrained layer then cannot hide itself by widening the spread.
public struct Outlier: Sendable, Equatable {
  /// What stands out.
  public enum Measure: String, Sendable {
    /// ‖s·B·A‖.
    case deltaFrobenius = "delta_frobenius"
    /// ‖s·B·A‖ / ‖W‖.
    case relativeDelta = "relative_delta"
  }

  /// The module's name in the base model.
  public var module: String
  /// The measure that stands out most.
  public var measure: Measure
  /// Its value.
  public var value: Double
  /// The median of the modules like it.
  public var median: Double
  /// Robust score: negative for a value below the median.
  public var score: Double

  /// Scores from here on stand out, as the authors recommend.
  public static let scoreLimit = 3.5
  /// Values within this factor of the median never stand out, however alike the others are.
  public static let leastFactor = 1.5
  /// Fewer modules than this say nothing about what is usual.
  public static let fewestModules = 5
  /// A spread is taken to be at least this share of the median, so that equal values give finite scores.
  private static let leastSpread = 0.05

  /// The values that stand out among those of modules alike; values must be positive and finite.
  static func all(among values: [(module: String, value: Double)], _ measure: Measure) -> [Outlier] {
    guard values.count >= fewestModules, let middle = LoRAInspect.median(values.map(\.value)),
      let deviation = LoRAInspect.median(values.map { abs($0.value - middle) })
    else { return [] }
    let spread = max(1.4826 * deviation, leastSpread * middle)
    return values.compactMap { module, value in
      let score = (value - middle) / spread
      let factor = max(value / middle, middle / value)
      guard abs(score) > scoreLimit, factor >= leastFactor else { return nil }
      return Outlier(module: module, measure: measure, value: value, median: middle, score: score)
    }
  }

  /// What stands out, in one sentence without a full stop.
  public var sentence: String {
    let sign = measure == .deltaFrobenius ? "‖ΔW‖" : "‖ΔW‖/‖W‖"
    let ratio = value / median
    let factor = ratio >= 1 ? "\(Inspection.rounded(ratio)) times" : "1/\(Inspection.rounded(1 / ratio)) of"
    return "\(escaped(module, limit: 160)): \(sign) \(Inspection.rounded(value)) is \(factor) the median of modules "
      + "like it (robust score \(fixed(score, 1)))"
  }

  var json: JSONValue {
    [
      "module": .string(module), "measure": .string(measure.rawValue), "value": .real(value),
      "median": .real(median), "score": .real(score),
    ]
  }
}

extension Inspection {
  /// The modules that stand far out, each once, the farthest first; none without statistics.
  public var outliers: [Outlier] {
    guard let statistics else { return [] }
    struct Sort: Hashable {
      let target: String
      let sizes: [UInt64]
    }
    let groups = Dictionary(grouping: adapter.modules.indices) { index in
      let module = adapter.modules[index]
      return Sort(target: Self.target(of: module.name), sizes: [module.inFeatures, module.outFeatures, module.experts])
    }
    var farthest: [String: Outlier] = [:]
    for places in groups.values where places.count >= Outlier.fewestModules {
      for (measure, value) in [
        (Outlier.Measure.deltaFrobenius, \ModuleStatistics.deltaFrobenius), (.relativeDelta, \.relativeDelta),
      ] {
        let values = places.compactMap { place in
          statistics.modules[place][keyPath: value].flatMap { number in
            number > 0 && number.isFinite ? (adapter.modules[place].name, number) : nil
          }
        }
        for outlier in Outlier.all(among: values, measure)
        where abs(outlier.score) > abs(farthest[outlier.module]?.score ?? 0) {
          farthest[outlier.module] = outlier
        }
      }
    }
    return farthest.values.sorted { (abs($1.score), $0.module) < (abs($0.score), $1.module) }
  }
}

/// The middle value; nil without values.
package func median(_ values: [Double]) -> Double? {
  guard !values.isEmpty else { return nil }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : sorted[middle - 1] / 2 + sorted[middle] / 2
}
