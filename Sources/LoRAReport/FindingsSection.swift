import Diagnostics
import LoRAValidate
import TensorCore

/// Findings of one place that a page shows; a hostile file can cause no more than this.
private let findingLimit = 100

extension ReportedAdapter {
  /// What validation found, with links to what each rule means.
  func findingsSection(_ id: String) -> Markup {
    let found: Markup =
      result.findings.isEmpty ? "<p>Nothing was found.</p>\n" : findingsList(result.findings)
    return "<h3>Findings</h3>\n\(found)\(ignoredList(result.ignored))"
  }
}

extension Report {
  /// What shows only when the adapters are looked at together.
  var fleetSection: Markup? {
    let fleet = validation.fleet
    guard !fleet.findings.isEmpty || !fleet.ignored.isEmpty else { return nil }
    return """
      <section aria-labelledby="together">
      <h2 id="together">All adapters together</h2>
      \(findingsList(fleet.findings))\(ignoredList(fleet.ignored))</section>

      """
  }
}

/// Findings, worst first as they come.
func findingsList(_ findings: [Finding]) -> Markup {
  let order = findings.enumerated().ordered { left, right in
    (right.element.severity, left.offset) < (left.element.severity, right.offset)
  }
  let items: [Markup] = order.prefix(findingLimit).map { item($0.element) }
  let more: Markup =
    findings.count > findingLimit
    ? "<p class=\"soft\">\(findings.count - findingLimit) more are left out here; lora-tool validate lists all.</p>\n"
    : ""
  return "<ul class=\"findings\">\n\(items)</ul>\n\(more)"
}

private func item(_ finding: Finding) -> Markup {
  var rows: [(String, String)] = []
  if let hint = finding.hint { rows.append(("What to do", hint)) }
  if let expected = finding.expected { rows.append(("Expected", expected)) }
  if let found = finding.found { rows.append(("Found", found)) }
  if let module = finding.module { rows.append(("Module", module)) }
  if let tensor = finding.tensor { rows.append(("Tensor", tensor)) }
  let place = finding.byteOffset.map { ", byte \(grouped($0))" } ?? ""
  rows.append(("File", finding.file + place))
  let details: [Markup] = rows.map { row -> Markup in "<dt>\(row.0)</dt><dd>\(row.1)</dd>\n" }
  return """
    <li class="\(finding.severity.rawValue)">
    <span class="badge \(finding.severity.rawValue)">\(finding.severity.rawValue)</span> \
    <a href="#rule-\(finding.rule.rawValue)"><code>\(finding.rule.rawValue)</code></a>
    <p>\(finding.message)</p>
    <dl>
    \(details)</dl>
    </li>

    """
}

/// Findings that a policy sets aside, with its reasons.
private func ignoredList(_ ignored: [IgnoredFinding]) -> Markup? {
  guard !ignored.isEmpty else { return nil }
  let items: [Markup] = ignored.prefix(findingLimit).map { one -> Markup in
    "<li><code>\(one.finding.rule.rawValue)</code>: \(one.finding.message) <span class=\"soft\">(ignored: \(one.reason))</span></li>\n"
  }
  return """
    <details><summary>\(counted(ignored.count, "finding")) set aside by the policy</summary>
    <ul>
    \(items)</ul>
    </details>

    """
}
