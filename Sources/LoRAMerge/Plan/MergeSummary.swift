public import JSON
import LoRAIO
import TensorCore

/// What a merge did, as it is reported.
public struct MergeSummary: Sendable {
  /// Below this much retention a module is worth a warning.
  public static let retentionThreshold = 0.5

  /// The plan that was carried out.
  public let plan: MergePlan
  /// What carrying it out gave.
  public let outcome: MergeExecutor.Outcome
  /// The output folder.
  public let output: String
  /// Highest resident memory of the process, in bytes.
  public let peakResidentBytes: UInt64

  /// The summary of a merge that has just ended.
  public init(_ plan: MergePlan, _ outcome: MergeExecutor.Outcome, output: String) {
    self.plan = plan
    self.outcome = outcome
    self.output = output
    peakResidentBytes = CurrentProcess.peakResidentBytes
  }

  /// Smallest and mean retention over the modules; nil when no module has one.
  public var retention: (min: Double, mean: Double)? {
    let values = outcome.rounding.ordered { $0.key < $1.key }.compactMap(\.value.deltaRetention)
    guard let least = values.min() else { return nil }
    return (least, values.reduce(0, +) / Double(values.count))
  }

  /// The modules of which rounding keeps least, worst first.
  public func leastRetained(_ count: Int) -> [(module: String, retention: Double)] {
    let modules = outcome.rounding.compactMap { module, rounding in
      rounding.deltaRetention.map { (module: module, retention: $0) }
    }
    return Array(modules.ordered { ($0.retention, $0.module) < ($1.retention, $1.module) }.prefix(count))
  }

  /// Everything worth knowing, the plan's warnings first.
  public var warnings: [String] {
    var warnings = plan.warnings + outcome.warnings
    // Rounding by chance adds noise on purpose; what it keeps shows in the mean alone.
    let lost = outcome.rounding.filter {
      plan.rounding == .nearest && ($0.value.deltaRetention ?? 1) < Self.retentionThreshold
    }
    if let worst = lost.min(by: { ($0.value.deltaRetention ?? 1, $0.key) < ($1.value.deltaRetention ?? 1, $1.key) }) {
      warnings.append(
        "rounding to the stored dtype keeps less than \(percent(Self.retentionThreshold)) of the change of "
          + "\(lost.count) of \(outcome.rounding.count) modules (least: \(percent(worst.value.deltaRetention ?? 0)) of "
          + "\(escaped(worst.key))); --dtype f32 keeps all of it, and --rounding stochastic keeps it in the mean")
    }
    let overflowed = outcome.rounding.filter { $0.value.overflowed > 0 }
    if let first = overflowed.keys.min() {
      let count = overflowed.values.reduce(0) { $0 + $1.overflowed }
      warnings.append(
        "\(grouped(count)) finite weights became infinite or NaN in the output's dtype, in \(overflowed.count) modules, "
          + "\(escaped(first)) among them; the model is broken unless it is merged with --dtype bf16 or f32")
    }
    return warnings
  }

  /// The document of schema `lora-tool/merge/1` (contract, section 3.3).
  public func json(toolVersion: String) -> JSONValue {
    var modules = JSONObject()
    for (name, rounding) in outcome.rounding.ordered(by: { $0.key < $1.key }) { modules[name] = rounding.json }
    return .document(
      "merge", toolVersion: toolVersion,
      [
        "output": .string(output),
        "tensors_total": JSONValue(plan.tensorCount), "tensors_merged": JSONValue(plan.mergedTensors.count),
        "tensors_replaced": JSONValue(plan.replacedTensors.count), "bytes_written": JSONValue(outcome.bytesWritten),
        "seconds": .real(outcome.seconds), "peak_rss_bytes": JSONValue(peakResidentBytes),
        "rounding": [
          "modules": .object(modules), "delta_retention_min": JSONValue(retention?.min),
          "delta_retention_mean": JSONValue(retention?.mean),
        ],
        "untied": .bool(plan.unties), "adapters": .array(plan.adapters.map(\.json)),
        "warnings": .array(warnings.map { .string($0) }), "complete": .bool(outcome.isComplete),
        "shards_reused": JSONValue(outcome.shardsReused), "fingerprint": .string(plan.identity.fingerprint),
      ])
  }

  private func percent(_ share: Double) -> String { "\(fixed(share * 100, 0)) %" }
}
