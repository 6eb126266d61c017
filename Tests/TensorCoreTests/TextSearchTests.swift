import TensorCore
import Testing

@Suite struct TextSearchTests {
  /// Where `part` lies in `text` from the left without overlaps, looked at byte by byte.
  private static func places(_ part: [UInt8], in text: [UInt8]) -> [Int] {
    var places: [Int] = []
    var start = 0
    while !part.isEmpty, start + part.count <= text.count {
      let isThere = Array(text[start..<start + part.count]) == part
      if isThere { places.append(start) }
      start += isThere ? part.count : 1
    }
    return places
  }

  private static func letters(_ count: ClosedRange<Int>, _ random: inout some RandomNumberGenerator) -> String {
    String(
      (0..<Int.random(in: count, using: &random)).map { _ in
        ["a", "b", ".", "é"][Int.random(in: 0...3, using: &random)]
      })
  }

  @Test func placesAreThoseOfALoopOverBytes() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2_000 {
      let part = Self.letters(0...3, &random)
      let text = "x\(Self.letters(0...12, &random))y".dropFirst().dropLast()
      let expected = Self.places(Array(part.utf8), in: Array(text.utf8))
      #expect(
        text.ranges(of: part).map { text.utf8.distance(from: text.startIndex, to: $0.lowerBound) } == expected,
        "\(part) in \(text)")
      #expect(text.contains(part) == (part.isEmpty || !expected.isEmpty), "\(part) in \(text)")
      #expect(text.firstRange(of: part) == (part.isEmpty ? text.firstRange(of: "") : text.ranges(of: part).first))
      let parts = text.split(separator: part, omittingEmptySubsequences: false)
      #expect(parts.joined(separator: part) == text && parts.count == expected.count + 1, "\(part) in \(text)")
      #expect(parts.joined(separator: "-") == text.replacing(part, with: "-"), "\(part) in \(text)")
      #expect(String(text).split(separator: part) == parts.filter { !$0.isEmpty }, "\(part) in \(text)")
    }
  }

  @Test func theFirstPlaceAndItsEnd() throws {
    let name = "model.layers.0.mlp.experts.7.up_proj"
    let range = try #require(name.firstRange(of: ".experts."))
    #expect(name[..<range.lowerBound] == "model.layers.0.mlp" && name[range.upperBound...] == "7.up_proj")
    #expect(name.firstRange(of: ".expert.") == nil)
    #expect(name.firstRange(of: "") == name.startIndex..<name.startIndex)
  }

  @Test func limits() {
    #expect("a.b.c".split(separator: ".", maxSplits: 1) == ["a", "b.c"])
    #expect("a.b.c".replacing(".", with: "", maxReplacements: 1) == "ab.c")
    #expect("..a..".split(separator: ".", maxSplits: 1) == ["a", "."])
    #expect("abc".replacing("", with: "x") == "abc")
  }

  @Test func bytesNotCharacters() {
    #expect("a.\u{301}b".contains("."))
    #expect("e\u{301}".contains("é") == false)
  }
}
