import Diagnostics
public import JSON
import TensorCore

extension GateReport {
  /// The document of `gate --format json`.
  public func json(toolVersion: String) -> JSONValue {
    .document(
      "gate", toolVersion: toolVersion,
      [
        "status": .string(isPassed ? "pass" : "fail"), "max_regression": .real(options.maxRegression.value),
        "call_order": .string(options.ignoresCallOrder ? "ignored" : "exact"), "baseline": baseline.json,
        "candidate": candidate.json, "adapters": .array(adapters.map { $0.json(options) }),
        "total": total.json(options),
        "changes": .array(changes.map(\.json)),
      ])
  }

  /// JUnit XML: one test case for each adapter.
  public var junit: String {
    let failed = adapters.count { $0.status(options) == .fail }
    let skipped = adapters.count { $0.status(options) == .skipped }
    var xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    xml += "<testsuites name=\"lora-tool gate\" tests=\"\(adapters.count)\" failures=\"\(failed)\" errors=\"0\">\n"
    xml += "  <testsuite name=\"eval gate\" tests=\"\(adapters.count)\" failures=\"\(failed)\" errors=\"0\" "
    xml += "skipped=\"\(skipped)\">\n"
    for adapter in adapters {
      xml += "    <testcase classname=\"eval gate\" name=\"\(xmlText(escaped(adapter.name)))\">\n"
      let details = xmlText(Self.remarks(adapter, options).joined(separator: "\n"))
      switch adapter.status(options) {
      case .fail:
        let regression = adapter.regression.map { Self.percent($0) } ?? ""
        let message = "the score fell by \(regression), more than \(options.maxRegression)"
        xml += "      <failure type=\"regression\" message=\"\(xmlText(message))\">\(details)</failure>\n"
      case .skipped: xml += "      <skipped message=\"the baseline has no answers of this adapter\"/>\n"
      case .pass: xml += "      <system-out>\(details)</system-out>\n"
      }
      xml += "    </testcase>\n"
    }
    return xml + "  </testsuite>\n</testsuites>\n"
  }

  /// A Markdown table for a pull request, and the changed answers.
  public var markdown: [String] {
    var table = TextTable([
      ("adapter", .left), ("prompts", .right), ("before", .right), ("after", .right), ("regression", .right),
      ("broken", .right), ("fixed", .right), ("missing", .right), ("McNemar p", .right), ("95 % interval", .left),
      ("status", .left),
    ])
    for adapter in adapters {
      let interval = adapter.mcnemar.interval(confidence: options.confidence)
      table.add([
        escaped(adapter.name), grouped(adapter.prompts), adapter.baselineScore.map { Self.percent($0) } ?? "",
        adapter.candidateScore.map { Self.percent($0) } ?? "", adapter.regression.map { Self.percent($0) } ?? "",
        grouped(adapter.broken), grouped(adapter.fixed), grouped(adapter.missing),
        Self.significant(adapter.mcnemar.pValue),
        "\(Self.percent(interval.lowerBound)) to \(Self.percent(interval.upperBound))",
        adapter.status(options).rawValue,
      ])
    }
    var lines = table.markdown
    guard !changes.isEmpty else { return lines }
    var list = TextTable([
      ("change", .left), ("adapter", .left), ("id", .left), ("expected", .left), ("baseline", .left),
      ("candidate", .left),
    ])
    for change in changes {
      list.add(
        [
          change.kind.rawValue, escaped(change.adapter), escaped(change.id, limit: 80),
          change.expected.map { escaped($0) } ?? "", escaped(change.baseline),
          change.candidate.map { escaped($0) } ?? "no answer",
        ].map { Self.cell($0) })
    }
    lines.append("")
    return lines + list.markdown
  }

  /// Text from a file that must not become markup.
  private static func cell(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "`", "*", "_", "[", "]", "\\": result += "\\\(character)"
      default: result.append(character)
      }
    }
  }
}

extension GateReport.File {
  fileprivate var json: JSONValue {
    ["path": .string(path), "answers": JSONValue(answers), "bytes": JSONValue(bytes)]
  }
}

extension GateResult {
  fileprivate func json(_ options: GateOptions) -> JSONValue {
    let test = mcnemar
    let interval = test.interval(confidence: options.confidence)
    return [
      "name": .string(name), "prompts": JSONValue(prompts), "baseline_score": JSONValue(baselineScore),
      "candidate_score": JSONValue(candidateScore), "regression": JSONValue(regression),
      "status": .string(status(options).rawValue), "baseline_right": JSONValue(baselineRight),
      "candidate_right": JSONValue(candidateRight), "broken": JSONValue(broken), "fixed": JSONValue(fixed),
      "still_wrong": JSONValue(stillWrong), "missing": JSONValue(missing), "extra": JSONValue(extra),
      "invalid_arguments": ["baseline": JSONValue(baselineInvalid), "candidate": JSONValue(candidateInvalid)],
      "without_expected": JSONValue(unstated),
      "mcnemar": [
        "p_value": .real(test.pValue),
        "interval": ["low": .real(interval.lowerBound), "high": .real(interval.upperBound)],
        "confidence": .real(options.confidence),
        "broken_upper_bound": .real(test.brokenUpperBound(confidence: options.confidence)),
        "prompts_needed": McNemar.promptsNeeded(for: options.maxRegression.value, confidence: options.confidence)
          .map { JSONValue($0) } ?? .null,
      ],
    ]
  }
}

extension ChangedAnswer {
  fileprivate var json: JSONValue {
    [
      "change": .string(kind.rawValue), "adapter": .string(adapter), "id": .string(id),
      "expected": JSONValue(expected), "baseline": .string(baseline), "candidate": JSONValue(candidate),
    ]
  }
}
