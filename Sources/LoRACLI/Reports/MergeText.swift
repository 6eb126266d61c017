import Diagnostics
import JSON
import LoRAMerge
import TensorCore

extension MergePlan {
  /// What would be done, for a reader.
  func text(output: String) -> [String] {
    var lines = ["would write \(escaped(output)): \(ByteCount(outputBytes)) in \(shards.count + files.count) files"]
    lines.append("  tensors    \(tensorCount) in all, \(mergedTensors.count) merged, \(replacedTensors.count) replaced")
    for adapter in adapters {
      lines.append("  adapter    \(adapter.text)")
    }
    for shard in shards { lines.append("  shard      \(escaped(shard.name)): \(ByteCount(shard.size))") }
    if !files.isEmpty { lines.append("  beside     " + files.map { escaped($0.name) }.joined(separator: ", ")) }
    if !skipped.isEmpty { lines.append("  left out   " + skipped.map { escaped($0) }.joined(separator: ", ")) }
    return lines + warnings.map { "warning: \(escaped($0, limit: 2_000))" }
  }
}

extension MergeSummary {
  /// What was done, for a reader.
  var text: [String] {
    let bytesPerSecond = outcome.seconds > 0 ? Double(outcome.bytesWritten) / outcome.seconds : 0
    let rate = ByteCount(UInt64(bytesPerSecond)).human + "/s"
    let tensors =
      "\(plan.tensorCount) in all, \(plan.mergedTensors.count) merged, \(plan.replacedTensors.count) replaced"
    var lines = [
      outcome.isComplete
        ? "merged into \(escaped(output))" : "part of \(escaped(output)) written; other parts are missing",
      "  tensors    \(tensors)",
      "  written    \(ByteCount(outcome.bytesWritten)) in \(elapsed(outcome.seconds)), \(rate)",
      "  memory     \(ByteCount(peakResidentBytes)) at most",
    ]
    if outcome.shardsReused > 0 {
      lines.append("  resumed    \(outcome.shardsReused) of \(plan.shards.count) shards were finished before")
    }
    for adapter in plan.adapters {
      lines.append("  adapter    \(adapter.text)")
    }
    if let retention {
      lines.append("  rounding   keeps \(fixed(retention.mean * 100, 1)) % of the change on average; of these least:")
      for (module, retention) in leastRetained(3) {
        lines.append("             \(fixed(retention * 100, 1)) % \(escaped(module))")
      }
    }
    return lines + warnings.map { "warning: \(escaped($0, limit: 2_000))" }
  }
}

extension MergeVerification {
  /// What was checked, for a reader.
  var text: [String] {
    let checked =
      "\(ByteCount(bytesCompared)) compared byte for byte, \(grouped(elementsRecomputed)) elements of "
      + "\(matricesRecomputed) tensors computed again in float64, \(grouped(elementsOffByOne)) of them off by one ulp"
    guard !isSound else { return ["verified: " + checked] }
    var lines = discrepancies.map { "differs: \($0)" }
    if discrepancyCount > discrepancies.count {
      lines.append("and \(discrepancyCount - discrepancies.count) more differences")
    }
    return lines + ["verification failed: \(discrepancyCount) differences; \(checked)"]
  }
}

extension PlannedAdapter {
  /// Path, size and weight in a line.
  fileprivate var text: String { "\(escaped(path)): \(modules) modules, weight \(fixed(weight, 4))" }
}
