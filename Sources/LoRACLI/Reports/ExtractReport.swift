import Diagnostics
import JSON
import LoRADeltas
import LoRAIO
import LoRASurgery
import TensorCore

/// What `extract` did.
struct ExtractReport {
  let base: String
  let tuned: String
  let output: String?
  let plan: ExtractPlan
  let outcome: ExtractOutcome
  let bytes: UInt64
  let isDryRun: Bool
  let seconds: Double

  private var dropsTensors: Bool { plan.options.onlyLoRA }

  // MARK: JSON

  /// The report as JSON.
  var json: JSONValue {
    let tensors = JSONValue.array(plan.changedTensors.map { .object(Self.json($0)) })
    return .document(
      "extract", toolVersion: Version.text,
      [
        "base": .string(base), "tuned": .string(tuned), "output": output.map { .string($0) } ?? .null,
        "dry_run": .bool(isDryRun), "seconds": .real(seconds), "rank": JSONValue(outcome.rank),
        "energy": .real(outcome.energy), "error": .real(outcome.error), "relative_delta": .real(outcome.relative),
        "bytes": JSONValue(bytes), "unchanged_modules": JSONValue(UInt64(plan.unchangedModules)),
        "modules": .array(outcome.written.map { .object(Self.json($0)) }),
        "within_noise": .array(outcome.withinNoise.map { .object(Self.json($0)) }),
        "saved": dropsTensors ? .array([]) : tensors, "dropped": dropsTensors ? tensors : .array([]),
      ])
  }

  private static func json(_ module: ExtractedModule) -> JSONObject {
    [
      "name": .string(module.name), "rank": JSONValue(module.rank), "energy": .real(module.energy),
      "error": .real(module.error), "noise_floor": .real(module.noiseFloor),
      "above_noise": JSONValue(module.aboveNoise), "delta_frobenius": .real(module.norm),
      "delta_spectral": .real(module.spectral), "relative_delta": module.relative.map { .real($0) } ?? .null,
    ]
  }

  private static func json(_ tensor: ExtractedTensor) -> JSONObject {
    [
      "name": .string(tensor.name), "dtype": .string(tensor.dtype.name),
      "shape": .array(tensor.shape.dimensions.map { JSONValue($0) }), "bytes": JSONValue(tensor.bytes),
      "relative_delta": tensor.relative.map { .real($0) } ?? .null,
      "delta_frobenius": tensor.norm.map { .real($0) } ?? .null,
    ]
  }

  // MARK: Text

  var text: [String] {
    let ranks = outcome.written.map(\.rank)
    let (low, high) = (ranks.min() ?? 0, ranks.max() ?? 0)
    var lines = [
      "\(escaped(tuned)) - \(escaped(base)) -> \(escaped(output ?? "nothing (dry run)")): "
        + "\(counted(ranks.count, "module")), rank \(low == high ? "\(high)" : "\(low)-\(high)")",
      "energy kept \(Self.percent(outcome.energy, 4)), error \(Self.percent(outcome.error, 3)) of the difference "
        + "(measured on what \(isDryRun ? "would be" : "was") written)",
      "the difference is \(Self.percent(outcome.relative, 3)) of the weights; \(counted(plan.unchangedModules, "module")) "
        + "unchanged",
    ]
    lines += noise
    if isDryRun { lines += modules(outcome.modules, title: "module") } else { lines += worst }
    lines += others
    lines.append("size \(ByteCount(bytes)), \(elapsed(seconds))")
    return lines
  }

  /// What rounding hides.
  private var noise: [String] {
    var lines: [String] = []
    let cut = outcome.written.count { $0.rank == $0.aboveNoise && $0.energy < plan.options.rule.energy ?? 0 }
    if cut > 0 {
      lines.append(
        "\(counted(cut, "module")) cut at the noise of rounding: further singular values say nothing of the training")
    }
    if plan.options.rule.energy == nil {
      let beyond = outcome.written.count { $0.rank > $0.aboveNoise }
      if beyond > 0 {
        lines.append(
          "\(counted(beyond, "module")) with fewer singular values above the noise of rounding than the rank; --energy "
            + "cuts there")
      }
    }
    let within = outcome.withinNoise
    if !within.isEmpty {
      lines.append(
        "\(counted(within.count, "module")) without factors, since all of the change is within the noise of rounding")
    }
    return lines
  }

  private var worst: [String] {
    let worst = outcome.written.ordered { ($1.error, $0.name) < ($0.error, $1.name) }.prefix(5).filter {
      $0.error >= 5e-5
    }
    return worst.count > 1 ? modules(Array(worst), title: "largest errors") : []
  }

  private func modules(_ modules: [ExtractedModule], title: String) -> [String] {
    var table = TextTable([
      (title, .left), ("rank", .right), ("energy", .right), ("error", .right), ("change", .right), ("noise", .right),
    ])
    for module in modules {
      table.add([
        escaped(module.name), "\(module.rank)", Self.percent(module.energy, 2), Self.percent(module.error, 2),
        module.relative.map { Self.percent($0, 2) } ?? "-",
        module.spectral > 0 ? Self.percent(module.noiseFloor / module.spectral, 2) : "-",
      ])
    }
    return [""] + table.lines() + [""]
  }

  /// What is not LoRA.
  private var others: [String] {
    let tensors = plan.changedTensors
    guard !tensors.isEmpty else { return [] }
    let size = ByteCount(tensors.reduce(0) { $0 &+ $1.bytes })
    let fate =
      dropsTensors
      ? "dropped by --only-lora:" : "saved whole; engines that serve LoRA alone refuse that (--only-lora):"
    var lines = ["\(counted(tensors.count, "other tensor")) changed (\(size)), \(fate)"]
    for tensor in tensors.prefix(10) {
      let change =
        tensor.relative.map { Self.percent($0, 2) } ?? tensor.norm.map { "of norm \(fixed($0, 4))" } ?? "of shape"
      lines.append("  \(escaped(tensor.name)) \(tensor.shape), change \(change)")
    }
    if tensors.count > 10 { lines.append("  and \(tensors.count - 10) more; --format json lists them") }
    return lines
  }

  private static func percent(_ share: Double, _ digits: Int) -> String { "\(fixed(share * 100, digits)) %" }
}
