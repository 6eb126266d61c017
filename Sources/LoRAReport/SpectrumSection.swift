import Glibc
import LoRADeltas
import LoRAInspect
import LoRAModel
import TensorCore

/// The singular values of the modules of one name: how fast they fall.
private struct Spectrum {
  let target: String
  let modules: Int
  /// σₖ/σ₁ for k from 1: least, median and most among the modules that have so many.
  let values: [(least: Double, middle: Double, most: Double)]
  /// Median effective rank.
  let held: Double

  init?(_ target: String, _ statistics: [ModuleStatistics]) {
    let curves = statistics.compactMap { one -> [Double]? in
      guard let first = one.singularValues.first, first > 0 else { return nil }
      return one.singularValues.map { $0 / first }
    }
    guard let length = curves.map(\.count).max(),
      let held = median(statistics.compactMap { $0.effectiveRank.map { Double($0) } })
    else { return nil }
    self.target = target
    self.held = held
    modules = curves.count
    values = (0..<length).compactMap { place in
      let column = curves.compactMap { place < $0.count ? $0[place] : nil }
      guard let least = column.min(), let most = column.max(), let middle = median(column) else { return nil }
      return (least, middle, most)
    }
  }
}

extension Inspection {
  private static let chartLimit = 16

  /// Curves of the singular values by module name, and the same as a table.
  func spectrumSection(_ id: String) -> Markup {
    guard let statistics else { return "" }
    let groups = Dictionary(grouping: adapter.modules.indices) { Self.target(of: adapter.modules[$0].name) }
    let sorted = groups.ordered { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
    let spectra = sorted.compactMap { target, places in Spectrum(target, places.map { statistics.modules[$0] }) }
    guard !spectra.isEmpty else { return "" }
    let shown = spectra.prefix(Self.chartLimit)
    // One scale for all charts, as deep as the deepest curve, so that they can be compared.
    let depth = shown.map { Plot.depth(of: $0.values.map(\.least)) }.max() ?? 1
    let left = spectra.count - shown.count
    let more: Markup =
      left > 0 ? "<p class=\"soft\">\(counted(left, "further name")) of modules have no chart.</p>\n" : ""
    return """
      <h3>Singular values</h3>
      <p>How fast the singular values of ΔW fall, as shares of the largest, σₖ/σ₁: the line is the median over the modules of a \
      name, the band reaches from the least to the most, the dashed line stands at the median effective rank. A curve that \
      drops early says that a smaller rank would do.</p>
      <div class="charts">
      \(shown.map { chart($0, depth) })</div>
      \(more)<details><summary>The same as a table</summary>
      \(scrolling("\(id)-spectrum", "Singular values", table(Array(shown))))</details>

      """
  }

  private func chart(_ spectrum: Spectrum, _ depth: Int) -> Markup {
    let plot = Plot(spectrum.values, depth: depth)
    let last = spectrum.values.last?.middle ?? 0
    let label =
      "Singular values of \(spectrum.target): the median falls to \(percent(last)) of the largest at number "
      + "\(spectrum.values.count); 99 % of the squared norm are held by \(rankText(spectrum.held))."
    let rows: [Markup] = (0...depth).map { decade -> Markup in
      let y = fixed(plot.y(pow(10, Double(-decade))), 1)
      return """
        <line class="grid" x1="\(fixed(Plot.left, 0))" x2="\(fixed(Plot.right, 0))" y1="\(y)" y2="\(y)"/>\
        <text x="\(fixed(Plot.left - 5, 0))" y="\(y)" dy="3.5" text-anchor="end">\(decade == 0 ? "1" : "10⁻\(["", "¹", "²", "³", "⁴"][decade])")</text>

        """
    }
    let held = fixed(plot.x(spectrum.held), 1)
    return """
      <figure>
      <h4>\(spectrum.target)</h4>
      <figcaption>\(counted(spectrum.modules, "module")), 99 % held by \(rankText(spectrum.held)) of \(spectrum.values.count)</figcaption>
      <svg class="chart" viewBox="0 0 260 150" role="img" aria-label="\(label)">
      \(rows)<polygon class="band" points="\(plot.band)"/>
      <polyline class="line" points="\(plot.line)"/>
      <line class="held" x1="\(held)" x2="\(held)" y1="\(fixed(Plot.top, 0))" y2="\(fixed(Plot.bottom, 0))"/>
      <text x="\(fixed(Plot.left, 0))" y="146">1</text>
      <text x="\(fixed((Plot.left + Plot.right) / 2, 0))" y="146" text-anchor="middle">k</text>
      <text x="\(fixed(Plot.right, 0))" y="146" text-anchor="end">\(spectrum.values.count)</text>
      </svg>
      </figure>

      """
  }

  private func table(_ spectra: [Spectrum]) -> Markup {
    let longest = spectra.map(\.values.count).max() ?? 0
    let places = (0..<9).map { 1 << $0 }.filter { $0 <= longest }
    let heads: [Markup] = places.map { place -> Markup in "<th scope=\"col\" class=\"n\">σ\(place)</th>" }
    let rows: [Markup] = spectra.map { spectrum -> Markup in
      let cells: [Markup] = places.map { place -> Markup in
        let value = place <= spectrum.values.count ? spectrum.values[place - 1].middle : nil
        return cell(value.map { short($0) }, sortedBy: value)
      }
      return
        "<tr><th scope=\"row\">\(spectrum.target)</th>\(cells)\(cell(rankText(spectrum.held), sortedBy: spectrum.held))</tr>\n"
    }
    return """
      <table>
      <caption>Median of σₖ/σ₁ over the modules of a name</caption>
      <thead><tr><th scope="col">Modules</th>\(heads)<th scope="col" class="n">99 % held by</th></tr></thead>
      <tbody>
      \(rows)</tbody>
      </table>

      """
  }
}

/// Where values lie in a chart: k from left to right, σₖ/σ₁ on a logarithmic scale of some decades.
private struct Plot {
  static let (left, right, top, bottom) = (32.0, 252.0, 8.0, 132.0)
  private static let mostDecades = 4
  private static let pointLimit = 64
  private let values: [(least: Double, middle: Double, most: Double)]
  private let depth: Double

