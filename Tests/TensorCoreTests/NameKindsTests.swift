import Testing

@testable import TensorCore

@Suite struct NameKindsTests {
  @Test func namesDifferInWordsNotInNumbers() {
    var kinds = NameKinds()
    let same = ["model.layers.0.mlp.experts.3.w1", "model.layers.11.mlp.experts.255.w1"]
    #expect(same.map { kinds.kind(of: $0) } == [0, 0])
    let others = [
      "model.layers.0.mlp.experts.3.w2", "model.layers.0.mlp.experts.w1.3", "model.layers.x.mlp.experts.3.w1",
      "model.layers.0.mlp.experts.3.w1.", "model.layers.0.mlp.experts..w1", "", ".", "0", "0.0", "a", "a.", ".a",
    ]
    for (index, name) in others.enumerated() { #expect(kinds.kind(of: name) == index + 1) }
    // The same once more, with other numbers.
    #expect(kinds.kind(of: "model.layers.5.mlp.experts.7.w2") == 1)
    #expect(kinds.kind(of: "123456789012345678") == others.firstIndex(of: "0").map { $0 + 1 })
    #expect(kinds.first == [same[0]] + others)
    // A number for nobody: it has more digits than any counter.
    #expect(kinds.kind(of: "1234567890123456789") == others.count + 1)
  }

  /// Words are compared, whatever their hashes.
  @Test func everyKindOfRandomNamesIsItsOwn() {
    var random = SystemRandomNumberGenerator()
    var kinds = NameKinds()
    var known: [String: Int] = [:]
    for _ in 0..<5_000 {
      let parts = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        ["a", "b", "é", "\(Int.random(in: 0...30, using: &random))", "a1", ""].randomElement(using: &random) ?? ""
      }
      let template = parts.map { UInt64($0) == nil ? $0 : "*" }.joined(separator: ".")
      let kind = kinds.kind(of: parts.joined(separator: "."))
      #expect(known[template, default: kind] == kind)
      known[template] = kind
    }
    #expect(known.count == kinds.first.count)
  }

  @Test func spansAnswerAtTheirEdges() {
    let name = "model.layers.12.x"
    let bytes = name.utf8Span.span
    // Outside of the macro, whose expansion Swift 6.2 cannot compile for spans.
    let has = [bytes.has("model", at: 0), bytes.has(".x", at: 15), bytes.has("", at: 17)]
    #expect(has == [true, true, true])
    let hasNot = [bytes.has("x", at: 17), bytes.has("x", at: -1), bytes.has("model.layers.12.xy", at: 0)]
    #expect(hasNot == [false, false, false])
    let ends = [bytes.endOfComponent(from: 6), bytes.endOfComponent(from: 16)]
    #expect(ends == [12, 17])
    let numbers = [bytes.number(in: 13..<15), bytes.number(in: 6..<12), bytes.number(in: 13..<13)]
    #expect(numbers == [12, nil, nil])
    for other in [name, "model.layers.12.y", "podel.layers.12.x", "model.layers.12.", ""] {
      let isEqual = bytes.isEqual(to: other.utf8Span.span)
      #expect(isEqual == (other == name), "\(other)")
    }
  }

  /// Every length around whole words, and a change at every place.
  @Test func bytesAreComparedToTheLast() {
    let text: StaticString = "0123456789abcdefghijklmnopqrstuvwxyz"
    let whole = Array("\(text)".utf8)
    for length in 0...whole.count {
      let bytes = Array(whole.prefix(length))
      #expect(isEqual(bytes, bytes))
      for place in 0..<length {
        var other = bytes
        other[place] ^= 0x20
        #expect(!isEqual(bytes, other), "byte \(place) of \(length)")
      }
    }
    for place in whole.indices {
      var other = [0] + whole + [0]
      #expect(has(text, in: other, at: 1) && !has(text, in: other, at: 0) && !has(text, in: other, at: 2))
      other[place + 1] ^= 0x20
      #expect(!has(text, in: other, at: 1), "byte \(place)")
    }
  }

  @Test func bytesAreOrderedAsByStrings() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<3_000 {
      let one = (0..<Int.random(in: 0...20, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      var other = Array(one.prefix(Int.random(in: 0...20, using: &random)))
      if Bool.random(using: &random) { other += [UInt8.random(in: 0...255, using: &random)] }
      let precedes = one.span.precedes(other.span)
      #expect(precedes == one.lexicographicallyPrecedes(other), "\(one), \(other)")
      let common = one.span.commonPrefix(with: other.span)
      #expect(common == zip(one, other).prefix { $0 == $1 }.count, "\(one), \(other)")
    }
  }

  private func isEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool { one.span.isEqual(to: other.span) }

  private func has(_ text: StaticString, in bytes: [UInt8], at offset: Int) -> Bool { bytes.span.has(text, at: offset) }
}
