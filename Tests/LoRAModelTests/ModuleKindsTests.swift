import Testing

@testable import LoRAModel

@Suite struct ModuleKindsTests {
  /// Few kinds with many numbers, some of them with leading zeros, as the comparison of names orders them.
  @Test func kindsOrderNamesAsTheyAreCompared() throws {
    var random = SystemRandomNumberGenerator()
    let words = [
      "model.layers.#.q", "model.layers.#.experts.#.up", "model.layers.#", "a.#.#.b", "model.layers.#-1", "#",
    ]
    for _ in 0..<60 {
      let some = words.shuffled(using: &random).prefix(Int.random(in: 1...words.count, using: &random))
      let names = (0..<some.count * 20).map { position in
        var name = some[some.startIndex + position % some.count]
        while let place = name.firstIndex(of: "#") {
          let number = Int.random(in: 0...120, using: &random)
          let text = Bool.random(using: &random) ? "\(number)" : "0\(number)"
          name.replaceSubrange(place...place, with: name[place...].hasPrefix("#-") ? "7" : text)
        }
        return name
      }
      .shuffled(using: &random)
      let kinds = ModuleKinds(names)
      let expected = names.indices.sorted { naturallyPrecedes(names[$0], names[$1]) }
      // `layers.7-1` stands between the layers by the number that it begins with, as no kind does.
      let isMixed = some.contains("model.layers.#-1") && some.count(where: { $0.hasPrefix("model.layers.") }) > 1
      #expect(kinds.naturalOrder() == (isMixed ? nil : expected), "\(some)")
    }
  }

  /// Words that part inside a word, before a number, at the end, and at bytes below and above digits.
  @Test func wordsArePlacedAmongEachOther() {
    let words = [
      "a.#", "a.#.b", "a.#.b.#", "a.b", "a.b1", "a.b10", "a.b2", "a.-", "a.~", "a", "b.#", "é.#.x", "a.#.é",
      "a.#.b.#.c",
      "a.", "", "a.#.", "a.#..#",
    ]
    for one in words {
      for other in words where other != one {
        let names = (0..<40).map { position in
          (position % 2 == 0 ? one : other).split(separator: "#", omittingEmptySubsequences: false)
            .joined(separator: "\(position * 7 % 12)")
        }
        let kinds = ModuleKinds(names)
        let expected = names.indices.sorted { naturallyPrecedes(names[$0], names[$1]) }
        #expect(kinds.naturalOrder() ?? expected == expected, "\(one), \(other)")
        #expect(kinds.naturalOrder() != nil, "\(one), \(other)")
      }
    }
  }

  @Test func whatOneNumberCannotTellIsLeft() {
    func order(_ names: [String]) -> [Int]? { ModuleKinds(names).naturalOrder() }
    // More bits than there are.
    #expect(order((0..<40).map { "a.\($0 + 100_000_000_000_000_000).\($0 + 100_000_000_000_000_000)" }) == nil)
    #expect(order((0..<40).map { "a.\($0).\($0 + 100_000)" }) == Array(0..<40))
    // Each name a kind of its own.
    #expect(order((0..<40).map { "a\($0).1" }) == nil)
    // Nineteen digits are no number of a kind, but one of the comparison.
    #expect(order((0..<40).map { $0 % 2 == 0 ? "a.\($0)" : "a.1234567890123456789.b" }) == nil)
    #expect(order([]) == nil)
  }

  @Test func anAdapterForgetsKindsWithItsModules() {
    let names = ["model.layers.1.q_proj", "model.layers.0.q_proj", "lm_head"]
    func kinds(of adapter: Adapter) -> [Int32] { adapter.moduleKinds.kinds }
    var adapter = Adapter(
      path: "", weightsPath: "", format: .peft,
      modules: names.map {
        AdapterModule(
          name: $0, kind: .linear, rank: 0, inFeatures: 0, outFeatures: 0, scale: 1, scaleSource: .assumed)
      }, replacements: [], misnamed: [], unknown: [], findings: [])
    #expect(kinds(of: adapter) == [0, 0, 1])
    adapter.modules[0].name = "a"
    #expect(kinds(of: adapter) == [0, 1, 2])
    adapter.modules.removeFirst()
    #expect(kinds(of: adapter) == [0, 1])
  }
}
