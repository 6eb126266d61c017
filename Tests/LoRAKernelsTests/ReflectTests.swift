import LoRATestSupport
import Testing

@testable import LoRAKernels

/// Orthogonal transformations of many columns against their formulas, and the levels against each other.
@Suite struct ReflectTests {
  private static let width = Kernels.panelWidth

  /// Columns of some rows, and what becomes of them.
  private struct Columns {
    var numbers: [Double]
    let rows: Int
    let columns: Int
    let stride: Int

    init(_ rows: Int, _ columns: Int, stride: Int, _ random: inout SeededGenerator) {
      (self.rows, self.columns, self.stride) = (rows, columns, stride)
      numbers = (0..<max(columns, 1) * stride).map { _ in random.signed() }
    }

    subscript(row: Int, column: Int) -> Double {
      get { numbers[column * stride + row] }
      set { numbers[column * stride + row] = newValue }
    }

    mutating func withBlock(_ body: (ColumnBlock) -> Void) {
      let (rows, columns, stride) = (rows, columns, stride)
      unsafe numbers.withUnsafeMutableBufferPointer { buffer in
        guard let block = unsafe ColumnBlock(buffer, rows: rows, columns: columns, stride: stride) else {
          Issue.record("the columns do not fit into their buffer")
          return
        }
        body(block)
      }
    }
  }

