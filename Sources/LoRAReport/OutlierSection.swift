import LoRAInspect
import TensorCore

extension Inspection {
  private static let outlierLimit = 40

  /// The modules whose deltas stand far out from those of the modules like them; nothing when there is none.
  func outlierSection(_ id: String) -> Markup? {
    let outliers = outliers
    guard !outliers.isEmpty else { return nil }
    let rows: [Markup] = outliers.prefix(Self.outlierLimit).map { outlier -> Markup in
      """
      <tr><th scope="row" class="name">\(outlier.module)</th>\
      <td>\(outlier.measure == .deltaFrobenius ? "‖ΔW‖" : "‖ΔW‖/‖W‖")</td><td class="n">\(short(outlier.value))</td>\
      <td class="n">\(short(outlier.median))</td><td class="n">\(fixed(outlier.score, 1))</td></tr>

      """
    }
    let left = outliers.count - rows.count
    let more: Markup = left > 0 ? "<p class=\"soft\">\(counted(left, "module")) more stand out.</p>\n" : ""
    let table: Markup = """
      <table>
      <caption>\(counted(outliers.count, "module"))</caption>
      <thead><tr><th scope="col">Module</th><th scope="col">Measure</th><th scope="col" class="n">Value</th>\
      <th scope="col" class="n">Median</th><th scope="col" class="n">Score</th></tr></thead>
      <tbody>
      \(rows)</tbody>
      </table>

      """
    return """
      <h3>Outliers</h3>
      <p>Modules whose delta is far from the median of the modules of the same name and sizes: by a robust score beyond \
      \(fixed(Outlier.scoreLimit, 1)), and by a factor of at least \(fixed(Outlier.leastFactor, 1)).</p>
      \(scrolling("\(id)-outliers", "Outliers", table))\(more)
      """
  }
}
