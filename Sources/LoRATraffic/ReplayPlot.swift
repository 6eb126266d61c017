import Diagnostics
import Glibc
import TensorCore

/// Charts of a replay as an SVG picture that follows the reader's light or dark theme.
struct ReplayPlot {
  private let width = 760.0
  private let height = 250.0
  private let margin = (left: 64.0, right: 24.0, top: 40.0, bottom: 44.0)
  private var body = ""
  private var charts = 0

  /// A line over numbers of slots.
  mutating func line(_ title: String, unit: String, points: [(x: Double, y: Double)], marked: Double?, note: String?) {
    guard let first = points.first, let last = points.last else { return }
    let top = Self.roundedUp(points.map(\.y).max() ?? 1)
    let span = max(last.x - first.x, 1e-9)
    begin(title)
    axes(top: top, unit: unit)
    func place(_ point: (x: Double, y: Double)) -> (Double, Double) {
      (across((point.x - first.x) / span), down(point.y / top))
    }
    let step = max(1, (points.count + 15) / 16)
    for index in stride(from: 0, to: points.count, by: step) {
      let (x, _) = place(points[index])
      label(fixed(points[index].x, 0), x: x, y: height - margin.bottom + 18, anchor: "middle")
    }
    label("max_loras", x: width - margin.right, y: height - 8, anchor: "end")
    let path = points.map { point in
      let (x, y) = place(point)
      return "\(number(x)),\(number(y))"
    }
    body += "<polyline class=\"line\" points=\"\(path.joined(separator: " "))\"/>\n"
    for point in points {
      let (x, y) = place(point)
      body += "<circle class=\"dot\" cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"3\"/>\n"
    }
    if let marked, let point = points.first(where: { $0.x == marked }) {
      let (x, y) = place(point)
      body += "<circle class=\"mark\" cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"7\"/>\n"
      // Below the point: a curve of hits runs above it.
      if let note { label(note, x: x + 8, y: min(y + 22, height - margin.bottom - 4), anchor: "start") }
    }
    end()
  }

  /// Bars over time.
  mutating func bars(_ title: String, unit: String, values: [Double], seconds: Double) {
    guard !values.isEmpty else { return }
    // No more bars than can be told apart; each is the sum of its windows.
    let group = (values.count + 239) / 240
    let sums = stride(from: 0, to: values.count, by: group).map { start in
      values[start..<min(start + group, values.count)].reduce(0, +)
    }
    let top = Self.roundedUp(sums.max() ?? 1)
    begin(title)
    axes(top: top, unit: unit)
    let step = (width - margin.left - margin.right) / Double(sums.count)
    for (index, value) in sums.enumerated() where value > 0 {
      let y = down(value / top)
      body += "<rect class=\"bar\" x=\"\(number(margin.left + Double(index) * step))\" y=\"\(number(y))\" "
      body += "width=\"\(number(max(step * 0.85, 0.5)))\" height=\"\(number(height - margin.bottom - y))\"/>\n"
    }
    for part in 0...4 {
      let share = Double(part) / 4
      label(
        "\(fixed(share * seconds, seconds < 20 ? 1 : 0)) s", x: across(share), y: height - margin.bottom + 18,
        anchor: "middle")
    }
    end()
  }

  /// The whole picture.
  var svg: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(width)) \(number(height * Double(max(charts, 1))))" \
    font-family="system-ui, sans-serif" font-size="12">
    <style>
    .ground { fill: #ffffff } text { fill: #1f2328 } .title { font-size: 14px; font-weight: 600 }
    .grid { stroke: #d0d7de; stroke-width: 1 } .line { fill: none; stroke: #0969da; stroke-width: 2 }
    .dot { fill: #0969da } .bar { fill: #bc4c00 } .mark { fill: none; stroke: #bc4c00; stroke-width: 2 }
    @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } text { fill: #e6edf3 } .grid { stroke: #30363d } .line { stroke: #58a6ff }
    .dot { fill: #58a6ff } .bar { fill: #f0883e } .mark { stroke: #f0883e }
    }
    </style>
    <rect class="ground" width="100%" height="100%"/>
    \(body)</svg>

    """
  }

  private mutating func begin(_ title: String) {
    body += "<g transform=\"translate(0 \(number(height * Double(charts))))\">\n"
    body += "<text class=\"title\" x=\"\(number(margin.left))\" y=\"24\">\(xmlText(title))</text>\n"
  }

  private mutating func end() {
    body += "</g>\n"
    charts += 1
  }

  private mutating func axes(top: Double, unit: String) {
    let digits = top < 1 ? 3 : top < 10 ? 2 : top.truncatingRemainder(dividingBy: 4) == 0 ? 0 : 1
    for part in 0...4 {
      let share = Double(part) / 4
      let y = down(share)
      body += "<line class=\"grid\" x1=\"\(number(margin.left))\" x2=\"\(number(width - margin.right))\" "
      body += "y1=\"\(number(y))\" y2=\"\(number(y))\"/>\n"
      let value = share * top
      label("\(fixed(value, digits))\(unit)", x: margin.left - 8, y: y + 4, anchor: "end")
    }
  }

  private mutating func label(_ text: String, x: Double, y: Double, anchor: String) {
    body += "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">\(xmlText(text))</text>\n"
  }

  private func across(_ share: Double) -> Double { margin.left + share * (width - margin.left - margin.right) }
  private func down(_ share: Double) -> Double {
    height - margin.bottom - share * (height - margin.top - margin.bottom)
  }
  private func number(_ value: Double) -> String { fixed(value, 1) }

  /// The next number whose quarters are easy to read, such as 120 or 16.
  private static func roundedUp(_ value: Double) -> Double {
    guard value > 0, value.isFinite else { return 1 }
    let power = pow(10, floor(log10(value)))
    for step in [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10] where step * power >= value * 0.999999 { return step * power }
    return 10 * power
  }
}

extension ReplayReport {
  /// An SVG picture: hit rate, p99 wait and eviction rate over slots when there is a sweep, and evictions over time.
  public var svg: String {
    var plot = ReplayPlot()
    if let sweep, let host = sweep.results.map(\.options.maxCPULoRAs).max() {
      let results = sweep.results.filter { $0.options.maxCPULoRAs == host }
      func points(_ value: (ReplayResult) -> Double) -> [(x: Double, y: Double)] {
        results.map { (Double($0.options.maxLoRAs), value($0)) }
      }
      let knee = sweep.knee.map { Double($0) }
      plot.line(
        "Requests that find their adapter in a slot", unit: " %", points: points { 100 * $0.hitRate }, marked: knee,
        note: sweep.knee.map { "knee: \($0) slots" })
      plot.line(
        "Wait, 99th percentile", unit: " ms", points: points { 1000 * $0.waitSeconds.p99 }, marked: knee, note: nil)
      plot.line(
        "Evictions for 100 requests", unit: "", points: points { 100 * $0.evictionRate }, marked: knee, note: nil)
    }
    plot.bars(
      "Evictions over time, \(result.options.maxLoRAs) slots", unit: "",
      values: result.windowEvictions.map { Double($0) },
      seconds: result.duration)
    return plot.svg
  }
}
