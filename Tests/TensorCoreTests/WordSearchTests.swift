import TensorCore
import Testing

@Suite struct WordSearchTests {
  private static let text = "llama llama4 mistral\nqwen2 llama\n  a>b llama"

  private func offsets(_ word: String) -> [Int] {
    Self.text.places(ofWord: word).map { Self.text.utf8.distance(from: Self.text.startIndex, to: $0) }
  }

  @Test func aWordIsFoundWhereItStandsAlone() {
    #expect(offsets("llama") == [0, 27, 39])
    #expect(offsets("llama4") == [6])
    #expect(offsets("mistral") == [13])
    #expect(offsets("lama").isEmpty)
    #expect(offsets("gpt2").isEmpty)
  }

  @Test func nothingIsNoWord() {
    #expect(offsets("").isEmpty)
    #expect("".places(ofWord: "llama").isEmpty)
    #expect("llama".byteOffsets(of: "").isEmpty)
  }

  @Test func overlappingPlacesCountAndLettersAreBytes() {
    #expect("aaaa".byteOffsets(of: "aa") == [0, 1, 2])
    #expect("größe".byteOffsets(of: "e") == [6])
    #expect("ab".byteOffsets(of: "abc").isEmpty)
  }
}
