import LoRATestSupport
import TensorCore
import Testing

@testable import QuantizedWeights

@Suite struct FP8GridTests {
  private func grid(_ codes: DType, _ scales: DType, exponents: Bool = false) -> FP8Grid {
    FP8Grid(
      codeDType: codes, scaleDType: scales, scalesAreExponents: exponents, rows: 1, rowsOfMatrix: 1, columns: 1,
      height: 1, width: 1, matrixCells: 1, cells: 1, codesName: "w", scalesName: "s")
  }

  @Test(arguments: [DType.f8e4m3, .f8e5m2])
  func everyNumberGetsTheNearestCode(_ dtype: DType) {
    let grid = grid(dtype, .f32)
    let levels = grid.levels
    let finite = levels.indices.filter { levels[$0].isFinite && $0 < 128 }
    var random = SeededGenerator(seed: 1)
    var wrong = 0
    func check(_ value: Float) {
      let code = Int(grid.code(value))
      let least = finite.map { abs(levels[$0] - Double(value.magnitude)) }.min() ?? 0
      let distance = abs(levels[code & 0x7F] - Double(value.magnitude))
      // Of two that are as near, the even code.
      let ties = finite.filter { abs(levels[$0] - Double(value.magnitude)) == least }
      if distance != least || (ties.count > 1 && code % 2 != 0) || (value.sign == .minus) != (code >= 128) {
        wrong += 1
      }
    }
    for code in 0..<256 where levels[code].isFinite {
      check(Float(levels[code]))
      if code & 0x7F < 0x7B { check(Float((levels[code] + levels[code + 1]) / 2)) }
    }
    for _ in 0..<5_000 {
      check(
        Float.random(in: -1...1, using: &random) * Float(sign: .plus, exponent: .random(in: -20...17), significand: 1))
    }
    #expect(wrong == 0)
  }

  @Test(arguments: [(DType.f32, false), (.bf16, false), (.f16, false), (.f8e8m0, true), (.u8, true)])
  func scalesAreTheSmallestThatReachTheLargest(_ dtype: DType, _ exponents: Bool) {
    let grid = grid(.f8e4m3, dtype, exponents: exponents)
    var random = SeededGenerator(seed: 2)
    for _ in 0..<2_000 {
      let magnitude = Double(Float.random(in: 0.001...300, using: &random))
      let scale = grid.scale(forLargest: magnitude)
      let step = exponents ? 2 : dtype == .bf16 ? 1 + 0x1p-7 : dtype == .f16 ? 1.01 : 1 + 0x1p-22
      #expect(scale.value * 448 >= magnitude && scale.value * 448 <= magnitude * step)
      #expect(scale.bytes.count == Int(dtype.bits / 8))
    }
    #expect(grid.scale(forLargest: 0).value == 1)
  }
}
