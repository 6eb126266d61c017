import Diagnostics
import LoRAValidate

extension Report {
  /// What the rules say that have findings on this page.
  var rulesSection: Markup? {
    var rules: Set<RuleID> = Set(((validation.base?.findings ?? []) + validation.fleet.findings).map(\.rule))
    for adapter in adapters where adapter.inspection != nil { rules.formUnion(adapter.result.findings.map(\.rule)) }
    let pages: [Markup] = RuleSet.all.filter { rules.contains($0.id) }.map { rule -> Markup in
      """
      <section class="rule" aria-labelledby="rule-\(rule.id.rawValue)">
      <h3 id="rule-\(rule.id.rawValue)"><code>\(rule.id.rawValue)</code>: \(rule.title)</h3>
      <p>\(prose(rule.meaning))</p>
      <p><strong>Why it matters.</strong> \(prose(rule.consequence))</p>
      <p><strong>What to do.</strong> \(prose(rule.remedy))</p>
      \(scrolling("example-\(rule.id.rawValue)", "Example of \(rule.id.rawValue)", "<pre class=\"code\">\(preformatted(rule.example))</pre>\n"))</section>

      """
    }
    guard !pages.isEmpty else { return nil }
    return """
      <section aria-labelledby="rules">
      <h2 id="rules">What the findings mean</h2>
      \(pages)</section>

      """
  }

  /// Lines of text with their line ends.
  private func preformatted(_ text: String) -> Markup {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var markup: Markup = ""
    for (index, line) in lines.enumerated() {
      if index > 0 { markup += "\n" }
      markup += "\(String(line))"
    }
    return markup
  }
}
