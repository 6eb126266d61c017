import LoRATestSupport
import TensorCore
import Testing

@Suite struct StableOrderTests {
  @Test func itIsTheOrderOfTheStandardLibrary() {
    var generator = SeededGenerator(seed: 7)
    for count in [0, 1, 2, 3, 31, 32, 33, 64, 200, 1_000] {
      // Few keys, so that many elements are equal.
      let list = (0..<count).map { (key: Int.random(in: 0..<max(1, count / 4), using: &generator), place: $0) }
      let expected = list.sorted { ($0.key, $0.place) < ($1.key, $1.place) }.map(\.place)
      #expect(list.ordered { $0.key < $1.key }.map(\.place) == expected)
      #expect(list.reversed().ordered { $0.key > $1.key }.map(\.place) == expected.reversed())
      #expect(Set(list.map(\.key)).ordered() == Set(list.map(\.key)).sorted())
    }
    #expect(["b", "", "a", "b"].ordered() == ["", "a", "b", "b"])
  }
}
