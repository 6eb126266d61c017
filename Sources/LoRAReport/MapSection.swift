import LoRAInspect
import LoRAModel
import TensorCore

/// What a map of layers and modules shows.
private struct Measure: Sendable {
  let id: String
  let title: String
  let note: String
  /// Its value for a module, and how that is written.
  let value: @Sendable (AdapterModule, ModuleStatistics) -> Double?
  let show: @Sendable (Double) -> String
  /// The ends of the scale; nil for those of the values.
  let range: ClosedRange<Double>?
  /// What the number next to the colour is, where that is another.
  var shown: (@Sendable (AdapterModule, ModuleStatistics) -> Double?)?

  static let all = [
    Measure(
      id: "norm", title: "Size of the deltas", note: "‖ΔW‖: the Frobenius norm of what is added to each weight.",
      value: { $1.deltaFrobenius }, show: { short($0) }, range: nil),
    Measure(
      id: "relative", title: "Size relative to the base", note: "‖ΔW‖/‖W‖: the delta's norm over that of the weight.",
      value: { $1.relativeDelta }, show: { short($0) }, range: nil),
    Measure(
      id: "rank", title: "Effective rank",
      note: "How many singular values hold 99 % of ‖ΔW‖²; the colour is the share of the rank.",
      value: { $0.rankShare(of: $1) }, show: { percent($0) }, range: 0...1,
      shown: { $1.effectiveRank.map { Double($0) } }),
  ]
}

extension Inspection {
  /// One map by layer and module for each measure: coloured tables, so that the picture and its values are one thing.
  func mapSections(_ id: String) -> Markup {
    guard let statistics, !adapter.modules.isEmpty else { return "" }
    let map = LayerMap(adapter.modules)
    let outliers = Set(outliers.map(\.module))
    let marked = adapter.modules.map { outliers.contains($0.name) }
    let maps: [Markup] = Measure.all.compactMap { measure -> Markup? in
      let values = zip(adapter.modules, statistics.modules).map { measure.value($0, $1) }
      // One value far out would leave a single colour for all others.
      let usual = values.indices.compactMap { marked[$0] ? nil : values[$0] }
      let known = usual.isEmpty ? values.compactMap(\.self) : usual
      guard let least = known.min(), let most = known.max() else { return nil }
      let scale = ColourScale(measure.range ?? least...most)
      let tables: [Markup] = map.stacks.enumerated().map { number, stack in
        let table = stack.table { cell in
          mapCell(cell, values, measure, scale, isOutlier: cell.contains { marked[$0] })
        }
        return scrolling(
          "\(id)-\(measure.id)-\(number + 1)", "\(measure.title), \(stack.title)", table)
      }
      return """
        <div>
        <h3>\(measure.title)</h3>
        <p class="soft">\(measure.note)</p>
        \(legend(scale, measure, marksOutliers: !outliers.isEmpty))\(tables)</div>

        """
    }
    guard !maps.isEmpty else { return "" }
    let rest: Markup =
      map.leftOut > 0
      ? "<p class=\"soft\">\(counted(map.leftOut, "module")) of smaller stacks are in the table of all modules only.</p>\n"
      : ""
    return "<div class=\"maps\">\n\(maps)</div>\n\(rest)"
  }

  private func mapCell(
    _ modules: [Int], _ values: [Double?], _ measure: Measure, _ scale: ColourScale, isOutlier: Bool
  ) -> Markup {
    guard !modules.isEmpty, let statistics else { return "<td><span class=\"vh\">none</span></td>" }
    let found = modules.compactMap { values[$0] }
    guard !found.isEmpty else {
      let isBroken = modules.contains { statistics.modules[$0].nan + statistics.modules[$0].infinite > 0 }
      return isBroken ? "<td class=\"bad\">NaN/∞</td>" : "<td><span class=\"soft\">–</span></td>"
    }
    let mean = found.reduce(0) { $0 + $1 / Double(found.count) }
    let shown =
      measure.shown.map { shown in
        let numbers = modules.compactMap { shown(adapter.modules[$0], statistics.modules[$0]) }
        return rankText(numbers.reduce(0) { $0 + $1 / Double(numbers.count) })
      } ?? measure.show(mean)
    let several: Markup = modules.count > 1 ? "<span class=\"vh\"> mean of \(modules.count)</span>" : ""
    guard isOutlier else { return "<td class=\"\(scale.step(mean))\">\(shown)\(several)</td>" }
    return "<td class=\"\(scale.step(mean)) out\">\(shown)\(several)<span class=\"vh\"> outlier</span></td>"
  }

