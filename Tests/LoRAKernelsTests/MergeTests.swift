import LoRAKernels
import LoRATestSupport
import TensorCore
import Testing

let mergeable: [DType] = [.f32, .f16, .bf16]
/// Types of bases; F64 is that of dequantised ones.
let bases: [DType] = mergeable + [.f64]

/// Every level gives the bits of the definition: f64 in the order of the rank, rounded once.
@Suite struct MergeTests {
  @Test(
    arguments: [
      (1, 1, 1), (3, 16, 1), (7, 17, 2), (6, 64, 16), (13, 129, 33), (5, 80, 64), (2, 47, 300), (7, 1100, 16),
    ]
  )
  func valuesAsModelsHaveThem(rows: Int, columns: Int, rank: Int) {
    for base in bases {
      for output in mergeable {
        MergeCase(
          rows: rows, columns: columns, rank: rank, base: base, output: output, seed: UInt64(rows * 1000 + rank),
          weight: { $0.normal(0.02) }, factor: { $0.normal(0.03) }
        ).check()
      }
    }
  }

  @Test(arguments: [DType.f32, .bf16])
  func ranksUpTo300WithEveryRemainderOfAChunk(output: DType) {
    for rank in Array(1...50) + Array(stride(from: 55, through: 300, by: 17)) {
      MergeCase(
        rows: 1, columns: 17, rank: rank, base: .bf16, output: output, seed: UInt64(rank),
        weight: { $0.normal(0.02) }, factor: { $0.normal(0.05) }
      ).check()
    }
  }

  @Test(arguments: bases, mergeable)
  func tiesAndNearTiesSmallDyadicNumbers(base: DType, output: DType) {
    for scale in [1.0, 0.5, 0x1p-9, 0x1p-12, 3, 1.0 / 3] {
      var test = MergeCase(
        rows: 6, columns: 100, rank: 3, base: base, output: output, seed: 7,
        weight: { Double(Int.random(in: -300...300, using: &$0)) * 0x1p-8 },
        factor: { Double(Int.random(in: -2...2, using: &$0)) * 0x1p-4 })
      test.scales = [scale]
      test.check()
    }
  }

  @Test(arguments: mergeable)
  func tiesThatAnF64BaseMissesByLessThanF32Has(output: DType) {
    for delta in [0, 0x1p-40] {
      MergeCase(
        rows: 6, columns: 100, rank: 1, base: .f64, output: output, seed: 13,
        weight: {
          let tie = Double(Int.random(in: 256...511, using: &$0) * 2 + 1) * Self.power(-20...20, &$0)
          return tie * (1 + Double(Int.random(in: -1...1, using: &$0)) * Self.power(-50 ... -24, &$0))
        },
        factor: { _ in delta }
      ).check()
    }
  }

  @Test(arguments: bases, mergeable)
  func magnitudesFromSubnormalToOverflow(base: DType, output: DType) {
    for (seed, scale) in [1, 0x1p-149, 1e-200, 0x1p-1060, 1e30, 1e300, -1, 0].enumerated() {
      var test = MergeCase(
        rows: 7, columns: 70, rank: 5, base: base, output: output, seed: UInt64(seed),
        weight: { Double.random(in: -1...1, using: &$0) * Self.power(-150...128, &$0) },
        factor: { Double.random(in: -1...1, using: &$0) * Self.power(-75...64, &$0) })
      test.scales = [scale]
      test.check()
    }
  }

  private static func power(_ range: ClosedRange<Int>, _ random: inout SeededGenerator) -> Double {
    Double(sign: .plus, exponent: Int.random(in: range, using: &random), significand: 1)
  }

  @Test(arguments: bases, mergeable)
  func naNInfinitiesAndZerosOfEitherSign(base: DType, output: DType) {
    let odd = [Double.nan, .infinity, -.infinity, 0, -0.0, 1e-45, 65504, 65520, 3.4e38, -3.39e38]
    for oddFactors in [false, true] {
      for every in [2, 5, 40] {
        MergeCase(
          rows: 8, columns: 50, rank: 4, base: base, output: output, seed: UInt64(every),
          weight: { Int.random(in: 0..<every, using: &$0) == 0 ? odd.randomElement(using: &$0) ?? 0 : $0.normal(1) },
          factor: {
            oddFactors && Int.random(in: 0..<every * 4, using: &$0) == 0
              ? odd.randomElement(using: &$0) ?? 0 : $0.normal(1)
          }
        ).check()
      }
    }
  }

  @Test(arguments: bases, mergeable)
  func rowsThatAnAdapterLeavesAloneAreOnlyConverted(base: DType, output: DType) {
    var test = MergeCase(
      rows: 9, columns: 40, rank: 4, base: base, output: output, seed: 3,
      weight: { Int.random(in: 0..<4, using: &$0) == 0 ? -0.0 : $0.normal(1) }, factor: { $0.normal(1) })
    for row in [0, 4, 5, 8] {
      for k in 0..<test.rank { test.left[row * test.rank + k] = k == 1 ? -0.0 : 0 }
    }
    test.check()
    test.right[3] = .infinity  // 0 times infinity is not zero
    test.check()
  }

