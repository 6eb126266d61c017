import Diagnostics
import JSON

extension ValidationReport {
  /// JUnit XML: one suite for each adapter, one test case for each rule that found something, or a single passing case.
  ///
  /// Findings from the failing severity on are failures; the others go to the case's output, which viewers show. What
  /// the policy sets aside is a skipped case.
  public func junit() -> String {
    var suites = adapters.map { Suite(name: $0.path, findings: $0.findings, ignored: $0.ignored) }
    if let base, !base.findings.isEmpty || !base.ignored.isEmpty {
      suites.insert(Suite(name: base.path, findings: base.findings, ignored: base.ignored), at: 0)
    }
    if !fleet.findings.isEmpty || !fleet.ignored.isEmpty {
      suites.append(Suite(name: "all adapters together", findings: fleet.findings, ignored: fleet.ignored))
    }
    var xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    let total = suites.reduce(0) { $0 + $1.count }
    let failed = suites.reduce(0) { $0 + $1.findings.count { $0.severity >= options.failOn } }
    xml += "<testsuites name=\"lora-tool validate\" tests=\"\(total + problems.count)\" failures=\"\(failed)\" "
    xml += "errors=\"\(problems.count)\">\n"
    for suite in suites { xml += Self.xml(suite, failOn: options.failOn) }
    if !problems.isEmpty { xml += Self.xml(problems) }
    return xml + "</testsuites>\n"
  }

  private struct Suite {
    let name: String
    let findings: [Finding]
    let ignored: [IgnoredFinding]

    /// Number of test cases; a suite without findings has the one that passes.
    var count: Int { max(findings.count, 1) + ignored.count }
  }

  private static func xml(_ suite: Suite, failOn: Severity) -> String {
    let failures = suite.findings.count { $0.severity >= failOn }
    let name = attribute(suite.name)
    var xml = "  <testsuite name=\"\(name)\" tests=\"\(suite.count)\" failures=\"\(failures)\" errors=\"0\" "
    xml += "skipped=\"\(suite.ignored.count)\">\n"
    if suite.findings.isEmpty { xml += "    <testcase classname=\"\(name)\" name=\"all rules\"/>\n" }
    for ignored in suite.ignored {
      let message = attribute("ignored by the policy (\(ignored.reason)): \(ignored.finding.message)")
      xml += "    <testcase classname=\"\(name)\" name=\"\(ignored.finding.rule.rawValue)\">\n"
      xml += "      <skipped message=\"\(message)\"/>\n    </testcase>\n"
    }
    for finding in suite.findings {
      xml += "    <testcase classname=\"\(name)\" name=\"\(finding.rule.rawValue)\">\n"
      let details = [
        finding.message, finding.expected.map { "expected: \($0)" }, finding.found.map { "found: \($0)" },
        finding.tensor.map { "tensor: \($0)" }, finding.byteOffset.map { "byte: \($0)" }, "file: \(finding.file)",
        finding.hint.map { "fix: \($0)" },
      ].compactMap { $0.map { escaped($0, limit: 2000) } }.joined(separator: "\n")
      if finding.severity >= failOn {
        xml += "      <failure type=\"\(finding.severity.rawValue)\" message=\"\(attribute(finding.message))\">"
        xml += "\(text(details))</failure>\n"
      } else {
        xml += "      <system-out>\(text(finding.severity.rawValue + ": " + details))</system-out>\n"
      }
      xml += "    </testcase>\n"
    }
    return xml + "  </testsuite>\n"
  }

  /// The suite of what could not be checked: errors of the run, not failures of an adapter.
  private static func xml(_ problems: [String]) -> String {
    var xml = "  <testsuite name=\"inputs\" tests=\"\(problems.count)\" failures=\"0\" errors=\"\(problems.count)\">\n"
    for problem in problems {
      xml += "    <testcase classname=\"inputs\" name=\"found\">\n"
      xml += "      <error type=\"input\" message=\"\(attribute(problem))\"/>\n    </testcase>\n"
    }
    return xml + "  </testsuite>\n"
  }

  private static func attribute(_ value: String) -> String { text(escaped(value, limit: 2000)) }

  private static func text(_ value: String) -> String { xmlText(value) }
}
