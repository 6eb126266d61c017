import LoRATestSupport
import TensorCore
import Testing

@testable import LoRAKernels

/// The grouped product of several adapters: the same bits as the plain one, whatever else is in the batch.
@Suite struct ApplyTests {
  private func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

  @Test(arguments: [DType.f32, .f16, .bf16])
  func everyLevelGivesTheBitsOfThePlainOne(_ dtype: DType) {
    var numbers = SeededGenerator(seed: 7)
    for (inFeatures, outFeatures, ranks) in [
      (1, 1, [1]), (17, 5, [2, 3, 1]), (48, 33, [4, 16, 7]), (130, 19, [24, 8]),
    ] {
      let rank = ranks.max() ?? 1
      var stack = AdapterStack(
        slots: ranks.count, rank: rank, inFeatures: inFeatures, outFeatures: outFeatures, dtype: dtype)
      for (slot, own) in ranks.enumerated() {
        stack.load(
          slot: slot, down: numbers.floats(own * inFeatures), up: numbers.floats(outFeatures * own), adapterRank: own,
          scale: [1, 1.5, 2][slot % 3])
      }
      let tokens: [Int?] = (0..<11).map { $0 % 4 == 3 ? nil : $0 * 7 % ranks.count }
      let input = dtype.rounded(numbers.floats(tokens.count * inFeatures))
      let base = dtype.rounded(numbers.floats(tokens.count * outFeatures))
      var plain = base
      stack.applyPlainly(tokenSlots: tokens, input: input, output: &plain)
      #expect(plain != base)
      for level in KernelLevel.available {
        var output = base
        stack.apply(tokenSlots: tokens, input: input, output: &output, level: level)
        #expect(bits(output) == bits(plain), "\(level) \(inFeatures)")
      }
      for (token, slot) in tokens.enumerated() where slot == nil {
        let place = token * outFeatures..<(token + 1) * outFeatures
        #expect(bits(Array(plain[place])) == bits(Array(base[place])))
      }
    }
  }

