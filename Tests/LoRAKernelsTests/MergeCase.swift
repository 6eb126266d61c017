import LoRAKernels
import LoRATestSupport
import TensorCore
import Testing

/// A merge with its inputs, and the answer by the definition in docs/numerics.md: f64, in order, rounded once.
struct MergeCase {
  var rows: Int
  var columns: Int
  var rank: Int
  var baseDType: DType
  var outputDType: DType
  var factorDType: DType = .f32
  var scales: [Double] = [2]
  var base: [Double]
  var left: [Double]  // rows x rank
  var right: [Double]  // rank x columns

  /// Values drawn by the three closures; what is stored is their rounding to the types.
  init(
    rows: Int, columns: Int, rank: Int, base: DType, output: DType, seed: UInt64,
    weight: (inout SeededGenerator) -> Double, factor: (inout SeededGenerator) -> Double
  ) {
    var random = SeededGenerator(seed: seed)
    (self.rows, self.columns, self.rank) = (rows, columns, rank)
    (baseDType, outputDType) = (base, output)
    self.base = (0..<rows * columns).map { _ in weight(&random) }
    left = (0..<rows * rank).map { _ in factor(&random) }
    right = (0..<rank * columns).map { _ in factor(&random) }
  }

  /// What the kernels write, tile by tile.
  ///
  /// - Parameters:
  ///   - shift: bytes by which every buffer misses its alignment.
  ///   - tile: rows a call; all of them if nil.
  ///   - transposed: store the factors the other way round, as Conv1D and embeddings need them.
  func merged(
    level: KernelLevel, shift: Int = 0, tile: Int? = nil, transposed: Bool = false,
    statistics: inout MergeStatistics?
  ) -> TensorBytes {
    let weights = TensorBytes(base, baseDType, shift: shift)
    let a = TensorBytes(transposed ? transpose(right, rank, columns) : right, factorDType, shift: shift)
    let b = TensorBytes(transposed ? transpose(left, rows, rank) : left, factorDType, shift: shift)
    var right = RightFactor(rank: rank, columns: columns)
    let rightLayout: FactorLayout = transposed ? .rankLast(rank: rank) : .rankFirst(count: columns)
    unsafe a.read { unsafe right.load($0, dtype: factorDType, layout: rightLayout, level: level) }
    var left = LeftFactor(rows: rows, rank: rank)
    let leftLayout: FactorLayout = transposed ? .rankFirst(count: rows) : .rankLast(rank: rank)
    unsafe b.read { unsafe left.load($0, dtype: factorDType, layout: leftLayout, scales: scales, level: level) }
    let size = Int(outputDType.bits / 8)
    var output = TensorBytes(zeros: rows * columns * size, shift: shift)
    let rowBytes = columns * Int(baseDType.bits / 8)
    let tile = tile ?? rows
    for first in stride(from: 0, to: rows, by: max(tile, 1)) {
      let count = min(tile, rows - first)
      unsafe weights.read { source in
        unsafe output.write { target in
          unsafe Kernels.merge(
            base: UnsafeRawBufferPointer(rebasing: source[(first * rowBytes)...]), baseDType: baseDType, rows: count,
            left: left, leftRow: first, right: right,
            output: UnsafeMutableRawBufferPointer(rebasing: target[(first * columns * size)...]),
            outputDType: outputDType, statistics: &statistics, level: level)
        }
      }
    }
    return output
  }

  private func transpose(_ values: [Double], _ rows: Int, _ columns: Int) -> [Double] {
    (0..<values.count).map { values[$0 % rows * columns + $0 / rows] }
  }

  /// Expects the definition's bytes from every level, aligned and not.
  func check(sourceLocation: SourceLocation = #_sourceLocation) {
    let expected = expected
    for level in KernelLevel.available {
      for shift in [0, 1] {
        var none: MergeStatistics?
        let difference = difference(merged(level: level, shift: shift, statistics: &none), expected)
        #expect(difference == nil, "\(level)", sourceLocation: sourceLocation)
      }
    }
  }

  /// What the definition says.
  var expected: TensorBytes {
    let weights = stored(base, baseDType)
    let a = stored(right, factorDType)
    let b = stored(left, factorDType)
    var values = [Double](repeating: 0, count: rows * columns)
    for i in 0..<rows {
      for j in 0..<columns {
        var delta = 0.0
        for k in 0..<rank {
          let scale = scales.count == 1 ? scales[0] : scales[k]
          delta.addProduct(scale * b[i * rank + k], a[k * columns + j])
        }
        values[i * columns + j] = weights[i * columns + j] + delta
      }
    }
    return TensorBytes(values.map { $0.isNaN ? .nan : $0 }, outputDType)
  }

  private func stored(_ values: [Double], _ dtype: DType) -> [Double] {
    let bytes = TensorBytes(values, dtype)
    return values.indices.map { bytes.value($0, dtype) }
  }

  /// Index of the first element that differs, for a message; nil if the bytes are equal.
  func difference(_ output: TensorBytes, _ expected: TensorBytes) -> String? {
    let size = Int(outputDType.bits / 8)
    for index in 0..<rows * columns where output.code(index, size: size) != expected.code(index, size: size) {
      return """
        [\(index / columns), \(index % columns)] of \(rows)x\(columns) rank \(rank) \(baseDType.name)->\(outputDType.name): \
        \(output.value(index, outputDType)) instead of \(expected.value(index, outputDType))
        """
    }
    return nil
  }
}
