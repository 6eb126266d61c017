import LoRAKernels
import LoRATestSupport
import Testing

/// Kernels over columns of f64, at every level against plain loops in the same order.
@Suite struct ColumnTests {
  private static func random(_ count: Int, seed: UInt64) -> [Double] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in random.signed() }
  }

  /// Eight sums added as a tree.
  private static func total(_ sums: [Double]) -> Double {
    let four = (0..<4).map { sums[$0] + sums[$0 + 4] }
    return (four[0] + four[2]) + (four[1] + four[3])
  }

  @Test(arguments: [(1, 1), (2, 7), (3, 8), (4, 9), (8, 64), (9, 100), (16, 40), (17, 513), (25, 31)])
  func productsOfAllColumns(_ columns: Int, _ rows: Int) {
    let stride = rows + 3
    let block = Self.random(columns * stride, seed: 3)
    let before = Self.random(columns * columns, seed: 4)
    var expected = before
    for column in 0..<columns {
      for other in 0...column {
        var sums = [Double](repeating: 0, count: 8)
        for row in 0..<rows { sums[row % 8].addProduct(block[other * stride + row], block[column * stride + row]) }
        expected[column * columns + other] += Self.total(sums)
      }
    }
    for level in KernelLevel.available {
      var (gram, own) = (before, block)
      unsafe own.withUnsafeMutableBufferPointer { own in
        unsafe gram.withUnsafeMutableBufferPointer { gram in
          guard let columns = unsafe ColumnBlock(own, rows: rows, columns: columns, stride: stride) else { return }
          unsafe Kernels.addGram(columns, to: gram, level: level)
        }
      }
      #expect(gram == expected, "\(level)")
    }
  }

  @Test(arguments: [0, 1, 7, 8, 9, 130]) func sumsAndMultiples(_ count: Int) {
    let (left, right) = (Self.random(count + 1, seed: 1), Self.random(count + 1, seed: 2))
    var sums = [Double](repeating: 0, count: 8)
    for index in 0..<count { sums[index % 8] += left[index] * right[index] }
    let multiple = zip(left, right).enumerated().map { $0 < count ? $1.0 + 0.3 * $1.1 : $1.0 }
    for level in KernelLevel.available {
      var target = left
      unsafe left.withUnsafeBufferPointer { left in
        unsafe right.withUnsafeBufferPointer { right in
          unsafe target.withUnsafeMutableBufferPointer { target in
            guard let left = left.baseAddress, let right = right.baseAddress, let target = target.baseAddress else {
              return
            }
            #expect(unsafe sumOfProducts(left, right, count, level: level) == Self.total(sums), "\(level)")
            unsafe addMultiple(0.3, of: right, to: target, count, level: level)
          }
        }
      }
      #expect(target == multiple, "\(level)")
    }
  }

  @Test(arguments: [(1, 1), (7, 20), (8, 8), (9, 17), (24, 16), (30, 5)])
  func rowsBecomeColumns(_ rows: Int, _ columns: Int) {
    let (rowStride, stride) = (columns + 2, rows + 5)
    let numbers = Self.random(rows * rowStride, seed: 6)
    let untouched = Self.random(columns * stride, seed: 7)
    var expected = untouched
    for row in 0..<rows {
      for column in 0..<columns { expected[column * stride + row] = numbers[row * rowStride + column] }
    }
    for level in KernelLevel.available {
      var found = untouched
      unsafe found.withUnsafeMutableBufferPointer { found in
        unsafe numbers.withUnsafeBufferPointer { numbers in
          guard let block = unsafe ColumnBlock(found, rows: rows, columns: columns, stride: stride) else { return }
          unsafe Kernels.turn(numbers, rowStride: rowStride, into: block, level: level)
        }
      }
      #expect(found == expected, "\(level)")
    }
  }

  @Test(arguments: [0, 1, 8, 15, 64]) func sortsOfNumbers(_ count: Int) {
    let kinds = [0, 1, -0.0, .infinity, 0x1p-1074, .nan, -.infinity, -.nan, 1e308]
    for start in kinds.indices {
      // With every kind, and with finite ones alone.
      for chosen in [kinds, kinds.filter(\.isFinite)] {
        let values = (0..<count).map { chosen[($0 + start) % chosen.count] }
        for level in KernelLevel.available {
          let counts = unsafe values.withUnsafeBufferPointer { unsafe Kernels.count($0, level: level) }
          #expect(counts.nan == UInt64(values.count(where: \.isNaN)), "\(level)")
          #expect(counts.infinite == UInt64(values.count(where: \.isInfinite)), "\(level)")
          #expect(counts.zero == UInt64(values.count { $0 == 0 }), "\(level)")
        }
      }
    }
  }

  // MARK: Cholesky factors

  @Test(arguments: [0, 1, 2, 7, 9, 16, 41, 130])
  func everyLevelHasThePlainCholeskyFactor(_ size: Int) {
    var random = SeededGenerator(seed: UInt64(size))
    // The factor's own product, with a column of zeros; below the diagonal stands what must stay.
    var wanted = [Double](repeating: 0, count: size * size)
    for column in 0..<size where column % 5 != 3 {
      for row in 0...column where row % 5 != 3 {
        wanted[column * size + row] = row == column ? 1 + abs(random.signed()) : random.signed() / Double(size)
      }
    }
    var gram = [Double](repeating: -7, count: size * size)
    for column in 0..<size {
      for row in 0...column {
        gram[column * size + row] = (0...row).reduce(0) { $0 + wanted[row * size + $1] * wanted[column * size + $1] }
      }
    }
    let first = Kernels.cholesky(gram, size: size, tolerance: 0x1p-36, level: KernelLevel.available[0])
    for level in KernelLevel.available {
      let found = Kernels.cholesky(gram, size: size, tolerance: 0x1p-36, level: level)
      #expect(found != nil && found == first, "\(level)")
    }
    for place in wanted.indices {
      let isBelow = place % size > place / size
      #expect(abs((first?[place] ?? .nan) - (isBelow ? -7 : wanted[place])) < 1e-12, "\(place)")
    }
  }

  @Test func columnsThatDependOnOthersHaveNoFactor() {
    // The second is twice the first, but for a little; the last is not a number.
    for (last, exists) in [(4.0, false), (4 + 0x1p-40, false), (4 + 0x1p-30, true), (.nan, true), (.infinity, false)] {
      for level in KernelLevel.available {
        let factor = Kernels.cholesky([1, 0, 2, last], size: 2, tolerance: 0x1p-36, level: level)
        #expect((factor != nil) == exists, "\(last) \(level)")
      }
    }
    for level in KernelLevel.available {
      #expect(Kernels.cholesky([1, 0, .nan, 4], size: 2, tolerance: 0x1p-36, level: level) == nil, "\(level)")
    }
  }

  // MARK: Gram matrices

  private static func gram(_ matrix: ColumnMatrix) -> GramMatrix {
    var (gram, elements) = (GramMatrix(size: matrix.columns), matrix.elements)
    unsafe elements.withUnsafeMutableBufferPointer { elements in
      for first in stride(from: 0, to: matrix.rows, by: 100) {
        let rows = unsafe UnsafeMutableBufferPointer(rebasing: elements[first...])
        guard
          let block = unsafe ColumnBlock(
            rows, rows: min(100, matrix.rows - first), columns: matrix.columns, stride: matrix.rows)
        else { return }
        gram.absorb(block)
      }
    }
    return gram
  }

  /// Up to the signs of its rows the factor is R of a QR decomposition.
  @Test(arguments: [(1, 1), (9, 4), (300, 33), (1_000, 64)])
  func theFactorIsThatOfReflections(_ rows: Int, _ columns: Int) throws {
    var matrix = ColumnMatrix(rows: rows, columns: columns, elements: Self.random(rows * columns, seed: 9))
    // Lengths that are far apart lose nothing.
    for column in 0..<columns where column % 3 == 1 {
      for row in 0..<rows { matrix[row, column] *= 1e-30 }
    }
    let triangle = HouseholderQR(matrix).triangle
    let found = try #require(Self.gram(matrix).triangle)
    for column in 0..<columns {
      let length = (0...column).reduce(0) { $0 + triangle[$1, column] * triangle[$1, column] }.squareRoot()
      for row in 0..<columns {
        let (value, expected) = (found.elements[column * columns + row], row > column ? 0 : triangle[row, column])
        let signed = triangle[row, row] < 0 ? -value : value
        #expect(abs(signed - expected) <= 1e-13 * length, "\(row), \(column)")
      }
    }
  }

  @Test func columnsOfZerosStay() throws {
    var matrix = ColumnMatrix(rows: 40, columns: 6, elements: Self.random(240, seed: 10))
    for column in [0, 3] {
      for row in 0..<40 { matrix[row, column] = 0 }
    }
    let found = try #require(Self.gram(matrix).triangle)
    let without = ColumnMatrix(
      rows: 40, columns: 4, elements: [1, 2, 4, 5].flatMap { matrix.elements[$0 * 40..<$0 * 40 + 40] })
    let expected = try #require(Self.gram(without).triangle)
    #expect(
      singularValues(found.elements, size: 6).prefix(4).elementsEqual(singularValues(expected.elements, size: 4)) {
        abs($0 - $1) < 1e-14
      })
    #expect(Self.gram(ColumnMatrix(rows: 5, columns: 2)).triangle?.elements == [0, 0, 0, 0])
  }

  /// Where digits would be lost there is no factor: equal columns, fewer rows than columns, and columns that are nearly
  /// dependent all together.
  @Test func nearlyDependentColumnsHaveNone() {
    #expect(Self.gram(ColumnMatrix(rows: 3, columns: 5, elements: Self.random(15, seed: 11))).triangle == nil)
    for distance in [0, 1e-9, 1e-4] {
      var matrix = ColumnMatrix(rows: 50, columns: 8, elements: Self.random(400, seed: 12))
      for row in 0..<50 { matrix[row, 7] = (0..<7).reduce(distance * matrix[row, 7]) { $0 + matrix[row, $1] } }
      #expect(Self.gram(matrix).triangle == nil, "\(distance)")
    }
    // Kahan's triangle, whose diagonal does not show how nearly dependent its columns are.
    let (size, sine, cosine) = (64, 0.8, 0.6)
    var kahan = ColumnMatrix(rows: size, columns: size)
    var scale = 1.0
    for row in 0..<size {
      kahan[row, row] = scale
      for column in row + 1..<size { kahan[row, column] = -cosine * scale }
      scale *= sine
    }
    #expect(Self.gram(kahan).triangle == nil)
  }
}
