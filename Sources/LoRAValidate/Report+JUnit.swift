import TensorCore

extension ValidationReport {
  /// JUnit XML: one suite for each adapter, one test case for each rule that found something, or a single passing case.
  ///
  /// Findings from the failing severity on are failures; the others go to the case's output, which viewers show.
  public func junit() -> String {
    var suites: [(name: String, findings: [Finding])] = adapters.map { ($0.path, $0.findings) }
    if let base, !base.findings.isEmpty { suites.insert((base.path, base.findings), at: 0) }
    if !fleet.findings.isEmpty { suites.append(("all adapters together", fleet.findings)) }
    var xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    let total = suites.reduce(0) { $0 + max($1.findings.count, 1) }
    let failed = suites.reduce(0) { $0 + $1.findings.count { $0.severity >= options.failOn } }
    xml += "<testsuites name=\"lora-tool validate\" tests=\"\(total)\" failures=\"\(failed)\" errors=\"0\">\n"
    for suite in suites { xml += Self.suite(suite.name, suite.findings, failOn: options.failOn) }
    return xml + "</testsuites>\n"
  }

  private static func suite(_ name: String, _ findings: [Finding], failOn: Severity) -> String {
    let failures = findings.count { $0.severity >= failOn }
    let name = attribute(name)
    var xml = "  <testsuite name=\"\(name)\" tests=\"\(max(findings.count, 1))\" failures=\"\(failures)\" errors=\"0\" "
    xml += "skipped=\"0\">\n"
    if findings.isEmpty { xml += "    <testcase classname=\"\(name)\" name=\"all rules\"/>\n" }
    for finding in findings {
      xml += "    <testcase classname=\"\(name)\" name=\"\(finding.rule.rawValue)\">\n"
      let details = [
        finding.message, finding.expected.map { "expected: \($0)" }, finding.found.map { "found: \($0)" },
        finding.tensor.map { "tensor: \($0)" }, finding.byteOffset.map { "byte: \($0)" }, "file: \(finding.file)",
        finding.hint.map { "fix: \($0)" },
      ].compactMap { $0 }.joined(separator: "\n")
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

  private static func attribute(_ value: String) -> String { text(escaped(value, limit: 2000)) }

  /// Text for XML 1.0, which has no way to write most control characters.
  private static func text(_ value: String) -> String {
    value.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
}
