import JSON
import LoRAKernels
import LoRATestSupport
import Testing

/// Orthogonal decompositions against their identities and against numpy.
@Suite struct DecompositionTests {
  private static func random(_ rows: Int, _ columns: Int, seed: UInt64) -> ColumnMatrix {
    var generator = SeededGenerator(seed: seed)
    return ColumnMatrix(
      rows: rows, columns: columns, elements: (0..<rows * columns).map { _ in generator.signed() })
  }

  private static func identity(_ size: Int, columns: Int) -> ColumnMatrix {
    var result = ColumnMatrix(rows: size, columns: columns)
    for index in 0..<min(size, columns) { result[index, index] = 1 }
    return result
  }

  private static func ones(_ count: Int) -> [Double] { Array(repeating: 1, count: count) }

  private static func distance(_ first: ColumnMatrix, _ second: ColumnMatrix) -> Double {
    zip(first.elements, second.elements).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  /// Tall, square and wide matrices; one block of rows and several; with columns of zeros and equal ones.
  @Test(arguments: [(1, 1), (5, 5), (7, 3), (3, 7), (600, 6), (1_500, 9), (530, 516), (9, 1), (1, 4), (513, 4)])
  func theFactorsOfAMatrixGiveItBack(_ rows: Int, _ columns: Int) {
    var plain = Self.random(rows, columns, seed: 5)
    if columns > 2 {
      for row in 0..<rows {
        plain[row, 1] = 0
        plain[row, 2] = plain[row, 0]
      }
    }
    let decomposition = HouseholderQR(plain)
    #expect(decomposition.size == min(rows, columns))
    let triangle = decomposition.triangle
    for column in 0..<columns {
      for row in 0..<decomposition.size where row > column { #expect(triangle[row, column] == 0) }
    }
    #expect(Self.distance(decomposition.expand(triangle), plain) < 1e-13)
    var turned = plain
    decomposition.applyTransposed(to: &turned)
    #expect(Self.distance(turned.rows(0..<decomposition.size), triangle) < 1e-13)
    #expect(turned.rows(decomposition.size..<rows).elements.allSatisfy { abs($0) < 1e-13 })
    guard columns < 100 else { return checkThereAndBack(decomposition) }
    let basis = decomposition.expand(Self.identity(decomposition.size, columns: decomposition.size))
    let products = basis.transposed.product(Self.ones(rows), transposed: basis.transposed)
    #expect(Self.distance(products, Self.identity(decomposition.size, columns: decomposition.size)) < 1e-13)
    checkThereAndBack(decomposition)
  }

  private func checkThereAndBack(_ decomposition: HouseholderQR) {
    var there = Self.random(decomposition.rows, 5, seed: 6)
    let before = there
    decomposition.apply(to: &there)
    decomposition.applyTransposed(to: &there)
    #expect(Self.distance(there, before) < 1e-13)
  }

  @Test func singularValuesAreThoseOfNumpy() throws {
    for item in try Fixtures.json("surgery/svd.json").object?["cases"]?.array ?? [] {
      let name = Comment(rawValue: item.object?["name"]?.string ?? "")
      let listed = (item.object?["rows"]?.array ?? []).map { ($0.array ?? []).compactMap(\.double) }
      let wanted = (item.object?["values"]?.array ?? []).compactMap(\.double)
      let (rows, columns) = (listed.count, listed.first?.count ?? 0)
      var matrix = ColumnMatrix(rows: rows, columns: columns)
      for row in 0..<rows { for column in 0..<columns { matrix[row, column] = listed[row][column] } }
      let found = SingularValueDecomposition(matrix)
      let largest = wanted.max() ?? 0
      #expect(found.values.count == wanted.count, name)
      #expect(zip(found.values, wanted).allSatisfy { abs($0 - $1) <= 1e-14 * largest }, name)
      #expect(found.values == found.values.sorted(by: >), name)
      // U·Σ·Vᵀ, with the size taken out so that nothing leaves the range.
      let weights = found.values.map { $0 / largest }
      let product = found.left.product(weights, transposed: found.right)
      let scaled = ColumnMatrix(rows: rows, columns: columns, elements: matrix.elements.map { $0 / largest })
      #expect(Self.distance(product, scaled) < 1e-14, name)
      for column in 0..<found.values.count { #expect(!found.left.hasNegativePeak(column), name) }
    }
  }

  /// Values that are far below the largest keep their own digits where the columns do.
  @Test func smallValuesKeepTheirDigits() {
    var matrix = Self.random(6, 6, seed: 9)
    for column in 0..<6 {
      let size = [1, 1e-20, 1e-40, 1e-60, 1e-80, 1e-100][column]
      for row in 0..<6 { matrix[row, column] = size * (row == column ? 1 : row < column ? 0.25 : 0) }
    }
    let values = SingularValueDecomposition(matrix).values
    // A triangle with such columns has a product of values that is the product of its diagonal.
    let logarithm = values.reduce(0) { $0 + Double($1.exponent) + ($1.significand - 1) }
    #expect(values.allSatisfy { $0 > 0 } && logarithm < -990)
    #expect(abs(values[5] / 1e-100 - 1) < 0.2)
  }

  @Test func aMatrixOfZerosHasNoDirections() {
    let found = SingularValueDecomposition(ColumnMatrix(rows: 4, columns: 3))
    #expect(found.values == [0, 0, 0])
    #expect(found.right.elements.allSatisfy { $0 == 0 } || found.left.elements.allSatisfy { $0 == 0 })
    #expect((found.left.elements + found.right.elements).allSatisfy { $0.isFinite })
    #expect(HouseholderQR(ColumnMatrix(rows: 0, columns: 0)).size == 0)
  }
}
