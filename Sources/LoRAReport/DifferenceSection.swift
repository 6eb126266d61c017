import Diagnostics
import LoRADeltas
import LoRAInspect
import LoRAModel
import LoRASurgery
import TensorCore

/// What a map of a difference shows.
private struct DifferenceMeasure: Sendable {
  let id: String
  let title: String
  let note: String
  /// What the colour is, and what is written.
  let value: @Sendable (ModuleDiff) -> Double?
  let shown: @Sendable (ModuleDiff) -> String
  let range: ClosedRange<Double>?

  static let all = [
    DifferenceMeasure(
      id: "relative", title: "Relative distance", note: "‖ΔA − ΔB‖ over the larger of ‖ΔA‖ and ‖ΔB‖.",
      value: { $0.comparison.relative }, shown: { short($0.comparison.relative) }, range: nil),
    overlap("outputs", "Outputs in common", "write to") { $0.comparison.left },
    overlap("inputs", "Inputs in common", "read from") { $0.comparison.right },
  ]

  /// The colour is what is left of the overlap when that of random spaces is taken away.
  private static func overlap(
    _ id: String, _ title: String, _ verb: String, _ spaces: @escaping @Sendable (ModuleDiff) -> SpaceComparison?
  ) -> DifferenceMeasure {
    DifferenceMeasure(
      id: id, title: title,
      note: """
        φ: how much of the directions that the two \(verb) is the same, 1 for all. Random directions have the share that \
        stands behind it; the colour is what φ is above that.
        """,
      value: { spaces($0).map { $0.random < 1 ? max(0, ($0.overlap - $0.random) / (1 - $0.random)) : 1 } },
      shown: { spaces($0).map { "\(fixed($0.overlap, 2)) / \(fixed($0.random, 2))" } ?? "–" }, range: 0...1)
  }
}

extension AdapterDiff {
  /// Rows of the table of modules.
  private static let rowLimit = 50

  /// Two adapters compared: figures of all modules, maps by layer and module, and the modules that differ most.
  var section: Markup {
    let maps: [Markup] = DifferenceMeasure.all.map(map)
    let notes: [Markup] = reasons.map { reason -> Markup in "<p class=\"note\">\(reason)</p>\n" }
    return """
      <section aria-labelledby="difference">
      <h2 id="difference">Difference</h2>
      <p>A is \(a.path), B is \(b.path). \(sentence(verdict)) Distances are those of what the adapters add to the weights, \
      s·B·A, in the Frobenius norm; <code>lora-tool diff</code> prints them.</p>
      \(notes)\(scrolling("difference-total", "All modules together", totalTable))<div class="maps">
      \(maps)</div>
      \(scrolling("difference-modules", "Modules that differ most", moduleTable))</section>

      """
  }

  private func sentence(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() + "." }

  private var totalTable: Markup {
    """
    <table>
    <caption>All modules together</caption>
    <thead><tr><th scope="col" class="n">‖ΔA − ΔB‖</th><th scope="col" class="n">‖ΔA‖</th>\
    <th scope="col" class="n">‖ΔB‖</th><th scope="col" class="n">Relative</th><th scope="col" class="n">Cosine</th>\
    <th scope="col" class="n">Outputs in common</th><th scope="col" class="n">Inputs in common</th></tr></thead>
    <tbody>
    <tr>\(figures(total))</tr>
    </tbody>
    </table>

    """
  }

  private var moduleTable: Markup {
    let rows: [Markup] = modules.prefix(Self.rowLimit).map { module -> Markup in
      let remark = module.onlyIn.map { "only in \($0.rawValue.uppercased())" } ?? ""
      return """
        <tr><th scope="row" class="name">\(module.name)</th>\(cell(percent(module.share), sortedBy: module.share))\
        \(figures(module.comparison))<td>\(remark)</td></tr>

        """
    }
    let left = modules.count - rows.count
    let more = left > 0 ? "; \(counted(left, "module")) more contribute less" : ""
    return """
      <table class="sortable">
      <caption>Modules, largest contribution first\(more)</caption>
      <thead><tr><th scope="col">Module</th><th scope="col" class="n">Share</th>\
      <th scope="col" class="n">‖ΔA − ΔB‖</th><th scope="col" class="n">‖ΔA‖</th><th scope="col" class="n">‖ΔB‖</th>\
      <th scope="col" class="n">Relative</th><th scope="col" class="n">Cosine</th>\
      <th scope="col" class="n">Outputs in common</th><th scope="col" class="n">Inputs in common</th>\
      <th scope="col">Remark</th></tr></thead>
      <tbody>
      \(rows)</tbody>
      </table>

      """
  }

  private func figures(_ comparison: DeltaComparison) -> Markup {
    func overlap(_ spaces: SpaceComparison?) -> Markup {
      cell(spaces.map { "\(fixed($0.overlap, 3)) (random \(short($0.random)))" }, sortedBy: spaces?.overlap)
    }
    return """
      \(cell(short(comparison.distance), sortedBy: comparison.distance))\
      \(cell(short(comparison.normA), sortedBy: comparison.normA))\
      \(cell(short(comparison.normB), sortedBy: comparison.normB))\
      \(cell(short(comparison.relative), sortedBy: comparison.relative))\
      \(cell(comparison.cosine.map { fixed($0, 4) }, sortedBy: comparison.cosine))\(overlap(comparison.left))\
      \(overlap(comparison.right))
      """
  }

  private func map(_ measure: DifferenceMeasure) -> Markup {
    let known = modules.compactMap(measure.value)
    guard let least = known.min(), let most = known.max() else { return "" }
    let scale = ColourScale(measure.range ?? least...most)
    // In the order of the model, which the map keeps.
    let ordered = modules.ordered { naturallyPrecedes($0.name, $1.name) }
    let map = LayerMap(ordered.compactMap { $0.a ?? $0.b })
    let tables: [Markup] = map.stacks.enumerated().map { number, stack -> Markup in
      let table = stack.table { places in
        let found = places.compactMap { measure.value(ordered[$0]) }
        guard let first = places.first else { return "<td><span class=\"vh\">none</span></td>" }
        guard !found.isEmpty else { return "<td><span class=\"soft\">–</span></td>" }
        let mean = found.reduce(0) { $0 + $1 / Double(found.count) }
        let text = places.count > 1 ? short(mean) : measure.shown(ordered[first])
        let several: Markup = places.count > 1 ? "<span class=\"vh\"> mean of \(places.count)</span>" : ""
        return "<td class=\"\(scale.step(mean))\">\(text)\(several)</td>"
      }
      return scrolling("difference-\(measure.id)-\(number + 1)", "\(measure.title), \(stack.title)", table)
    }
    return """
      <div>
      <h3>\(measure.title)</h3>
      <p class="soft">\(measure.note)</p>
      \(scale.legend { measure.range == nil ? short($0) : percent($0) })\(tables)</div>

      """
  }
}
