import Diagnostics
import JSON
import LoRAEngines
import TensorCore

extension ValidationReport {
  /// The report for a terminal: adapters with findings, a table when there are several, and one verdict line.
  ///
  /// - Parameters:
  ///   - colour: whether verdicts are coloured for a terminal.
  ///   - onlyFailures: leaves out whatever has not failed, and the verdict; nothing is left when all is well.
  public func text(colour: Bool = false, onlyFailures: Bool = false) -> String {
    onlyFailures ? failures(Paint(isOn: colour)) : everything(colour)
  }

  private func failures(_ paint: Paint) -> String {
    func hasFailed(_ findings: [Finding]) -> Bool { Status(findings, failOn: options.failOn) == .fail }
    var lines: [String] = []
    if let base, hasFailed(base.findings) { lines += ["base \(escaped(base.path))"] + paint.lines(base.findings) }
    for adapter in adapters where adapter.status == .fail { lines += adapter.lines(paint) }
    if hasFailed(fleet.findings) { lines += ["all adapters together"] + paint.lines(fleet.findings) }
    return lines.map { $0 + "\n" }.joined()
  }

  private func everything(_ colour: Bool) -> String {
    var lines: [String] = []
    let paint = Paint(isOn: colour)
    if let base, !base.findings.isEmpty || !base.ignored.isEmpty {
      lines += ["base \(escaped(base.path))"] + paint.lines(base.findings) + paint.lines(base.ignored) + [""]
    }
    for adapter in adapters where !adapter.findings.isEmpty || !adapter.ignored.isEmpty || adapters.count == 1 {
      lines += adapter.lines(paint) + [""]
    }
    if adapters.count > 1 { lines += table(paint) + [""] }
    if !fleet.findings.isEmpty || !fleet.ignored.isEmpty {
      lines += ["all adapters together"] + paint.lines(fleet.findings) + paint.lines(fleet.ignored) + [""]
    }
    lines.append(verdict(paint))
    return lines.joined(separator: "\n") + "\n"
  }

  private func table(_ paint: Paint) -> [String] {
    var table = TextTable([
      ("status", .left), ("adapter", .left), ("modules", .right), ("matched", .right), ("rank", .right),
      ("size", .right),
      ("errors", .right), ("warnings", .right),
    ])
    for adapter in adapters {
      table.add([
        adapter.status.rawValue, escaped(adapter.path), grouped(UInt64(adapter.modules)),
        adapter.matched.map { grouped(UInt64($0)) } ?? "-", "\(adapter.maxRank)", ByteCount(adapter.bytes).human,
        "\(adapter.count(.error))", "\(adapter.count(.warning))",
      ])
    }
    let lines = table.lines()
    return lines.prefix(1)
      + zip(lines.dropFirst(), adapters).map { line, adapter in
        let word = adapter.status.rawValue
        return line.hasPrefix(word) ? paint.status(adapter.status) + line.dropFirst(word.count) : line
      }
  }

  private func verdict(_ paint: Paint) -> String {
    let parts = [(count(.fail), "failed"), (count(.warn), "with warnings"), (count(.pass), "passed")]
      .filter { $0.0 > 0 }.map { "\(grouped(UInt64($0.0))) \($0.1)" }
    let shard = options.shard.map { " in part \($0.index) of \($0.count)" } ?? ""
    // A base with errors is not compared with.
    let isAlone = base?.findings.contains { $0.severity == .error } ?? false
    let checked = "\(counted(adapters.count, "adapter")) checked\(isAlone ? " without the base" : "")\(shard)"
    let unchecked = problems.isEmpty ? [] : ["\(counted(problems.count, "input")) could not be checked"]
    let aside = ignored.isEmpty ? [] : ["\(counted(ignored.count, "finding")) ignored by the policy"]
    return "\(paint.status(status)): " + ([checked] + parts + others + unchecked + aside).joined(separator: ", ")
  }

