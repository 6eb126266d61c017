import LoRAKernels
import LoRATestSupport
import TensorCore
import Testing

/// Rows of a merge checked at once, against the same in plain Swift, and with the first look in f32 against without.
@Suite struct CheckTests {
  /// Rows with one change, and what is stored of them.
  private struct Rows {
    var dtype: DType
    var rows: Int
    var columns: Int
    var left: [Double]
    var right: [Double]
    var scale = 1 / 3.0
    var magnitudes: [Double]?
    var base: [UInt32]
    var stored: [UInt32] = []

    var rank: Int { left.count / rows }

    /// The number of every element.
    var numbers: [Double] {
      var numbers = base.map { CheckTests.value($0, dtype) }
      for row in 0..<rows {
        let places = row * columns..<(row + 1) * columns
        for column in 0..<columns {
          var sum = 0.0
          for k in 0..<rank { sum += left[row * rank + k] * right[k * columns + column] }
          numbers[row * columns + column] += sum * scale
        }
        guard let magnitudes else { continue }
        var squares = [Double](repeating: 0, count: 16)
        for (column, number) in numbers[places].enumerated() { squares[column % 16] += number * number }
        var half = 8
        while half > 0 {
          for lane in 0..<half { squares[lane] += squares[lane + half] }
          half /= 2
        }
        let norm = squares[0].squareRoot()
        if norm != 0 { for place in places { numbers[place] *= magnitudes[row] / norm } }
      }
      return numbers
    }

    func doubts(isSifted: Bool = true, _ level: KernelLevel) throws -> [(position: Int, number: Double)] {
      let found = unsafe CheckTests.bytes(base, dtype).withUnsafeBytes { base in
        unsafe CheckTests.bytes(stored, dtype).withUnsafeBytes { stored in
          unsafe Kernels.checkReference(
            base: base, stored: stored, dtype, rows: rows, left: left[...],
            right: ReferenceRight(right, rank: rank, columns: columns, isSifted: isSifted, level: level), scale: scale,
            magnitudes: magnitudes.map { $0[...] }, level: level)
        }
      }
      return try #require(found).sorted { $0.position < $1.position }
    }
  }

  private static func number(_ index: Int) -> Double { Double((index &* 7_919) % 1_009 - 500) / 127 }

  private static func value(_ code: UInt32, _ dtype: DType) -> Double {
    switch dtype {
    case .f16: Double(Float16(bitPattern: UInt16(code)))
    case .bf16: Double(Float(bitPattern: code << 16))
    default: Double(Float(bitPattern: code))
    }
  }

  /// A code near a number.
  private static func code(_ number: Double, _ dtype: DType) -> UInt32 {
    switch dtype {
    case .f16: UInt32(Float16(number).bitPattern)
    case .bf16: (Float(number).bitPattern &+ 0x8000) >> 16
    default: Float(number).bitPattern
    }
  }

  private static func bytes(_ codes: [UInt32], _ dtype: DType) -> [UInt8] {
    codes.flatMap { code in (0..<Int(dtype.bits / 8)).map { UInt8(truncatingIfNeeded: code >> UInt32(8 * $0)) } }
  }

  private static func isSame(_ one: Double, _ other: Double) -> Bool {
    one.bitPattern == other.bitPattern || one.isNaN && other.isNaN
  }

  /// Whether a code is not less than half of the way to its neighbour on the side of the number in f32 apart.
  private static func isOpen(_ code: UInt32, _ number: Double, _ dtype: DType) -> Bool {
    let single = Float(number)
    if dtype == .f32 { return code != single.bitPattern }
    if dtype == .bf16 {
      // Halves rounded up and halves rounded down.
      let (up, down) = ((single.bitPattern &+ 0x8000) >> 16, (single.bitPattern &+ 0x7FFF) >> 16)
      return single.isNaN || up != code || down != code
    }
    let magnitude = code & 0x7FFF
    guard magnitude < 0x7BFF else { return true }
    let size = value(magnitude, dtype)
    let away = (code & 0x8000 != 0 ? -Double(single) : Double(single)) - size
    let down = magnitude == 0 ? value(1, dtype) : size - value(magnitude - 1, dtype)
    return !(2 * away < value(magnitude + 1, dtype) - size && -2 * away < down)
  }

