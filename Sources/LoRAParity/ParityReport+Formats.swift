import Diagnostics
public import JSON
import TensorCore

extension ParityReport {
  /// The document of `parity --format json`.
  public func json(toolVersion: String) -> JSONValue {
    .document(
      "parity", toolVersion: toolVersion,
      [
        "status": .string(isPassed ? "pass" : "fail"), "device": .string(device),
        "serving_dtype": .string(servingDType.name),
        "tokens": JSONValue(options.tokens), "seed": JSONValue(options.seed), "worst_drift": .real(maxDrift),
        "max_drift": JSONValue(options.maxDrift),
        "modules": .array(
          modules.map { module in
            let served = module.served
            return [
              "name": .string(module.name), "max_abs": JSONValue(served?.maxAbs), "rms": JSONValue(served?.rms),
              "drift": JSONValue(served?.drift), "cosine": JSONValue(served?.cosine),
              "merged_error": .real(module.mergedError), "unmerged_error": JSONValue(served?.unmergedError),
              "delta_share": .real(module.deltaShare), "padded_exact": served.map { .bool($0.paddedIsExact) } ?? .null,
              "grouped_exact": served.map { .bool($0.groupedIsExact) } ?? .null,
              "not_served": JSONValue(module.reason),
            ]
          }),
        "skipped": .array(skipped.map { ["name": .string($0.name), "reason": .string($0.reason)] }),
      ])
  }

  /// Lines for people.
  public func text(limit: Int) -> [String] {
    var table = TextTable([
      ("module", .left), ("drift", .right), ("merged error", .right), ("unmerged error", .right), ("delta", .right),
      ("cosine", .right), ("max |difference|", .right), ("", .left),
    ])
    for module in modules.prefix(limit) {
      var notes: [String] = []
      if module.served?.paddedIsExact == false { notes.append("padded differs") }
      if module.served?.groupedIsExact == false { notes.append("grouped differs") }
      if module.served == nil { notes.append("not served") }
      func number(_ value: Double?) -> String { value.map { Self.short($0) } ?? "-" }
      table.add([
        escaped(module.name), number(module.served?.drift), Self.short(module.mergedError),
        number(module.served?.unmergedError), Self.short(module.deltaShare),
        module.served.map { fixed($0.cosine, 7) } ?? "-", number(module.served?.maxAbs),
        notes.joined(separator: ", "),
      ])
    }
    var lines = [
      "\(modules.count) modules in \(servingDType.name), \(options.tokens) activations each", "",
      "  drift: merged against unmerged; errors: each of them against float64; delta: what the adapter adds.",
      "  All four are root mean squares relative to the output in float64.",
    ]
    lines += [""] + table.lines(indent: "  ")
    if modules.count > limit { lines.append("  and \(modules.count - limit) more") }
    let reasons = Set(modules.compactMap(\.reason)).ordered()
    if !reasons.isEmpty {
      lines.append("")
      for reason in reasons {
        let count = modules.count { $0.reason == reason }
        lines.append("  not served, only merged: \(count) of \(modules.count) modules, as \(reason)")
      }
    }
    if !skipped.isEmpty {
      lines.append("")
      for entry in skipped.prefix(5) { lines.append("  not compared: \(escaped(entry.name)): \(entry.reason)") }
      if skipped.count > 5 { lines.append("  and \(skipped.count - 5) more") }
    }
    lines.append("")
    if modules.contains(where: { $0.served != nil }) {
      lines.append(
        modules.allSatisfy(\.isExact)
          ? "padded slots and mixed batches give exactly the numbers of the adapter alone"
          : "padded slots or mixed batches give other numbers than the adapter alone")
    }
    if let limit = options.maxDrift {
      lines.append("\(isPassed ? "pass" : "fail"): worst drift \(Self.short(maxDrift)), limit \(Self.short(limit))")
    } else {
      lines.append("worst drift \(Self.short(maxDrift))")
    }
    return lines
  }

  /// Three digits with a power of ten where they are needed.
  private static func short(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : value.description }
    if value >= 0.001 && value < 1000 { return fixed(value, 5) }
    var (mantissa, power) = (value, 0)
    while mantissa < 1 {
      mantissa *= 10
      power -= 1
    }
    while mantissa >= 10 {
      mantissa /= 10
      power += 1
    }
    return "\(fixed(mantissa, 2))e\(power)"
  }
}
