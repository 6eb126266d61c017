import LoRAKernels
import TensorCore
import Testing

private let mergeable: [DType] = [.f32, .f16, .bf16]

@Suite struct MergeTests {
  /// Every level gives the bits of the definition, on values as models have them.
  @Test(arguments: [(1, 1, 1), (3, 16, 1), (7, 17, 2), (6, 64, 16), (13, 129, 33), (5, 80, 64), (2, 47, 300)])
  func merge(rows: Int, columns: Int, rank: Int) {
    for base in mergeable {
      for output in mergeable {
        let test = MergeCase(
          rows: rows, columns: columns, rank: rank, base: base, output: output, seed: UInt64(rows * 1000 + rank),
          weight: { $0.normal(0.02) }, factor: { $0.normal(0.03) })
        let expected = test.expected
        for level in KernelLevel.available {
          for shift in [0, 1] {
            var none: MergeStatistics?
            let output = test.merged(level: level, shift: shift, statistics: &none)
            let difference = test.difference(output, expected)
            #expect(difference == nil, "\(level)")
          }
        }
      }
    }
  }
}