  /// By turns what is right, its neighbours, and the opposite.
  private static func stored(_ numbers: [Double], _ dtype: DType) -> [UInt32] {
    numbers.enumerated().map { place, number in
      let code = code(number, dtype)
      return [code, code, code &+ 1, code &- 1, code ^ (dtype == .f32 ? 1 << 31 : 1 << 15)][place / 7 % 5]
        & (dtype == .f32 ? .max : 0xFFFF)
    }
  }

  private func judge(_ rows: Rows) throws {
    let numbers = rows.numbers
    let open = Set(rows.stored.indices.filter { Self.isOpen(rows.stored[$0], numbers[$0], rows.dtype) })
    for level in KernelLevel.available {
      let doubts = try rows.doubts(level)
      let listed = Set(doubts.map(\.position))
      #expect(listed.count == doubts.count && open.subtracting(listed).isEmpty, "\(level)")
      // Besides, only columns behind the last whole vectors.
      #expect(listed.subtracting(open).allSatisfy { $0 % rows.columns >= rows.columns / 16 * 16 }, "\(level)")
      let areRight = doubts.allSatisfy { Self.isSame($0.number, numbers[$0.position]) }
      #expect(areRight, "\(level)")
    }
  }

  @Test(
    arguments: [DType.bf16, .f16, .f32],
    [(1, 1, 1), (3, 37, 5), (7, 64, 16), (10, 100, 130), (5, 33, 0), (14, 150, 33)]
  )
  func rowsAtOnceAreJudgedAsTheyAreApart(_ dtype: DType, _ sizes: (rows: Int, columns: Int, rank: Int)) throws {
    let (rows, columns, rank) = sizes
    let specials: [Double] = [0, -0.0, 1e-41, -3e-8, 65504, 3.38e38, .infinity, -.infinity, .nan, 0x1p-14, -1, 1]
    let base = (0..<rows * columns).map { place in
      Self.code(place % 5 == 0 ? specials[place / 5 % specials.count] : Self.number(place + 29), dtype)
    }
    // Numbers of f64 alone, and some of f32.
    for isNarrow in [false, true] {
      let right = (0..<rank * columns).map { Self.number($0 + 11) / 64 }
      var all = Rows(
        dtype: dtype, rows: rows, columns: columns, left: (0..<rows * rank).map { Self.number($0) / 64 },
        right: isNarrow ? right.map { Double(Float($0)) } : right, base: base)
      all.stored = Self.stored(all.numbers, dtype)
      try judge(all)
    }
  }

  @Test(arguments: [DType.bf16, .f16, .f32], [(1, 1, 1), (3, 37, 5), (9, 64, 16), (6, 100, 40), (5, 48, 0)])
  func rowsWithMagnitudesAreDividedByTheirNorm(_ dtype: DType, _ sizes: (rows: Int, columns: Int, rank: Int)) throws {
    let (rows, columns, rank) = sizes
    var all = Rows(
      dtype: dtype, rows: rows, columns: columns, left: (0..<rows * rank).map { Self.number($0) / 64 },
      right: (0..<rank * columns).map { Self.number($0 + 11) / 64 },
      base: (0..<rows * columns).map { Self.code(Self.number($0 + 29), dtype) })
    all.magnitudes = (0..<rows).map { Self.number($0 + 5) }
    if rows > 4 {
      // A row of zeros has no norm, and what is no number spreads over its row.
      for place in 3 * columns..<4 * columns { all.base[place] = 0 }
      for k in 0..<rank { all.left[3 * rank + k] = 0 }
      all.base[4 * columns + 1] = Self.code(.nan, dtype)
    }
    all.stored = Self.stored(all.numbers, dtype)
    try judge(all)
  }

  // MARK: The first look

