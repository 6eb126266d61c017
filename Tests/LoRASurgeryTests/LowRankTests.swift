import LoRADeltas
import LoRAKernels
import LoRASurgery
import LoRATestSupport
import Testing

/// Factored decompositions against the full product.
@Suite struct LowRankTests {
  static func random(_ rows: Int, _ columns: Int, seed: UInt64, decades: Double = 0) -> ColumnMatrix {
    var generator = SeededGenerator(seed: seed)
    var result = ColumnMatrix(rows: rows, columns: columns)
    for column in 0..<columns {
      var size = 1.0
      for _ in 0..<column { size *= decades == 0 ? 1 : 0.1 }
      for row in 0..<rows { result[row, column] = size * generator.signed() }
    }
    return result
  }

  /// scale · B · Aᵀ, element by element.
  static func full(_ scale: Double, _ b: ColumnMatrix, _ a: ColumnMatrix) -> ColumnMatrix {
    b.product(Array(repeating: scale, count: b.columns), transposed: a)
  }

  static func norms(_ first: ColumnMatrix, minus second: ColumnMatrix) -> DeltaNorms {
    let rest = zip(first.elements, second.elements).map { $0 - $1 }
    let values = SingularValueDecomposition(
      ColumnMatrix(rows: first.rows, columns: first.columns, elements: rest)
    ).values
    return DeltaNorms(
      frobenius: rest.reduce(0) { $0 + $1 * $1 }.squareRoot(), spectral: values.first ?? 0)
  }

  static func rounded(_ matrix: ColumnMatrix) -> ColumnMatrix {
    ColumnMatrix(
      rows: matrix.rows, columns: matrix.columns,
      elements: matrix.elements.map {
        Double(Float(bitPattern: (Float($0).bitPattern &+ 0x8000) & 0xFFFF_0000))
      })
  }

  @Test(arguments: [(40, 56, 8), (9, 30, 12), (30, 9, 12), (530, 24, 5), (1, 6, 1), (6, 1, 3)])
  func valuesAndErrorsAreThoseOfTheFullProduct(_ outputs: Int, _ inputs: Int, _ rank: Int) {
    let (b, a) = (Self.random(outputs, rank, seed: 1), Self.random(inputs, rank, seed: 2))
    let whole = Self.full(-1.75, b, a)
    let delta = LowRank(scale: -1.75, b: b, a: a)
    let reference = SingularValueDecomposition(whole).values
    let largest = reference[0]
    #expect(zip(delta.values, reference).allSatisfy { abs($0 - $1) < 1e-13 * largest })
    #expect(delta.values.count == min(rank, outputs, inputs))
    for kept in 1...rank {
      let factors = delta.factors(rank: kept)
      let (up, down) = (Self.rounded(factors.b), Self.rounded(factors.a))
      for (b, a) in [factors, (up, down)] {
        let wanted = Self.norms(whole, minus: Self.full(1, b, a))
        let found = delta.distance(b: b, a: a)
        #expect(abs(found.frobenius - wanted.frobenius) < 1e-13 * largest)
        #expect(abs(found.spectral - wanted.spectral) < 1e-13 * largest)
      }
      // Eckart and Young: the values that are left out.
      let tail = reference.dropFirst(kept).reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(abs(delta.distance(b: factors.b, a: factors.a).frobenius - tail) < 1e-13 * largest)
      let share = 1 - tail * tail / (delta.norm * delta.norm)
      #expect(abs(delta.energy(rank: kept) - share) < 1e-13)
      for column in 0..<kept { #expect(!factors.b.hasNegativePeak(column)) }
    }
  }

  @Test func aScaleThatStaysIsTakenOutOfTheFactors() {
    let (b, a) = (Self.random(20, 4, seed: 3), Self.random(30, 4, seed: 4))
    for scale in [0.5, -3] {
      let delta = LowRank(scale: scale, b: b, a: a)
      let factors = delta.factors(rank: 4, scale: scale)
      #expect(delta.distance(b: factors.b, a: factors.a, scale: scale).frobenius < 1e-14 * delta.norm)
      #expect(Self.norms(Self.full(1, b, a), minus: Self.full(1, factors.b, factors.a)).frobenius < 1e-13)
    }
  }

  @Test func factorsOfAnySizeHaveAnAnswer() {
    let (b, a) = (Self.random(12, 3, seed: 5), Self.random(10, 3, seed: 6))
    func scaled(_ matrix: ColumnMatrix, _ exponents: [Int]) -> ColumnMatrix {
      var result = matrix
      for column in 0..<matrix.columns {
        for row in 0..<matrix.rows {
          result[row, column] = Double(
            sign: .plus, exponent: exponents[column], significand: matrix[row, column])
        }
      }
      return result
    }
    let plain = LowRank(scale: 2, b: b, a: a)
    let far = LowRank(scale: 2, b: scaled(b, [900, -900, 0]), a: scaled(a, [-900, 900, 0]))
    #expect(zip(plain.values, far.values).allSatisfy { abs($0 - $1) < 1e-14 * plain.values[0] })
    let zero = LowRank(scale: 1, b: ColumnMatrix(rows: 12, columns: 3), a: a)
    #expect(zero.values == [0, 0, 0] && zero.energy(rank: 1) == 1 && zero.norm == 0)
    let factors = zero.factors(rank: 2)
    #expect((factors.b.elements + factors.a.elements).allSatisfy { $0 == 0 })
    #expect(zero.distance(b: factors.b, a: factors.a) == DeltaNorms(frobenius: 0, spectral: 0))
    let tiny = LowRank(scale: 1, b: scaled(b, [-1060, -1060, -1060]), a: scaled(a, [1000, 1000, 1000]))
    #expect(tiny.values.allSatisfy { $0 > 0 && $0.isFinite })
    let tall = LowRank(scale: 1, b: b, a: a).factors(rank: 5)
    #expect(tall.b.columns == 5 && tall.a.columns == 5)
  }
}
