import LoRAKernels
import LoRATestSupport
import TensorCore
import Testing

/// Merges with magnitudes: every level gives the bits of plain loops in f64.
@Suite struct DecomposedMergeTests {
  /// What a delta of a case has besides its factors.
  enum Kind: CaseIterable {
    case none, rows, columns
  }

  /// A delta as numbers, in the types that are exact for them.
  struct Delta {
    var rank: Int
    var kind: Kind
    var left: [Double]
    var right: [Double]
    var magnitudes: [Double]
    var rightDType = DType.f32
  }

  struct Case {
    var rows: Int
    var columns: Int
    var base: DType
    var output: DType
    var weights: [Double]
    var deltas: [Delta]

    init(
      _ rows: Int, _ columns: Int, _ base: DType, _ output: DType, _ deltas: [(rank: Int, kind: Kind)], seed: UInt64,
      weight: (inout SeededGenerator) -> Double = { $0.normal(0.02) }
    ) {
      var random = SeededGenerator(seed: seed)
      (self.rows, self.columns, self.base, self.output) = (rows, columns, base, output)
      let drawn = (0..<rows * columns).map { _ in weight(&random) }
      let bytes = TensorBytes(drawn, base)
      weights = drawn.indices.map { bytes.value($0, base) }
      self.deltas = deltas.map { rank, kind in
        Delta(
          rank: rank, kind: kind, left: (0..<rows * rank).map { _ in Double(Float(random.normal(0.03))) },
          right: (0..<rank * columns).map { _ in Double(Float(random.normal(0.03))) },
          magnitudes: (0..<(kind == .rows ? rows : columns)).map { _ in abs(random.normal(1)) })
      }
    }

    private func product(_ delta: Delta, _ row: Int, _ column: Int) -> Double {
      var sum = 0.0
      for k in 0..<delta.rank { sum.addProduct(delta.left[row * delta.rank + k], delta.right[k * columns + column]) }
      return sum
    }

    /// V, by the definition.
    var values: [Double] {
      var values = weights
      for delta in deltas {
        for row in 0..<rows {
          var squares = [Double](repeating: 0, count: 16)
          for column in 0..<columns {
            let change = product(delta, row, column)
            values[row * columns + column] += change
            let own = weights[row * columns + column] + change
            squares[column % 16].addProduct(own, own)
          }
          let sum = squares.reduce(0, +)
          let factor = sum == 0 ? 1 : (delta.kind == .rows ? delta.magnitudes[row] : 0) / sum.squareRoot()
          for column in 0..<columns where delta.kind != .none {
            values[row * columns + column] *= delta.kind == .rows ? factor : delta.magnitudes[column]
          }
        }
      }
      return values
    }

    func prepared(_ delta: Delta, _ level: KernelLevel) -> DecomposedDelta {
      var left = LeftFactor(rows: rows, rank: delta.rank)
      var right = RightFactor(rank: delta.rank, columns: columns)
      unsafe TensorBytes(delta.left, .f32).read {
        unsafe left.load($0, dtype: .f32, layout: .rankLast(rank: delta.rank), scales: [1], level: level)
      }
      unsafe TensorBytes(delta.right, delta.rightDType).read {
        unsafe right.load($0, dtype: delta.rightDType, layout: .rankFirst(count: columns), level: level)
      }
      let magnitudes: DecomposedDelta.Magnitudes =
        switch delta.kind {
        case .none: .none
        case .rows: .rows([7, 7] + delta.magnitudes, first: 2)
        case .columns: .columns(delta.magnitudes)
        }
      return DecomposedDelta(left: left, right: right, magnitudes: magnitudes)
    }

    func merged(_ level: KernelLevel, shift: Int, inPlace: Bool, _ statistics: inout MergeStatistics?) -> TensorBytes {
      let deltas = deltas.map { prepared($0, level) }
      var source = TensorBytes(weights, base, shift: shift)
      var target = TensorBytes(zeros: rows * columns * Int(output.bits / 8), shift: shift)
      if inPlace {
        unsafe source.write { both in
          unsafe Kernels.merge(
            base: UnsafeRawBufferPointer(both), baseDType: base, rows: rows, columns: columns, deltas: deltas,
            output: both, outputDType: output, statistics: &statistics, level: level)
        }
        return source
      }
      unsafe source.read { source in
        unsafe target.write { target in
          unsafe Kernels.merge(
            base: source, baseDType: base, rows: rows, columns: columns, deltas: deltas, output: target,
            outputDType: output, statistics: &statistics, level: level)
        }
      }
      return target
    }

    func check(sourceLocation: SourceLocation = #_sourceLocation) {
      let values = values
      let expected = TensorBytes(values.map { $0.isNaN ? .nan : $0 }, output)
      let size = Int(output.bits / 8)
      var (delta, residual, squares) = (0.0, 0.0, 0.0)
      for (index, value) in values.enumerated() {
        let (change, lost) = (value - weights[index], expected.value(index, output) - value)
        (delta, residual, squares) = (delta + change * change, residual + lost * lost, squares + value * value)
      }
      // For 16 bits residuals are those of the numbers rounded to f32, and summed there.
      let narrow = 0x1p-25 * squares.squareRoot()
      let allowed = output == .f32 ? residual * 1e-12 : residual * 1e-5 + (2 * residual.squareRoot() + narrow) * narrow
      for level in KernelLevel.available {
        for (shift, inPlace) in [(0, false), (1, false), (0, true)] where !inPlace || base.bits == output.bits {
          var statistics: MergeStatistics? = MergeStatistics()
          let found = merged(level, shift: shift, inPlace: inPlace, &statistics)
          let wrong = values.indices.count { found.code($0, size: size) != expected.code($0, size: size) }
          #expect(wrong == 0, "\(level), \(rows)x\(columns) \(base)->\(output)", sourceLocation: sourceLocation)
          guard let statistics, delta.isFinite, residual.isFinite else { continue }
          #expect(statistics.elements == UInt64(values.count), sourceLocation: sourceLocation)
          #expect(abs(statistics.deltaSquared - delta) <= delta * 1e-12, "\(level)", sourceLocation: sourceLocation)
          #expect(abs(statistics.residualSquared - residual) <= allowed, "\(level)", sourceLocation: sourceLocation)
        }
      }
    }
  }