  /// Factors of all sizes, sums that cancel each other, and numbers at half of the way between two codes.
  @Test(arguments: [DType.bf16, .f16], 0..<40)
  func theFirstLookChangesNothing(_ dtype: DType, _ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let (rows, columns) = (1 + random.below(9), 16 + random.below(90))
    let rank = [1, 2, 3, 16, 31, 32, 33, 64, 100][random.below(9)]
    // From what underflows to what leaves f32 in the middle of a sum.
    let exponents = [-148, -130, -70, -20, -8, 0, 10, 60, 126]
    let (one, other) = (exponents[random.below(9)], exponents[random.below(9)])
    func factor(_ exponent: Int) -> Double {
      Double(Float(sign: .plus, exponent: exponent, significand: Float(random.signed()) + 0x1p-20))
    }
    let left = (0..<rows * rank).map { _ in random.once(in: 9) ? 0 : factor(one) }
    var right = (0..<rank * columns).map { _ in random.once(in: 9) ? 0 : factor(other) }
    // The second half of the sum takes the first back.
    if rank > 3, random.once(in: 3) {
      for k in rank / 2..<rank {
        for column in 0..<columns { right[k * columns + column] = -right[(k - rank / 2) * columns + column] }
      }
    }
    let size = [1e-30, 0.02, 1, 1e30][random.below(4)]
    var all = Rows(
      dtype: dtype, rows: rows, columns: columns, left: left, right: right,
      scale: [1, 1 / 3.0, 0x1p-140, 1e30][random.below(4)],
      base: (0..<rows * columns).map { _ in
        random.once(in: 20) ? UInt32(random.below(0x1_0000)) : Self.code(random.normal(size), dtype)
      })
    let numbers = all.numbers
    all.stored = numbers.map { number in
      random.once(in: 10) ? UInt32(random.below(0x1_0000)) : Self.code(number, dtype)
    }
    try compare(all)
  }

  /// Numbers a little below, at and above half of the way, by what is added last.
  @Test(arguments: [DType.bf16, .f16])
  func nearHalfOfTheWayTheFirstLookLeavesItOpen(_ dtype: DType) throws {
    let columns = 64
    for exponent in [-60, -30, -26, -24, -22, -20, -12] {
      let codes = (0..<columns).map { Self.code(1 + Double($0) / 50, dtype) }
      let halves = codes.map { (Self.value($0, dtype) + Self.value($0 + 1, dtype)) / 2 - 1 }
      let little = Double(sign: .plus, exponent: exponent, significand: 1)
      var all = Rows(
        dtype: dtype, rows: 7, columns: columns,
        left: (0..<7).flatMap { [1, Double($0 - 3) * little] },
        right: halves + [Double](repeating: 1, count: columns), scale: 1,
        base: [UInt32](repeating: Self.code(1, dtype), count: 7 * columns))
      for step: UInt32 in [0, 1] {
        all.stored = (0..<7).flatMap { _ in codes.map { $0 + step } }
        try compare(all)
        try judge(all)
      }
    }
  }

  /// Sums of which one in a strip lies at half of the way, so that the errors of f32 decide on which side it is there.
  @Test(arguments: [DType.bf16, .f16], 0..<100)
  func aLoneNumberAtHalfOfTheWayIsLeftOpen(_ dtype: DType, _ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let (rows, columns, rank) = (1 + random.below(7), 64, 2 + random.below(60))
    func factor() -> Double { Double(Float(random.signed())) }
    var all = Rows(
      dtype: dtype, rows: rows, columns: columns, left: (0..<rows * rank).map { _ in factor() },
      right: (0..<rank * columns).map { _ in factor() }, scale: random.once(in: 2) ? 1 : 1 / 3.0,
      base: (0..<rows * columns).map { _ in Self.code(random.normal(0.1), dtype) })
    let numbers = all.numbers
    for column in [0, 21, 42, 63] {
      let code = Self.code(numbers[column], dtype)
      let half = (Self.value(code, dtype) + Self.value(code + 1, dtype)) / 2
      let place = (rank - 1) * columns + column
      all.right[place] = Double(
        Float(all.right[place] + (half - numbers[column]) / (all.scale * all.left[rank - 1])))
    }
    all.stored = all.numbers.map { Self.code($0, dtype) }
    for column in [0, 21, 42, 63] { all.stored[column] = Self.code(numbers[column], dtype) }
    try compare(all)
  }

  private func compare(_ rows: Rows) throws {
    let expected = try rows.doubts(isSifted: false, KernelLevel.available[0])
    for level in KernelLevel.available {
      for isSifted in [false, true] {
        let found = try rows.doubts(isSifted: isSifted, level)
        let areSame = found.elementsEqual(expected) { $0.position == $1.position && Self.isSame($0.number, $1.number) }
        #expect(areSame, "\(level), \(isSifted)")
      }
    }
  }
}