  /// What the verdict says of that which is no single adapter, where it is worse than every adapter.
  private var others: [String] {
    let worst = adapters.map(\.status).max() ?? .pass
    return [("the base", base?.findings ?? []), ("all together", fleet.findings)].compactMap { name, findings in
      let status = Status(findings, failOn: options.failOn)
      guard status > worst else { return nil }
      return status == .fail ? "\(name) failed" : "\(name) with warnings"
    }
  }
}

extension AdapterResult {
  /// Number of findings of this severity.
  func count(_ severity: Severity) -> Int { findings.count { $0.severity == severity } }

  fileprivate func lines(_ paint: Paint) -> [String] {
    var facts = [counted(modules, "module")]
    if let matched { facts.append("\(grouped(UInt64(matched))) of them in the base") }
    facts += ["rank \(maxRank)", ByteCount(bytes).description]
    var lines = ["\(paint.status(status))  \(paint.bold(escaped(path)))  \(facts.joined(separator: ", "))"]
    if let serving { lines.append("  \(serving.sentence)") }
    return lines + paint.lines(findings) + paint.lines(ignored)
  }
}

extension AdapterResult.Serving {
  /// What the engine would make of the adapter, in one sentence.
  public var sentence: String {
    switch verdict {
    case .applied: "\(engine.title) would load this adapter and apply it as trained"
    case .partly: "\(engine.title) would load this adapter but not apply it as trained"
    case .refused: "\(engine.title) would refuse this adapter"
    case .unjudged: "not held against \(engine.title): whether it would apply this adapter as trained is not known"
    }
  }
}

/// Colours of a terminal, or none.
private struct Paint {
  let isOn: Bool

  func bold(_ text: String) -> String { isOn ? "\u{1B}[1m\(text)\u{1B}[0m" : text }

  private func colour(_ text: String, _ code: Int) -> String { isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }

  func status(_ status: ValidationReport.Status) -> String {
    switch status {
    case .pass: colour("pass", 32)
    case .warn: colour("warn", 33)
    case .fail: colour("fail", 31)
    }
  }

  private func severity(_ severity: Severity, width: Int) -> String {
    let text = severity.rawValue.padded(to: width)
    switch severity {
    case .error: return colour(text, 31)
    case .warning: return colour(text, 33)
    case .note: return colour(text, 36)
    }
  }

  /// One line for each ignored rule, with the policy's reason.
  func lines(_ ignored: [IgnoredFinding]) -> [String] {
    var groups = Groups<RuleID, IgnoredFinding>()
    for one in ignored { groups.add(one.finding.rule, one) }
    return groups.all.map { rule, places in
      let times = places.count == 1 ? "" : " (\(places.count) times)"
      return "  ignored  \(rule.rawValue)\(times): \(escaped(places.first?.reason ?? ""))"
    }
  }

  /// Findings in aligned columns, details below each message.
  func lines(_ findings: [Finding]) -> [String] {
    let rules = findings.map(\.rule.rawValue.count).max() ?? 0
    let severities = findings.map(\.severity.rawValue.count).max() ?? 0
    let indent = String(repeating: " ", count: 2 + severities + 2 + rules + 2)
    return findings.flatMap { finding in
      let head = severity(finding.severity, width: severities) + "  " + finding.rule.rawValue.padded(to: rules)
      var lines = ["  \(head)  \(finding.message)"]
      if let expected = finding.expected, let found = finding.found {
        lines.append("\(indent)expected \(expected), found \(found)")
      }
      let tensor = finding.tensor.map { ", tensor \(escaped($0))" } ?? ""
      let byte = finding.byteOffset.map { ", byte \(grouped($0))" } ?? ""
      lines.append("\(indent)in \(escaped(finding.file))\(tensor)\(byte)")
      if let hint = finding.hint { lines.append("\(indent)fix: \(hint)") }
      return lines
    }
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