  @Test(arguments: [(1, 1), (3, 16), (7, 17), (13, 530), (6, 1040), (101, 40)])
  func everyKindAlone(rows: Int, columns: Int) {
    for base in bases {
      for output in mergeable {
        for kind in Kind.allCases {
          Case(rows, columns, base, output, [(5, kind)], seed: UInt64(rows * columns)).check()
        }
      }
    }
  }

  @Test(arguments: Kind.allCases, Kind.allCases)
  func severalAfterEachOther(one: Kind, other: Kind) {
    Case(8, 531, .bf16, .bf16, [(3, one), (16, other)], seed: 5).check()
    Case(5, 40, .f32, .f32, [(1, one), (2, other), (33, .rows)], seed: 6).check()
  }

  @Test func rowsAndColumnsOfZerosStay() {
    var test = Case(7, 20, .bf16, .f32, [(2, .rows)], seed: 1)
    for column in 0..<20 { test.weights[3 * 20 + column] = 0 }
    for k in 0..<2 { test.deltas[0].left[3 * 2 + k] = 0 }
    test.check()
    #expect(test.values[60..<80].allSatisfy { $0 == 0 })
  }

  @Test(arguments: mergeable)
  func whatIsNotFiniteIsCounted(output: DType) {
    var test = Case(7, 50, .f32, output, [(2, .rows)], seed: 2) { $0.normal(1) }
    test.weights[0] = .infinity
    test.weights[55] = .nan
    test.weights[120] = 3e38
    test.check()
    for level in KernelLevel.available {
      var statistics: MergeStatistics? = MergeStatistics()
      let found = test.merged(level, shift: 0, inPlace: false, &statistics)
      let bad = test.weights.indices.filter { !found.value($0, output).isFinite }
      #expect(statistics?.notFinite == UInt64(bad.count))
      #expect(statistics?.overflowed == UInt64(bad.count { test.weights[$0].isFinite }))
    }
  }

  /// Numbers over the whole range of a type, among them subnormal ones and those that become zero, and beyond its end,
  /// where the kernel's one pass ends and each step is taken by itself.
  @Test(arguments: mergeable, Kind.allCases)
  func numbersOfAllSizes(output: DType, kind: Kind) {
    let end = output == .f16 ? 14 : 125
    for base in bases {
      for range in [-end - 35..<end, -end - 35..<end + 10] {
        var test = Case(9, 300, base, output, [(2, kind)], seed: 11) { random in
          let exponent = range.lowerBound + random.below(range.count)
          return (2 + random.signed())
            * Double(sign: random.once(in: 2) ? .plus : .minus, exponent: exponent, significand: 1)
        }
        test.weights = test.weights.map { $0.isFinite ? $0 : 1 }
        test.deltas[0].left = test.deltas[0].left.map { Double(Float($0 * 0x1p-130)) }
        if kind == .columns { test.deltas[0].magnitudes = test.deltas[0].magnitudes.map { min($0, 1) } }
        test.check()
      }
    }
  }

  /// Numbers half way between two of the type, and what is just beside them.
  @Test(arguments: mergeable) func ties(output: DType) {
    let digits = output == .f32 ? 24 : output == .f16 ? 11 : 8
    var test = Case(6, 320, .f64, output, [(1, .none)], seed: 12)
    for index in test.weights.indices {
      let unit = Double(sign: .plus, exponent: index % 23 - digits - 16, significand: 1)
      let beside = Double(index % 3 - 1) * 0x1p-50
      test.weights[index] = (Double((1 << (digits - 1)) + index / 3) + 0.5 + beside) * unit * (index % 2 == 0 ? 1 : -1)
    }
    test.deltas[0].left = test.deltas[0].left.map { _ in 0 }
    test.check()
  }

  @Test func aRightFactorThatF32Lacks() {
    var test = Case(7, 33, .bf16, .bf16, [(3, .rows)], seed: 8)
    test.deltas[0].right = test.deltas[0].right.map { $0 * (1 + 0x1p-40) }
    test.deltas[0].rightDType = .f64
    test.check()
  }

  @Test(arguments: [(1, 1), (20, 17), (7, 1030)])
  func columnSquaresAreThoseOfPlainLoops(rows: Int, columns: Int) {
    let test = Case(rows, columns, .bf16, .bf16, [(4, .none)], seed: 3)
    let values = test.values
    var expected = [Double](repeating: 1, count: columns)
    for row in 0..<rows {
      for column in 0..<columns {
        let value = values[row * columns + column]
        expected[column].addProduct(value, value)
      }
    }
    for level in KernelLevel.available {
      let delta = test.prepared(test.deltas[0], level)
      var squares = [Double](repeating: 1, count: columns)
      unsafe TensorBytes(test.weights, .bf16).read {
        unsafe Kernels.addColumnSquares(
          base: $0, baseDType: .bf16, rows: rows, left: delta.left, right: delta.right, to: &squares, level: level)
      }
      #expect(squares == expected, "\(level)")
    }
  }
}