  @Test(arguments: mergeable)
  func factorsOfF64ExactInF32OrNot(output: DType) {
    for exact in [true, false] {
      var test = MergeCase(
        rows: 7, columns: 33, rank: 9, base: .bf16, output: output, seed: 11,
        weight: { $0.normal(0.02) },
        factor: { exact ? Double(Float($0.normal(0.03))) : $0.normal(0.03) })
      test.factorDType = .f64
      test.scales = [1.0 / 3]
      test.check()
    }
  }

  @Test(arguments: [DType.f16, .bf16, .f32, .f64])
  func factorsOf16BitTypesAndStoredTheOtherWayRound(factor: DType) {
    var test = MergeCase(
      rows: 11, columns: 101, rank: 40, base: .bf16, output: .bf16, seed: 5,
      weight: { $0.normal(0.02) }, factor: { $0.normal(0.03) })
    test.factorDType = factor
    test.scales = (0..<40).map { Double($0 + 1) / 7 }
    test.check()
    for level in KernelLevel.available {
      var none: MergeStatistics?
      let output = test.merged(level: level, transposed: true, statistics: &none)
      let difference = test.difference(output, test.expected)
      #expect(difference == nil)
    }
  }

  @Test(arguments: mergeable)
  func theTileDoesNotMatterNorWhereInTheFactorItStarts(output: DType) {
    let test = MergeCase(
      rows: 23, columns: 75, rank: 18, base: .bf16, output: output, seed: 9,
      weight: { $0.normal(0.02) }, factor: { $0.normal(0.03) })
    for tile in [1, 2, 5, 6, 7, 12, 22] {
      var none: MergeStatistics?
      let output = test.merged(level: .preferred, tile: tile, statistics: &none)
      let difference = test.difference(output, test.expected)
      #expect(difference == nil, "tile of \(tile)")
    }
  }

  @Test(arguments: [(DType.bf16, DType.bf16), (.bf16, .f16), (.f32, .f32)])
  func theOutputMayReplaceTheBase(base: DType, output: DType) {
    let test = MergeCase(
      rows: 8, columns: 64, rank: 3, base: base, output: output, seed: 21,
      weight: { Int.random(in: 0..<9, using: &$0) == 0 ? .nan : Double(Int.random(in: -300...300, using: &$0)) },
      factor: { Double(Int.random(in: -2...2, using: &$0)) * 0.5 })
    for level in KernelLevel.available {
      let a = TensorBytes(test.right, .f32)
      let b = TensorBytes(test.left, .f32)
      var right = RightFactor(rank: 3, columns: 64)
      unsafe a.read { unsafe right.load($0, dtype: .f32, layout: .rankFirst(count: 64)) }
      var left = LeftFactor(rows: 8, rank: 3)
      unsafe b.read { unsafe left.load($0, dtype: .f32, layout: .rankLast(rank: 3), scales: test.scales) }
      var weights = TensorBytes(test.base, base)
      var none: MergeStatistics?
      unsafe weights.write {
        unsafe Kernels.merge(
          base: UnsafeRawBufferPointer($0), baseDType: base, rows: 8, left: left, right: right, output: $0,
          outputDType: output, statistics: &none, level: level)
      }
      let difference = test.difference(weights, test.expected)
      #expect(difference == nil, "\(level)")
    }
  }

  @Test func twoAdaptersStackedAlongTheRankAreSummedBeforeTheOneRounding() {
    var test = MergeCase(
      rows: 5, columns: 30, rank: 12, base: .f16, output: .f16, seed: 31,
      weight: { $0.normal(0.02) }, factor: { $0.normal(0.03) })
    test.scales = Array(repeating: 2, count: 4) + Array(repeating: -0.3, count: 8)
    let a = TensorBytes(test.right, .f32)
    let b = TensorBytes(test.left, .f32)
    var right = RightFactor(rank: 12, columns: 30)
    var left = LeftFactor(rows: 5, rank: 12)
    for (ranks, scale) in [(0..<4, 2.0), (4..<12, -0.3)] {
      unsafe a.read {
        unsafe right.load(
          $0, dtype: .f32, layout: FactorLayout(offset: ranks.lowerBound * 30, stride: 1, rankStride: 30), ranks: ranks)
      }
      unsafe b.read {
        unsafe left.load(
          $0, dtype: .f32, layout: FactorLayout(offset: ranks.lowerBound, stride: 12, rankStride: 1), scales: [scale],
          ranks: ranks)
      }
    }
    let weights = TensorBytes(test.base, .f16)
    var output = TensorBytes(zeros: 5 * 30 * 2)
    var none: MergeStatistics?
    unsafe weights.read { source in
      unsafe output.write {
        unsafe Kernels.merge(
          base: source, baseDType: .f16, rows: 5, left: left, right: right, output: $0, outputDType: .f16,
          statistics: &none)
      }
    }
    let difference = test.difference(output, test.expected)
    #expect(difference == nil)
  }
}
