import Diagnostics
import LoRAInspect
import LoRAValidate
import TensorCore

extension Report {
  /// Rows of the comparison; the table of a larger fleet leaves out the best.
  static let rowLimit = 2_000

  /// All adapters side by side; nil for one.
  var comparisonSection: Markup? {
    guard adapters.count > 1 else { return nil }
    let hasRelative = adapters.contains { $0.figures.relativeDelta != nil }
    let shown = adapters.prefix(Self.rowLimit)
    let rows: [Markup] = shown.enumerated().map { row($0.element, number: $0.offset + 1, hasRelative) }
    let left = adapters.count - shown.count
    let rest = left > 0 ? " The \(grouped(UInt64(left))) with the fewest findings are left out." : ""
    let details = adapters.count { $0.inspection != nil }
    let some = details < adapters.count
    let note = some ? " Only the first \(details) are shown in detail below; lora-tool report ADAPTER shows one." : ""
    let table: Markup = """
      <table class="sortable">
      <caption>\(counted(adapters.count, "adapter"))</caption>
      <thead><tr><th scope="col">Adapter</th><th scope="col">Verdict</th><th scope="col" class="n">Errors</th>\
      <th scope="col" class="n">Warnings</th><th scope="col" class="n">Rank</th><th scope="col" class="n">Scale</th>\
      <th scope="col" class="n">Modules</th><th scope="col">Types</th><th scope="col" class="n">Parameters</th>\
      <th scope="col" class="n">Size</th><th scope="col" class="n">‖ΔW‖</th>\
      \(hasRelative ? "<th scope=\"col\" class=\"n\">‖ΔW‖/‖W‖</th>" : "" as Markup)\
      <th scope="col" class="n">Rank in use</th><th scope="col" class="n">Outliers</th></tr></thead>
      <tbody>
      \(rows)</tbody>
      </table>

      """
    return """
      <section aria-labelledby="comparison">
      <h2 id="comparison">Comparison</h2>
      <p>Worst first.\(rest)\(note) ‖ΔW‖ is the Frobenius norm over all modules, rank in \
      use the median effective rank over the rank.</p>
      \(scrolling("comparison-table", "Comparison of all adapters", table))</section>

      """
  }

  private func row(_ adapter: ReportedAdapter, number: Int, _ hasRelative: Bool) -> Markup {
    let figures = adapter.figures
    let findings = adapter.result.findings
    let name: Markup =
      adapter.inspection == nil ? "\(adapter.name)" : "<a href=\"#adapter-\(number)\">\(adapter.name)</a>"
    let rank = figures.rank.map { $0.least == $0.most ? "\($0.most)" : "\($0.least)–\($0.most)" }
    let scale = figures.scale.map {
      $0.least == $0.most
        ? Inspection.number($0.most) : "\(Inspection.number($0.least))–\(Inspection.number($0.most))"
    }
    let relative: Markup =
      hasRelative ? cell(figures.relativeDelta.map { short($0) }, sortedBy: figures.relativeDelta) : ""
    return """
      <tr><th scope="row" class="name">\(name)</th><td>\(badge(adapter.result.status))</td>\
      \(cell(findings.count { $0.severity == .error }))\(cell(findings.count { $0.severity == .warning }))\
      \(cell(rank, sortedBy: figures.rank.map { Double($0.most) }))\(cell(scale, sortedBy: figures.scale?.most))\
      \(cell(figures.modules))<td>\(figures.dtypes)</td>\
      \(cell(grouped(figures.parameters), sortedBy: Double(figures.parameters)))\
      \(cell(ByteCount(figures.bytes).human, sortedBy: Double(figures.bytes)))\
      \(cell(figures.deltaNorm.map { short($0) }, sortedBy: figures.deltaNorm))\(relative)\
      \(cell(figures.usedRank.map { percent($0) }, sortedBy: figures.usedRank))\(cell(figures.outliers))</tr>

      """
  }
}

/// A cell with a number as it is shown and as it is sorted; a dash stands for none.
func cell(_ text: String?, sortedBy value: Double?) -> Markup {
  guard let text, let value else { return "<td class=\"n\" data-v=\"\">–</td>" }
  return "<td class=\"n\" data-v=\"\("\(value)")\">\(text)</td>"
}

/// A cell with a whole number.
func cell(_ value: Int) -> Markup { cell(grouped(UInt64(max(value, 0))), sortedBy: Double(value)) }
