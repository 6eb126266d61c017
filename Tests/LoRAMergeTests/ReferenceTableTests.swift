import TensorCore
import Testing

@testable import LoRAMerge

/// What the verifier settles at a look must be what the arithmetic says.
@Suite struct ReferenceTableTests {
  private func bytes(_ code: UInt64, _ dtype: DType) -> [UInt8] {
    (0..<Int(dtype.bits / 8)).map { UInt8(truncatingIfNeeded: code >> UInt64(8 * $0)) }
  }

  @Test(arguments: [DType.bf16, .f16])
  func everyCodeHasItsNumberAndNoOtherIsTakenForIt(_ dtype: DType) throws {
    let table = try #require(ReferenceTable.of(dtype))
    for code in 0..<0x1_0000 {
      let number = ReferenceNumbers.value(UInt64(code), dtype)
      #expect(table.values[code].bitPattern == number.bitPattern || number.isNaN && table.values[code].isNaN)
      #expect(table.isNearest(code, to: number) == number.isFinite)
      #expect(!table.isNearest(code, to: .nan) && !table.isNearest(code, to: .infinity))
      guard number.isFinite else { continue }
      let next = ReferenceNumbers.value(UInt64(code + 1), dtype)
      let step = next.isFinite && code & 0x7FFF != 0x7FFF ? next - number : number - table.values[code - 1]
      for share in [-1, -0.51, -0.5, -0.26, -0.25, 0.25, 0.49, 0.5, 0.51, 1] {
        let value = number + share * step
        guard table.isNearest(code, to: value) else { continue }
        let right = ReferenceNumbers.code(rounding: value, to: dtype)
        #expect(ReferenceNumbers.distance(UInt64(code), right, dtype) == 0)
      }
    }
  }

  @Test(arguments: [DType.bf16, .f16, .f32])
  func doubtsAreAllThatIsNotTheNearest(_ dtype: DType) {
    let values = [0, 1, -1, 1 / 3, 1e-3, 65_504, 3e38, 1e39, -0.0, 1e-45, .nan, .infinity, 0x1.01p0, 0x1.002p0]
    var stored: [UInt8] = []
    var expected: [Double] = []
    var wrong: Set<Int> = []
    for value in values {
      let right = ReferenceNumbers.code(rounding: value, to: dtype)
      for change in [0, 1, 2] as [UInt64] {
        if change > 0 { wrong.insert(expected.count) }
        expected.append(value)
        stored += bytes(right ^ change, dtype)
      }
    }
    let doubts = Set(ReferenceNumbers.doubts(stored, dtype, expected[...]))
    #expect(doubts.isSuperset(of: wrong))
    // Ordinary numbers that are right are settled.
    #expect(!doubts.contains(0) && !doubts.contains(3) && !doubts.contains(9))
    let turned = Array(expected.indices.reversed())
    let backwards = ReferenceNumbers.doubts(stored, dtype, turned.map { expected[$0] }[...], columns: turned)
    #expect(Set(backwards.map { turned[$0] }) == doubts)
  }
}
