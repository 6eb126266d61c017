import TensorCore
import Testing

@Suite struct TextTests {
  @Test(arguments: [
    (UInt64(0), "0 B"), (1023, "1,023 B"), (1024, "1,024 B (1.0 KiB)"), (33_554_432, "33,554,432 B (32.0 MiB)"),
    (79_953_920, "79,953,920 B (76.3 MiB)"), (.max, "18,446,744,073,709,551,615 B (16.0 EiB)"),
  ])
  func sizesAreExactAndHuman(_ bytes: UInt64, _ text: String) { #expect(ByteCount(bytes).description == text) }

  @Test(arguments: [(0.5, 1, "0.5"), (2.0, 0, "2"), (-1.25, 1, "-1.3"), (0.049, 1, "0.0"), (1234.5678, 3, "1234.568")])
  func numbersHaveFixedDecimals(_ value: Double, _ decimals: Int, _ text: String) {
    #expect(fixed(value, decimals) == text)
  }
}

@Suite struct ShapeTests {
  @Test func overflowDependsOnTheOrderAsInTheReference() {
    #expect(Shape([0, 1 << 63, 4]).elementCount == 0)
    #expect(Shape([1 << 63, 4, 0]).elementCount == nil)
    #expect(Shape([]).elementCount == 1)
    #expect(Shape([2, 3, 4, 5, 6, 7]).elementCount == 5040)
    #expect(Shape([2, 3, 4, 5, 6, 7]).dimensions == [2, 3, 4, 5, 6, 7])
  }

  @Test func everyTypeIsFoundByItsName() {
    #expect(DType.allCases.count == 22)
    for dtype in DType.allCases {
      #expect(DType(name: dtype.name) == dtype)
      let name = Array(dtype.name.utf8)
      #expect(DType(utf8: name.span) == dtype)
    }
    #expect(DType(name: "f32") == nil)
  }
}
