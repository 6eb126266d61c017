import LoRAInspect
import LoRAValidate
import TensorCore

extension Report {
  /// The page: one HTML document that needs nothing else and makes no request.
  ///
  /// The same report gives the same bytes; no time or place is in it. The markup is well-formed XML as well.
  public func page(toolVersion: String) -> String {
    let title = adapters.count == 1 ? "LoRA adapter report" : "Report on \(counted(adapters.count, "LoRA adapter"))"
    let details = adapters.enumerated().filter { $0.element.inspection != nil }
    let body: Markup = """
      <a class="skip" href="#main">Skip to content</a>
      <header>
      <p class="brand">lora-tool</p>
      <h1>\(title)</h1>
      </header>
      \(contents)<main id="main">
      \(summarySection)\(comparisonSection)\(difference?.section ?? "")\(fleetSection)\(details.map { detail($0.element, number: $0.offset + 1) })\
      \(rulesSection)</main>
      <footer><p>Made by lora-tool \(toolVersion). This page loads nothing and sends nothing; it holds no time, so that the \
      same adapters give the same bytes.</p></footer>
      """
    let page: Markup = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8"/>
      <meta http-equiv="Content-Security-Policy" content="\(PageAssets.policy)"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta name="color-scheme" content="light dark"/>
      <meta name="referrer" content="no-referrer"/>
      <title>\(title)</title>
      <style>\(PageAssets.style)</style>
      </head>
      <body>
      \(body)
      <script>\(PageAssets.script)</script>
      </body>
      </html>

      """
    return page.html
  }

  /// Links to the parts of a page with several adapters.
  private var contents: Markup? {
    guard adapters.count > 1 else { return nil }
    let shown = adapters.enumerated().filter { $0.element.inspection != nil }
    return """
      <nav aria-label="Contents"><ul>
      <li><a href="#summary">Summary</a></li>
      <li><a href="#comparison">Comparison</a></li>
      \(difference == nil ? "" : "<li><a href=\"#difference\">Difference</a></li>\n" as Markup)\
      \(shown.map { "<li><a href=\"#adapter-\($0.offset + 1)\">\($0.element.name)</a></li>\n" })\
      </ul></nav>

      """
  }

  private func detail(_ adapter: ReportedAdapter, number: Int) -> Markup {
    guard let inspection = adapter.inspection else { return "" }
    let id = "adapter-\(number)"
    return """
      <article aria-labelledby="\(id)">
      <h2 id="\(id)">\(adapter.name) \(badge(adapter.result.status))</h2>
      \(adapter.factsSection(id))\(adapter.findingsSection(id))\(adapter.valuesNote)\(inspection.outlierSection(id))\
      \(inspection.mapSections(id))\(inspection.spectrumSection(id))\(inspection.sizeSection(id))\
      \(inspection.moduleSection(id))</article>

      """
  }
}

extension ReportedAdapter {
  /// The last two parts of the path: enough to tell adapters apart in a heading.
  var name: String {
    let parts = result.path.split(separator: "/").suffix(2)
    return parts.isEmpty ? result.path : parts.joined(separator: "/")
  }

  /// Why the page has no figures of the values.
  fileprivate var valuesNote: Markup? {
    guard let inspection, inspection.statistics == nil else { return nil }
    let reason =
      failure ?? (inspection.isReadable ? "they were not asked for" : "the file cannot be relied on; see the findings")
    return "<p class=\"note\">No figures of the values: \(reason).</p>\n"
  }
}

/// A verdict as a coloured word.
func badge(_ status: ValidationReport.Status) -> Markup {
  "<span class=\"badge \(status.rawValue)\">\(status.rawValue)</span>"
}

/// A table that scrolls by itself when it is wider than the screen; `id` is unique in the page.
func scrolling(_ id: String, _ label: String, _ table: Markup) -> Markup {
  """
  <div class="scroll" role="region" aria-label="\(label)" tabindex="0" id="\(id)">
  \(table)</div>

  """
}
