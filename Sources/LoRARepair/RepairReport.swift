package import Diagnostics
package import JSON
import TensorCore

/// What became of one adapter.
package struct RepairReport: Sendable {
  /// The adapter, as it was named or found.
  package let path: String
  /// The folder that was written, or would be; nil when nothing was, or when none was named.
  package let output: String?
  package let mends: [Mend]
  /// What a check of the result still finds.
  package let left: [Finding]
  /// Whether the weights could be read; nothing is written otherwise.
  package let isReadable: Bool
  /// Why nothing was written although the weights can be read, or nil.
  package let problem: String?
  /// From which severity on a finding fails the result.
  private let failOn: Severity

  package init(
    _ path: String, output: String?, mends: [Mend], left: [Finding], isReadable: Bool = true, failOn: Severity,
    problem: String? = nil
  ) {
    (self.path, self.output, self.mends, self.left) = (path, output, mends, left)
    (self.isReadable, self.failOn, self.problem) = (isReadable, failOn, problem)
  }

  /// Whether the adapter was mended as far as it can be, and written unless that was not asked for.
  package var isDone: Bool { isReadable && problem == nil }

  /// Whether the result passes its check.
  package var isSound: Bool { isDone && !left.contains { $0.severity >= failOn } }

  /// In one word: whether there was anything to mend, and whether that was all.
  package var status: String {
    if !isReadable { return "unreadable" }
    if problem != nil { return "failed" }
    if !isSound { return "left" }
    return mends.isEmpty ? "sound" : "mended"
  }

  /// The members of the document.
  package var json: JSONObject {
    var object: JSONObject = [
      "adapter": .string(path), "output": output.map { .string($0) } ?? .null, "status": .string(status),
      "mended": .array(mends.map(\.json)), "left": .array(left.map(\.json)),
    ]
    object["problem"] = problem.map { .string($0) }
    return object
  }

  /// Lines for a terminal.
  package func text(isDryRun: Bool) -> [String] {
    var lines = [headline(isDryRun)]
    for mend in mends {
      lines.append("  mended  \(mend.rule.rawValue): \(mend.what)\(mend.isExact ? "" : " (rounded once)")")
    }
    for finding in left {
      lines.append("  left    \(finding.severity.rawValue) \(finding.rule.rawValue): \(finding.message)")
      if let hint = finding.hint { lines.append("          fix: \(hint)") }
    }
    return lines
  }

  private func headline(_ isDryRun: Bool) -> String {
    let name = escaped(path)
    if problem != nil { return "\(name): nothing is written" }
    guard isReadable else { return "\(name): its weights cannot be read, so nothing is written" }
    if mends.isEmpty {
      let what = left.isEmpty ? "nothing needs mending" : "nothing that can be mended"
      return "\(name): \(what); \(isDryRun ? "it would be" : "written is") the same adapter"
    }
    return "\(name): \(counted(mends.count, "mend")), \(isDryRun ? "nothing" : "all of it") written"
  }
}

/// What became of several adapters, or of one.
package struct RepairReports: Sendable {
  package let all: [RepairReport]
  package let isDryRun: Bool

  package init(_ all: [RepairReport], isDryRun: Bool) { (self.all, self.isDryRun) = (all, isDryRun) }

  /// Whether every result passes its check.
  package var areSound: Bool { all.allSatisfy(\.isSound) }

  /// The document: one adapter's members at the top, several below `adapters`.
  package func json(toolVersion: String) -> JSONValue {
    var object: JSONObject = ["dry_run": .bool(isDryRun)]
    if all.count == 1, let one = all.first {
      for (key, value) in one.json.members { object[key] = value }
    } else {
      object["adapters"] = .array(all.map { .object($0.json) })
    }
    return .document("repair", toolVersion: toolVersion, object)
  }

  /// Lines for a terminal; a table comes last where there are several.
  package var text: [String] {
    var lines = all.flatMap { $0.text(isDryRun: isDryRun) }
    guard all.count > 1 else { return lines }
    var table = TextTable([("status", .left), ("adapter", .left), ("mended", .right), ("left", .right)])
    for report in all {
      table.add([report.status, escaped(report.path), "\(report.mends.count)", "\(report.left.count)"])
    }
    lines.append("")
    return lines + table.lines()
  }
}
