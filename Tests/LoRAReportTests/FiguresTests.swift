import LoRAInspect
import Testing

@testable import LoRAModel
@testable import LoRAReport

/// Numbers as a page shows them, and where modules stand.
@Suite struct FiguresTests {
  @Test(arguments: [
    (0, "0"), (1, "1.00"), (0.0123456, "0.0123"), (0.001, "0.00100"), (9.999, "10.00"), (12.345, "12.3"),
    (1234.5, "1235"), (99_998, "99998"), (1e5, "1.0e5"), (9.99e-4, "1.0e-3"), (-0.5, "-0.500"), (0x1p-1074, "4.9e-324"),
    (1.7976931348623157e308, "1.8e308"), (.infinity, "inf"),
  ]) func numbersAreShort(_ value: Double, _ expected: String) { #expect(short(value) == expected) }

  @Test func sharesAreInPerCent() {
    #expect(
      [0, 0.004, 0.0994, 0.0996, 0.5, 1].map { percent($0) } == ["0 %", "0.4 %", "9.9 %", "10 %", "50 %", "100 %"])
  }

  @Test func markupEscapesWhatIsInterpolated() {
    let name = "<b title=\"'\">&\u{202E}"
    let markup: Markup = "<p title=\"\(name)\">\(name)\("<br/>" as Markup)</p>"
    let text = "&lt;b title=&quot;&#39;&quot;&gt;&amp;\\u{202E}"
    #expect(markup.html == "<p title=\"\(text)\">\(text)<br/></p>")
    #expect(prose("set `r` < 8, not `").html == "set <code>r</code> &lt; 8, not `")
  }

  @Test func coloursCoverTheirRange() {
    let scale = ColourScale(2...10)
    #expect([2, 2.9, 3.1, 9.9, 10].map { scale.step($0) } == ["h0", "h0", "h1", "h7", "h7"])
    #expect(scale.steps.map(\.from) == [2, 3, 4, 5, 6, 7, 8, 9])
    #expect(ColourScale(4...4).steps.map(\.name) == [ColourScale(4...4).step(4)])
    let widest = ColourScale(-Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude)
    #expect(widest.step(0) == "h4")
    #expect(ColourScale(0...0x1p-1000).step(0x1p1000) == "h7" && ColourScale(1...2).step(-0x1p1000) == "h0")
    #expect(ColourScale(0...0x1p-1074).step(0x1p-1074) == "h2")
  }

  private func modules(_ names: [String]) -> [AdapterModule] {
    names.map { name in
      AdapterModule(
        name: name, kind: .linear, rank: 1, inFeatures: 1, outFeatures: 1, scale: 1, scaleSource: .assumed)
    }
  }

  @Test func modulesStandByLayerAndPlace() throws {
    let map = LayerMap(
      modules([
        "h.0.attn.c_proj", "h.0.mlp.c_proj", "h.2.attn.c_proj", "h.2.mlp.experts.0.w1", "h.2.mlp.experts.1.w1",
        "vision.0.fc", "lm_head",
      ]))
    #expect(map.stacks.map(\.name) == ["h", "vision", nil])
    let first = try #require(map.stacks.first)
    #expect(first.columns == ["attn.c_proj", "mlp.c_proj", "w1"])
    #expect(first.rows.map(\.label) == ["0", "2"])
    #expect(first.rows.map(\.cells) == [[[0], [1], []], [[2], [], [3, 4]]])
    #expect(map.stacks[2].rows.map(\.label) == ["lm_head"])
  }

  @Test func mapsAreBounded() {
    let names = (0..<400).flatMap { layer in (0..<30).map { "s\(layer % 7).\(layer).p\($0)" } }
    let map = LayerMap(modules(names))
    #expect(map.stacks.count == LayerMap.stackLimit)
    #expect(map.stacks.allSatisfy { $0.columns.count <= LayerMap.columnLimit && $0.rows.count <= LayerMap.rowLimit })
    let placed = map.stacks.reduce(0) { $0 + $1.leftOut + $1.rows.flatMap(\.cells).reduce(0) { $0 + $1.count } }
    #expect(placed + map.leftOut == names.count)
  }
}