  /// Slots of a larger rank, other adapters and other tokens change no bit of what an adapter alone gives.
  @Test(arguments: [DType.f32, .f16, .bf16])
  func paddingAndCompanyChangeNothing(_ dtype: DType) {
    var numbers = SeededGenerator(seed: 11)
    let (inFeatures, outFeatures, tokens) = (53, 29, 9)
    let input = dtype.rounded(numbers.floats(tokens * inFeatures))
    let base = dtype.rounded(numbers.floats(tokens * outFeatures))
    for rank in [1, 3, 8, 12, 16, 20] {
      let down = numbers.floats(rank * inFeatures)
      let up = numbers.floats(outFeatures * rank)
      var alone = AdapterStack(slots: 1, rank: rank, inFeatures: inFeatures, outFeatures: outFeatures, dtype: dtype)
      alone.load(slot: 0, down: down, up: up, adapterRank: rank, scale: 4 / 3)
      var wanted = base
      alone.apply(tokenSlots: [Int?](repeating: 0, count: tokens), input: input, output: &wanted)
      for wider in [rank + 1, 16, 32, 64] where wider >= rank {
        var stack = AdapterStack(
          slots: 3, rank: wider, inFeatures: inFeatures, outFeatures: outFeatures, dtype: dtype)
        stack.load(slot: 2, down: down, up: up, adapterRank: rank, scale: 4 / 3)
        stack.load(
          slot: 0, down: numbers.floats(inFeatures), up: numbers.floats(outFeatures), adapterRank: 1, scale: 1)
        for token in 0..<tokens {
          var slots: [Int?] = [0, nil, 0, 1]
          slots.insert(2, at: token % 4)
          let row = input[token * inFeatures..<(token + 1) * inFeatures]
          let sum = base[token * outFeatures..<(token + 1) * outFeatures]
          var output = slots.flatMap { _ in sum }
          stack.apply(tokenSlots: slots, input: slots.flatMap { _ in row }, output: &output)
          let place = token % 4
          #expect(
            bits(Array(output[place * outFeatures..<(place + 1) * outFeatures]))
              == bits(Array(wanted[token * outFeatures..<(token + 1) * outFeatures])), "rank \(rank) in \(wider)")
        }
      }
    }
  }

  @Test func anEmptySlotAddsNothing() {
    let stack = AdapterStack(slots: 2, rank: 4, inFeatures: 3, outFeatures: 2, dtype: .bf16)
    var output: [Float] = [1, -2]
    stack.apply(tokenSlots: [1], input: [1, 2, 3], output: &output)
    #expect(output == [1, -2])
  }

  @Test func aReloadedSlotForgets() {
    var stack = AdapterStack(slots: 1, rank: 2, inFeatures: 2, outFeatures: 1, dtype: .f32)
    stack.load(slot: 0, down: [1, 2, 3, 4], up: [5, 6], adapterRank: 2, scale: 1)
    stack.load(slot: 0, down: [1, 1], up: [2], adapterRank: 1, scale: 3)
    var output: [Float] = [0]
    stack.apply(tokenSlots: [0], input: [10, 1], output: &output)
    #expect(output == [66])
  }

  // MARK: Products

  /// Σ left · right by sixteen sums, added as a tree.
  private static func plainDot<Number: BinaryFloatingPoint>(_ left: ArraySlice<Number>, _ right: ArraySlice<Number>)
    -> Number
  {
    var lanes = [Number](repeating: 0, count: 16)
    for (k, (x, y)) in zip(left, right).enumerated() { lanes[k % 16].addProduct(x, y) }
    for width in [8, 4, 2, 1] {
      for lane in 0..<width { lanes[lane] += lanes[lane + width] }
    }
    return lanes[0] + 0
  }

  private func check<Number: ProductNumber & BinaryFloatingPoint>(
    _ type: Number.Type, _ rows: Int, _ length: Int, _ count: Int, _ random: inout SeededGenerator
  ) {
    let matrix = (0..<(rows + 2) * length).map { _ in Number(random.signed()) }
    let tokens = (0..<count * length).map { _ in Number(random.signed()) }
    let expected = (0..<count).flatMap { token in
      (1..<rows + 1).map { row in
        Self.plainDot(
          matrix[row * length..<(row + 1) * length], tokens[token * length..<(token + 1) * length])
      }
    }
    for level in KernelLevel.available {
      let found = Kernels.products(
        matrix, rows: 1..<rows + 1, length: length, tokens: tokens, count: count, level: level)
      #expect(found == expected, "\(level) \(rows) x \(length) x \(count)")
    }
  }

  /// Rows of a type that a merge reads, which begin anywhere, with results among others.
  private func checkStored<Number: ProductNumber & BinaryFloatingPoint>(
    _ type: Number.Type, _ dtype: DType, _ rows: Int, _ length: Int, _ count: Int, _ random: inout SeededGenerator
  ) {
    let numbers = dtype.rounded((0..<rows * length).map { _ in Float(random.signed()) })
    let tokens = (0..<count * length).map { _ in Number(random.signed()) }
    var bytes = [UInt8](repeating: 0, count: 1 + numbers.count * Int(dtype.bits / 8))
    unsafe bytes.withUnsafeMutableBytes { bytes in
      let target = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[1...])
      unsafe numbers.withUnsafeBufferPointer { unsafe Kernels.narrow($0, to: dtype, output: target) }
    }
    let (first, stride) = (2, rows + 3)
    var expected = [Number](repeating: -7, count: count * stride)
    for token in 0..<count {
      for row in 0..<rows {
        expected[token * stride + first + row] = Self.plainDot(
          numbers[row * length..<(row + 1) * length].map { Number($0) }[...],
          tokens[token * length..<(token + 1) * length])
      }
    }
    for level in KernelLevel.available {
      var found = [Number](repeating: -7, count: count * stride)
      unsafe bytes.withUnsafeBytes { bytes in
        unsafe Kernels.products(
          UnsafeRawBufferPointer(rebasing: bytes[1...]), dtype: dtype, rows: rows,
          TokenRows(tokens, count: count, length: length), to: &found, from: first, stride: stride, level: level)
      }
      #expect(found == expected, "\(level) \(dtype.name) \(rows) x \(length) x \(count)")
    }
  }

  @Test(arguments: [DType.f32, .f16, .bf16])
  func rowsOfEveryTypeAreWidenedWhereTheyAreMultiplied(_ dtype: DType) {
    var random = SeededGenerator(seed: 23)
    for (rows, length, count) in [(1, 1, 1), (7, 15, 5), (25, 16, 16), (6, 257, 4), (30, 1_040, 19), (4, 513, 17)] {
      checkStored(Float.self, dtype, rows, length, count, &random)
      checkStored(Double.self, dtype, rows, length, count, &random)
    }
  }

  /// Of all numbers of rows and tokens beside whole blocks, and rows longer than the pieces in which they are taken.
  @Test(arguments: [
    (1, 1, 1), (7, 17, 5), (24, 16, 8), (49, 33, 9), (5, 511, 3), (3, 1_040, 17), (50, 1_025, 2), (2, 0, 3),
  ])
  func productsAreSixteenSumsAddedAsATree(_ rows: Int, _ length: Int, _ count: Int) {
    var random = SeededGenerator(seed: UInt64(rows * length + count))
    check(Float.self, rows, length, count, &random)
    check(Double.self, rows, length, count, &random)
  }
}
