import LoRAKernels
import LoRATestSupport
import TensorCore
import Testing

@Suite struct StatisticsTests {
  private func modelCase(_ output: DType) -> MergeCase {
    MergeCase(
      rows: 29, columns: 700, rank: 8, base: .bf16, output: output, seed: 77,
      weight: { $0.normal(0.02) }, factor: { $0.normal(0.02) })
  }

  /// The same figures by their definition.
  private func reference(_ test: MergeCase) -> (delta: Double, residual: Double, most: Double) {
    var sums = (delta: 0.0, residual: 0.0, most: 0.0)
    let (weights, stored) = (TensorBytes(test.base, test.baseDType), test.expected)
    let (a, b) = (TensorBytes(test.right, .f32), TensorBytes(test.left, .f32))
    for i in 0..<test.rows {
      for j in 0..<test.columns {
        var delta = 0.0
        for k in 0..<test.rank {
          delta += test.scales[0] * b.value(i * test.rank + k, .f32) * a.value(k * test.columns + j, .f32)
        }
        let index = i * test.columns + j
        let residual = stored.value(index, test.outputDType) - weights.value(index, test.baseDType) - delta
        sums.delta += delta * delta
        sums.residual += residual * residual
        sums.most = max(sums.most, delta.magnitude)
      }
    }
    return sums
  }

  @Test(arguments: mergeable)
  func sumsMaximumAndRetentionAgreeWithTheirDefinition(output: DType) throws {
    let test = modelCase(output)
    let (delta, residual, most) = reference(test)
    var statistics: MergeStatistics? = MergeStatistics()
    _ = test.merged(level: .preferred, statistics: &statistics)
    let found = try #require(statistics)
    let tolerance = 1e-5
    #expect(found.elements == UInt64(test.rows * test.columns))
    #expect(abs(found.deltaSquared / delta - 1) < tolerance)
    #expect(abs(found.residualSquared / residual - 1) < tolerance)
    #expect(abs(found.maxDelta / most - 1) < tolerance)
    let retention = try #require(found.deltaRetention)
    #expect(abs(retention - (1 - (residual / delta).squareRoot())) < tolerance)
    #expect(found.notFinite == 0 && found.overflowed == 0)
  }

  @Test(arguments: mergeable)
  func theSameBitsForEveryLevelTileAndOrder(output: DType) throws {
    let test = modelCase(output)
    var whole: MergeStatistics? = MergeStatistics()
    _ = test.merged(level: .preferred, statistics: &whole)
    let expected = try #require(whole)
    for level in KernelLevel.available {
      for tile in [29, 7, 1] {
        var statistics: MergeStatistics? = MergeStatistics()
        _ = test.merged(level: level, tile: tile, statistics: &statistics)
        let found = try #require(statistics)
        #expect(found.deltaSquared.bitPattern == expected.deltaSquared.bitPattern)
        #expect(found.residualSquared.bitPattern == expected.residualSquared.bitPattern)
        #expect(found.maxDelta.bitPattern == expected.maxDelta.bitPattern)
      }
    }
  }

  @Test(arguments: [1e-30, 1e25])
  func valuesThatOnlyF64CanSquare(size: Double) throws {
    let test = MergeCase(
      rows: 3, columns: 40, rank: 2, base: .f32, output: .bf16, seed: 5,
      weight: { $0.normal(size) }, factor: { $0.normal(size.squareRoot()) })
    let (delta, residual, _) = reference(test)
    for level in KernelLevel.available {
      var statistics: MergeStatistics? = MergeStatistics()
      _ = test.merged(level: level, statistics: &statistics)
      let found = try #require(statistics)
      #expect(abs(found.deltaSquared / delta - 1) < 1e-5)
      #expect(abs(found.residualSquared / residual - 1) < 1e-5)
    }
  }

  @Test(arguments: [DType.f16, .bf16, .f32])
  func valuesThatOverflowAreToldFromThoseThatWereNotFiniteBefore(output: DType) throws {
    let large = output == .f16 ? 65504.0 : 3.38e38
    var test = MergeCase(
      rows: 2, columns: 20, rank: 1, base: output, output: output, seed: 1, weight: { _ in 1 }, factor: { _ in 1 })
    test.scales = [large / 50]
    test.base[3] = large
    test.base[25] = -.infinity
    test.base[26] = .nan
    for level in KernelLevel.available {
      var statistics: MergeStatistics? = MergeStatistics()
      _ = test.merged(level: level, statistics: &statistics)
      let found = try #require(statistics)
      #expect(found.overflowed == 1)
      #expect(found.notFinite == 3)
      #expect(found.deltaRetention == nil)
      #expect(found.maxDelta == (output == .f32 ? large / 50 : Double(Float(large / 50))))
    }
  }

  @Test func noChangeKeepsNoRetention() throws {
    var test = modelCase(.bf16)
    test.left = test.left.map { _ in 0 }
    var statistics: MergeStatistics? = MergeStatistics()
    _ = test.merged(level: .preferred, statistics: &statistics)
    let found = try #require(statistics)
    #expect(found.deltaSquared == 0 && found.residualSquared == 0 && found.maxDelta == 0)
    #expect(found.deltaRetention == nil && found.deltaRMS == 0)
  }
}