  private func legend(_ scale: ColourScale, _ measure: Measure, marksOutliers: Bool) -> Markup {
    scale.legend(
      measure.show,
      marksOutliers
        ? "<li class=\"text\">A red frame marks outliers, which may lie beyond the colours.</li>\n" : "")
  }
}

extension LayerMap.Stack {
  /// What its layers are called together.
  var title: String {
    guard let name else { return "modules outside of layers" }
    return name.isEmpty ? "layers" : name
  }

  /// The stack as a table whose cells are made from the modules in them.
  func table(_ cell: ([Int]) -> Markup) -> Markup {
    let rows: [Markup] = rows.map { row -> Markup in
      "<tr><th scope=\"row\">\(row.label)</th>\(row.cells.map(cell))</tr>\n"
    }
    let heads: [Markup] = columns.map { column -> Markup in "<th scope=\"col\">\(breakable(column))</th>" }
    let left = leftOut > 0 ? "; \(counted(leftOut, "module")) more are in the table of all modules only" : ""
    return """
      <table class="map">
      <caption><strong>\(title)</strong>\(left)</caption>
      <thead><tr><th scope="col">\(name == nil ? "module" : "layer" as String)</th>\(heads)</tr></thead>
      <tbody>
      \(rows)</tbody>
      </table>

      """
  }
}

/// A name that may be broken behind its dots and underscores, for the head of a narrow column.
private func breakable(_ name: String) -> Markup {
  var markup: Markup = ""
  var part = ""
  for scalar in name.unicodeScalars {
    part.unicodeScalars.append(scalar)
    if scalar == "_" || scalar == "." {
      markup += "\(part)<wbr/>"
      part = ""
    }
  }
  markup += "\(part)"
  return markup
}

/// Eight steps of colour between two values.
struct ColourScale {
  private static let count = 8
  private let least: Double
  let most: Double

  init(_ range: ClosedRange<Double>) { (least, most) = (range.lowerBound, range.upperBound) }

  /// The class of a value's colour.
  func step(_ value: Double) -> String {
    guard most > least else { return "h2" }
    // Halved before they are subtracted, so that the widest range does not overflow.
    let share = (value / 2 - least / 2) / (most / 2 - least / 2)
    // Clamped before it becomes an integer: an outlier may be beyond all bounds, and subnormal ends give no number.
    guard !share.isNaN else { return "h2" }
    return "h\(Int(max(0, min(Double(Self.count - 1), share * Double(Self.count)))))"
  }

  /// A list of the steps, each with the value from which on it counts.
  ///
  /// - Parameter more: items behind them.
  func legend(_ show: (Double) -> String, _ more: Markup = "") -> Markup {
    let steps: [Markup] = steps.map { step -> Markup in "<li class=\"\(step.name)\">\(show(step.from))</li>" }
    return """
      <ul class="legend">
      <li class="text">Colours from</li>\(steps)<li class="text"> to \(show(most)).</li>
      \(more)</ul>

      """
  }

  /// Each step and the value from which on it counts; one when all values are equal.
  var steps: [(name: String, from: Double)] {
    guard most > least else { return [("h2", least)] }
    return (0..<Self.count).map { step in
      let share = Double(step) / Double(Self.count)
      return ("h\(step)", least * (1 - share) + most * share)
    }
  }
}