  /// T of every panel for reflections with these vectors and factors, by its recurrence.
  private static func triangles(_ vectors: Columns, _ factors: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: factors.count * width)
    for (column, factor) in factors.enumerated() {
      let first = column / width * width
      let overlaps = (first..<column).map { earlier in
        (0..<vectors.rows).reduce(0) { $0 + vectors[$1, earlier] * vectors[$1, column] }
      }
      for row in 0..<column - first {
        let sum = (row..<column - first).reduce(0) { $0 + result[(first + $1) * width + row] * overlaps[$1] }
        result[column * width + row] = -factor * sum
      }
      result[column * width + column - first] = factor
    }
    return result
  }

  /// Reflections one after another, H = I − factor·y·yᵀ.
  @Test(arguments: [1, 2, 3, 4, 5, 7, 16, 21, 35], [false, true])
  func everyLevelGivesTheBitsOfThePlainOneAndTheFormulasValues(_ reflectors: Int, _ undoes: Bool) {
    var random = SeededGenerator(seed: 3)
    for (rows, columns) in [(0, 1), (1, 3), (7, 2), (8, 1), (21, 5), (513, 9), (40, 0)] {
      let vectors = Columns(rows, reflectors, stride: rows + 3, &random)
      let factors = (0..<reflectors).map { _ in random.signed() / Double(rows + 1) }
      let (tops, below) = (
        Columns(reflectors, columns, stride: reflectors + 2, &random), Columns(rows, columns, stride: rows + 5, &random)
      )
      var (wantedTops, wanted) = (tops, below)
      for reflector in undoes ? Array((0..<reflectors).reversed()) : Array(0..<reflectors) {
        for column in 0..<columns {
          let shared = (0..<rows).reduce(wantedTops[reflector, column]) {
            $0 + vectors[$1, reflector] * wanted[$1, column]
          }
          wantedTops[reflector, column] -= factors[reflector] * shared
          for row in 0..<rows { wanted[row, column] -= factors[reflector] * shared * vectors[row, reflector] }
        }
      }
      let triangles = Self.triangles(vectors, factors)
      var first: [UInt64]?
      for level in KernelLevel.available {
        var (ownVectors, ownTops, own) = (vectors, tops, below)
        ownVectors.withBlock { vectors in
          ownTops.withBlock { tops in
            own.withBlock { below in
              unsafe triangles.withUnsafeBufferPointer {
                unsafe Kernels.reflect(
                  vectors, factors: $0, undoing: undoes, tops: tops, columns: below, level: level)
              }
            }
          }
        }
        #expect(ownVectors.numbers == vectors.numbers)
        let place: Comment = "\(level) \(reflectors) \(rows) \(columns)"
        #expect(
          zip(own.numbers + ownTops.numbers, wanted.numbers + wantedTops.numbers).allSatisfy { abs($0 - $1) < 1e-11 },
          place)
        let bits = (own.numbers + ownTops.numbers).map(\.bitPattern)
        #expect(bits == first ?? bits, place)
        first = bits
      }
    }
  }

  /// The triangle above the rows becomes another one above zeros by the reflections that the fold leaves.
  @Test(arguments: [1, 3, 4, 6, 16, 19, 40])
  func foldsAreReflectionsToZeros(_ size: Int) {
    var random = SeededGenerator(seed: 4)
    for (rows, scale) in [(1, 1.0), (8, 1e-100), (23, 1), (512, 1e100), (0, 1), (30, 0)] {
      var triangle = Columns(size, size, stride: size, &random)
      var block = Columns(rows, size, stride: rows + 2, &random)
      for column in 0..<size {
        for row in column + 1..<max(size, column + 1) { triangle[row, column] = 0 }
        triangle[column, column] = column % 3 == 0 ? 0 : triangle[column, column]
        for row in 0..<size { triangle[row, column] *= scale }
        // A column of zeros, and one of what squares lose.
        for row in 0..<rows { block[row, column] *= column % 5 == 2 ? 0 : column % 5 == 3 ? 1e-200 : scale }
      }
      var first: [UInt64]?
      for level in KernelLevel.available {
        var (made, vectors) = (triangle, block)
        var factors = [Double](repeating: .nan, count: size * Self.width)
        vectors.withBlock { vectors in
          unsafe made.numbers.withUnsafeMutableBufferPointer { triangle in
            unsafe factors.withUnsafeMutableBufferPointer {
              unsafe Kernels.fold(vectors, into: triangle, factors: $0, level: level)
            }
          }
        }
        let bits = (made.numbers + vectors.numbers + factors).map(\.bitPattern)
        let place: Comment = "\(level) \(size) \(rows) \(scale)"
        #expect(bits == first ?? bits, place)
        first = bits
        for column in 0..<size {
          for row in column + 1..<max(size, column + 1) { #expect(made[row, column] == 0, place) }
        }
        var (tops, below) = (made, block)
        below.numbers = below.numbers.map { _ in 0 }
        vectors.withBlock { vectors in
          tops.withBlock { tops in
            below.withBlock { below in
              unsafe factors.withUnsafeBufferPointer {
                unsafe Kernels.reflect(vectors, factors: $0, undoing: true, tops: tops, columns: below, level: level)
              }
            }
          }
        }
        let limit = max(1e-13 * Double(size) * scale, 1e-198)
        #expect(zip(tops.numbers, triangle.numbers).allSatisfy { abs($0 - $1) <= limit }, place)
        for column in 0..<size {
          for row in 0..<rows { #expect(abs(below[row, column] - block[row, column]) <= limit, place) }
        }
      }
    }
  }

  /// Sweeps end with columns at right angles that hold the matrix: what was turned with them says how.
  @Test(arguments: [0, 1, 2, 5, 8, 17, 33])
  func rotationsMakeColumnsOrthogonal(_ count: Int) {
    var random = SeededGenerator(seed: 5)
    let rows = (count + 7) / 8 * 8
    var matrix = Columns(2 * rows, count, stride: 2 * rows + 8, &random)
    for column in 0..<count {
      for row in 0..<rows {
        if row >= count || column == 3 { matrix[row, column] = 0 }
        matrix[rows + row, column] = row == column ? 1 : 0
      }
    }
    var first: [UInt64]?
    for level in KernelLevel.available {
      var turned = matrix
      var squares = [Double](repeating: 0, count: count)
      var sweeps = 0
      var goesOn = true
      while goesOn, sweeps < 30 {
        for column in 0..<count {
          squares[column] = (0..<rows).reduce(0) { $0 + turned[$1, column] * turned[$1, column] }
        }
        turned.withBlock { block in
          goesOn = unsafe squares.withUnsafeMutableBufferPointer {
            unsafe Kernels.rotate(block, rows: rows, squares: $0, level: level)
          }
        }
        sweeps += 1
      }
      #expect(sweeps < 12)
      for one in 0..<count {
        for other in one..<count {
          let overlap = (0..<rows).reduce(0) { $0 + turned[$1, one] * turned[$1, other] }
          let length = (squares[one] * squares[other]).squareRoot()
          #expect(one == other ? abs(overlap - squares[one]) < 1e-12 : abs(overlap) <= 1e-14 * length, "\(level)")
          let basis = (0..<rows).reduce(0) { $0 + turned[rows + $1, one] * turned[rows + $1, other] }
          #expect(abs(basis - (one == other ? 1 : 0)) < 1e-13, "\(level)")
        }
        for row in 0..<count {
          // M·W, from the matrix and the product of the rotations.
          let product = (0..<count).reduce(0) { $0 + matrix[row, $1] * turned[rows + $1, one] }
          #expect(abs(product - turned[row, one]) < 1e-13, "\(level)")
        }
      }
      let bits = (turned.numbers + squares).map(\.bitPattern)
      #expect(bits == first ?? bits, "\(level)")
      first = bits
    }
  }

  @Test func columnsOutsideTheirBufferAreNone() {
    var numbers = [Double](repeating: 0, count: 10)
    unsafe numbers.withUnsafeMutableBufferPointer { buffer in
      #expect(unsafe ColumnBlock(buffer, rows: 4, columns: 2, stride: 6) != nil)
      #expect(unsafe ColumnBlock(buffer, rows: 5, columns: 2, stride: 6) == nil)
      #expect(unsafe ColumnBlock(buffer, rows: 4, columns: 2, stride: 3) == nil)
      #expect(unsafe ColumnBlock(buffer, rows: 0, columns: .max, stride: .max) == nil)
    }
  }
}