  init(_ values: [(least: Double, middle: Double, most: Double)], depth: Int) {
    self.values = values
    self.depth = Double(depth)
  }

  /// Whole decades from 1 down to the least share.
  static func depth(of shares: [Double]) -> Int {
    guard let least = shares.min(), least > 0 else { return mostDecades }
    return Int(max(1, min(Double(mostDecades), (-log10(least)).rounded(.up))))
  }

  func x(_ number: Double) -> Double {
    guard values.count > 1 else { return (Self.left + Self.right) / 2 }
    return Self.left + (number - 1) / Double(values.count - 1) * (Self.right - Self.left)
  }

  func y(_ share: Double) -> Double {
    let fall = share > 0 ? min(depth, max(0, -log10(share))) : depth
    return Self.top + fall / depth * (Self.bottom - Self.top)
  }

  /// Some places from the first to the last.
  private var places: [Int] {
    let count = min(values.count, Self.pointLimit)
    guard count > 1 else { return values.isEmpty ? [] : [0] }
    return (0..<count).map { $0 * (values.count - 1) / (count - 1) }
  }

  private func points(_ places: [Int], _ value: (Int) -> Double) -> String {
    places.map { "\(fixed(x(Double($0 + 1)), 1)),\(fixed(y(value($0)), 1))" }.joined(separator: " ")
  }

  var line: String {
    // A single value is drawn as a short stroke.
    if values.count == 1 { return "\(fixed(x(1) - 6, 1)),\(fixed(y(1), 1)) \(fixed(x(1) + 6, 1)),\(fixed(y(1), 1))" }
    return points(places) { values[$0].middle }
  }

  var band: String {
    points(places) { values[$0].most } + " " + points(places.reversed()) { values[$0].least }
  }
}
