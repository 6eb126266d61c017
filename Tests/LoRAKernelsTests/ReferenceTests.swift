import LoRAKernels
import TensorCore
import Testing

/// What merges are checked by, against the same in plain Swift.
@Suite struct ReferenceTests {
  private static func number(_ index: Int) -> Double { Double((index &* 7_919) % 1_009 - 500) / 127 }

  @Test(arguments: [(1, 1, 1), (3, 31, 5), (2, 32, 0), (1, 64, 16), (5, 100, 7), (16, 129, 3)])
  func everyLevelAddsInTheOrderOfTheRank(_ rows: Int, _ columns: Int, _ rank: Int) {
    let left = (0..<rows * rank).map(Self.number)
    let right = (0..<rank * columns).map { Self.number($0 + 11) }
    let before = (0..<rows * columns).map { Self.number($0 + 29) }
    let scale = 1 / 3.0
    var expected = before
    for row in 0..<rows {
      for column in 0..<columns {
        var sum = 0.0
        for k in 0..<rank { sum += left[row * rank + k] * right[k * columns + column] }
        expected[row * columns + column] += sum * scale
      }
    }
    for level in KernelLevel.available {
      var sums = before
      Kernels.addReference(left, right, rank: rank, columns: columns, scale: scale, to: &sums, level: level)
      #expect(sums == expected, "\(level)")
    }
  }

  private static func bytes<Code: FixedWidthInteger>(_ codes: [Code]) -> [UInt8] {
    codes.flatMap { code in (0..<Code.bitWidth / 8).map { UInt8(truncatingIfNeeded: code >> Code(8 * $0)) } }
  }

  private static func read(_ bytes: [UInt8], _ dtype: DType, count: Int, _ level: KernelLevel) -> [Double]? {
    var numbers = [Double](repeating: -1, count: count)
    let isRead = unsafe bytes.withUnsafeBytes { bytes in
      unsafe numbers.withUnsafeMutableBufferPointer {
        unsafe Kernels.readReference(bytes, dtype, to: $0, level: level)
      }
    }
    return isRead ? numbers : nil
  }

  /// The number of a code of 16 bits, as the language has it.
  private static func value(_ code: UInt16, _ dtype: DType) -> Double {
    dtype == .f16 ? Double(Float16(bitPattern: code)) : Double(Float(bitPattern: UInt32(code) << 16))
  }

  private static func areEqual(_ one: [Double], _ other: [Double]) -> Bool {
    one.elementsEqual(other) { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
  }

  @Test(arguments: [DType.bf16, .f16])
  func everyCodeOf16BitsHasItsNumber(_ dtype: DType) {
    let codes = (0...UInt16.max).map { $0 }
    let expected = codes.map { Self.value($0, dtype) }
    for level in KernelLevel.available {
      let numbers = Self.read(Self.bytes(codes), dtype, count: codes.count, level)
      #expect(numbers.map { Self.areEqual($0, expected) } == true, "\(level)")
    }
  }

  @Test func widerCodesAreReadAsTheyAre() {
    let values: [Double] = [0, -0.0, 1, -1.5, 1e-40, 3.4e38, .infinity, -.infinity, .nan, 1 / 3.0, 0x1p-1070, 1e300]
    let narrow = values.map { Float($0) }
    for level in KernelLevel.available {
      let wide = Self.read(Self.bytes(values.map(\.bitPattern)), .f64, count: values.count, level)
      #expect(wide.map { Self.areEqual($0, values) } == true, "\(level)")
      let single = Self.read(Self.bytes(narrow.map(\.bitPattern)), .f32, count: values.count, level)
      #expect(single.map { Self.areEqual($0, narrow.map { Double($0) }) } == true, "\(level)")
      #expect(Self.read([0], .f8e4m3, count: 1, level) == nil)
    }
  }

  @Test(arguments: [DType.bf16, .f16])
  func doubtsAreWhatIsNotWithinHalfOfTheNearerStep(_ dtype: DType) {
    var (codes, numbers): ([UInt16], [Double]) = ([], [])
    for code in 0...UInt16.max {
      let value = Self.value(code, dtype)
      let next = Self.value(code ^ 1, dtype)
      codes.append(code)
      // By turns what is stored, a third and exactly a half of the way to a neighbour, and something else.
      numbers.append([value, value + (next - value) / 3, value + (next - value) / 2, 1, .nan][Int(code) % 5])
    }
    let expected = codes.indices.filter { place in
      let magnitude = codes[place] & 0x7FFF
      let size = Self.value(magnitude, dtype)
      let below = magnitude == 0 ? Self.value(1, dtype) : size - Self.value(magnitude - 1, dtype)
      return !(abs(Self.value(codes[place], dtype) - numbers[place]) < below / 2)
    }
    for level in KernelLevel.available {
      let doubts = unsafe Self.bytes(codes).withUnsafeBytes { codes in
        unsafe numbers.withUnsafeBufferPointer { unsafe Kernels.referenceDoubts(codes, dtype, $0, level: level) }
      }
      #expect(doubts == expected, "\(level)")
    }
  }

  @Test func doubtsOfSinglePrecisionAreOtherCodes() {
    let numbers: [Double] = [0, 1 / 3.0, -0.0, .nan, 1e39, 1e-46, 0.1, -7]
    var codes = numbers.map { Float($0).bitPattern }
    codes[6] += 1
    codes[7] ^= 1 << 31
    for level in KernelLevel.available {
      let doubts = unsafe Self.bytes(codes).withUnsafeBytes { codes in
        unsafe numbers.withUnsafeBufferPointer { unsafe Kernels.referenceDoubts(codes, .f32, $0, level: level) }
      }
      // What is no number may be spelled otherwise, which is then looked at.
      #expect(doubts.map { $0.filter { $0 != 3 } } == [6, 7], "\(level)")
    }
  }
}
