import LoRAKernels
import LoRATestSupport
import TensorCore
import Testing

@Suite struct ConversionTests {
  private func widen(_ bytes: [UInt8], _ dtype: DType, first: Int, count: Int, _ level: KernelLevel) -> (
    [Float], [Double]
  ) {
    var narrow = [Float](repeating: -1, count: count)
    var wide = [Double](repeating: -1, count: count)
    unsafe bytes.withUnsafeBytes { input in
      if dtype != .f64 {
        unsafe narrow.withUnsafeMutableBufferPointer {
          unsafe Kernels.widen(input, dtype: dtype, from: first, to: $0, level: level)
        }
      }
      unsafe wide.withUnsafeMutableBufferPointer {
        unsafe Kernels.widen(input, dtype: dtype, from: first, to: $0, level: level)
      }
    }
    return (narrow, wide)
  }

  /// All codes of a type, packed as the type is stored.
  private func allCodes(_ format: FloatFormat) -> [UInt8] {
    let bits = Int(format.dtype.bits)
    var bytes = [UInt8](repeating: 0, count: Int(format.codes) * bits / 8)
    for code in 0..<format.codes {
      for bit in 0..<bits where (code >> UInt64(bit)) & 1 == 1 {
        let position = Int(code) * bits + bit
        bytes[position / 8] |= 1 << UInt8(position % 8)
      }
    }
    return bytes
  }

  @Test(arguments: [FloatFormat.f16, .bf16] + FloatFormat.small)
  func everyCodeWidensToItsValue(format: FloatFormat) {
    let bytes = allCodes(format)
    for level in KernelLevel.available {
      for first in [0, 3] {
        let count = Int(format.codes) - first
        let (narrow, wide) = widen(bytes, format.dtype, first: first, count: count, level)
        var wrong = 0
        for index in 0..<count {
          let value = format.decode(UInt64(index + first))
          if value.isNaN {
            wrong += narrow[index].isNaN && wide[index].isNaN ? 0 : 1
          } else {
            wrong += Double(narrow[index]).bitPattern == value.bitPattern ? 0 : 1
            wrong += wide[index].bitPattern == value.bitPattern ? 0 : 1
          }
        }
        #expect(wrong == 0, "\(level)")
      }
    }
  }

  @Test(arguments: ([FloatFormat.f16, .bf16] + FloatFormat.small).filter { $0.dtype.bits >= 8 })
  func everyCodeTimesAScaleIsTheProductInF64(format: FloatFormat) {
    let bytes = allCodes(format)
    let size = Int(format.dtype.bits / 8)
    for level in KernelLevel.available {
      for (first, scale) in [(0, 1.0 / 3), (1, -0x1.8p-120), (7, 0x1.fffffep127), (0, 0)] {
        let count = Int(format.codes) - first
        var numbers = [Double](repeating: -1, count: count)
        unsafe bytes.withUnsafeBytes { bytes in
          let input = unsafe UnsafeRawBufferPointer(rebasing: bytes[(first * size)...])
          unsafe numbers.withUnsafeMutableBufferPointer {
            unsafe Kernels.widen(input, dtype: format.dtype, times: scale, to: $0, level: level)
          }
        }
        let wrong = numbers.indices.count { index in
          let product = format.decode(UInt64(index + first)) * scale
          return product.isNaN ? !numbers[index].isNaN : numbers[index].bitPattern != product.bitPattern
        }
        #expect(wrong == 0, "\(level), \(scale)")
      }
    }
  }

  @Test(arguments: [FloatFormat.f16, .bf16] + FloatFormat.small)
  func levelsAgreeOnTheBitsOfNaNToo(format: FloatFormat) {
    let bytes = allCodes(format)
    let patterns = KernelLevel.available.map { level in
      widen(bytes, format.dtype, first: 0, count: Int(format.codes), level).0.map(\.bitPattern)
    }
    for other in patterns { #expect(other == patterns[0]) }
  }

  /// Values around every boundary between neighbouring codes: the middle, and both sides as near as the source allows.
  private func boundaries(_ format: FloatFormat, step: (Double, Bool) -> Double) -> [Double] {
    var values: [Double] = [0, .infinity, .nan, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 1e-60, 1e60]
    let top = UInt64(((1 << format.exponentBits) - 1) << format.mantissaBits)
    for code in 0..<top {
      let low = format.decode(code)
      // Above the largest finite number the next one would be where infinity is.
      let high = code + 1 < top ? format.decode(code + 1) : 2 * low - format.decode(code - 1)
      let middle = low + (high - low) / 2
      values += [low, middle, step(middle, true), step(middle, false)]
    }
    return values + values.map { -$0 }
  }

  @Test(arguments: [FloatFormat.f16, .bf16])
  func f64NarrowsWithOneRounding(format: FloatFormat) {
    let values = boundaries(format) { $1 ? $0.nextUp : $0.nextDown }
    for level in KernelLevel.available {
      var output = TensorBytes(zeros: values.count * 2, shift: 1)
      unsafe values.withUnsafeBufferPointer { input in
        unsafe output.write { unsafe Kernels.narrow(input, to: format.dtype, output: $0, level: level) }
      }
      let wrong = values.indices.count { output.code($0, size: 2) != format.encode(values[$0]) }
      #expect(wrong == 0, "\(level)")
    }
  }

  @Test(arguments: [FloatFormat.f16, .bf16])
  func f32NarrowsWithOneRounding(format: FloatFormat) {
    let values = boundaries(format) { Double($1 ? Float($0).nextUp : Float($0).nextDown) }.map { Float($0) }
    for level in KernelLevel.available {
      var output = TensorBytes(zeros: values.count * 2, shift: 1)
      unsafe values.withUnsafeBufferPointer { input in
        unsafe output.write { unsafe Kernels.narrow(input, to: format.dtype, output: $0, level: level) }
      }
      let wrong = values.indices.count { output.code($0, size: 2) != format.encode(Double(values[$0])) }
      #expect(wrong == 0, "\(level)")
    }
  }

  @Test func f64ToF32OverTheWholeRange() {
    var random = SeededGenerator(seed: 4)
    var values: [Double] = [0, -0.0, .infinity, -.infinity, .nan, 3.4028235677973366e38, 3.4028235677973362e38]
    for _ in 0..<20000 {
      let value = Double(bitPattern: random.next())
      let near = Double(Float(bitPattern: UInt32(truncatingIfNeeded: random.next())))
      let middle = near + (Double(Float(near).nextUp) - near) / 2
      values += [value, near, middle, middle.nextUp, middle.nextDown]
    }
    for level in KernelLevel.available {
      var output = TensorBytes(zeros: values.count * 4, shift: 3)
      unsafe values.withUnsafeBufferPointer { input in
        unsafe output.write { unsafe Kernels.narrow(input, to: .f32, output: $0, level: level) }
      }
      let wrong = values.indices.count { index in
        let expected = values[index].isNaN ? 0x7FC0_0000 : Float(values[index]).bitPattern
        return output.code(index, size: 4) != expected
      }
      #expect(wrong == 0, "\(level)")
    }
  }

  @Test(arguments: mergeable + [.f64], mergeable)
  func conversionBetweenStoredTypesCountsWhatOverflows(from: DType, to: DType) {
    var random = SeededGenerator(seed: 8)
    var values = (0..<3001).map { _ in random.normal(1) * 1e3 }
    values += [7e4, -1e39, 65519, 65520, .infinity, .nan, 3.4e38, 1e-7, -0.0]
    let input = TensorBytes(values, from, shift: 1)
    let stored = values.indices.map { input.value($0, from) }
    let expected = from == to ? TensorBytes(stored, to) : TensorBytes(stored.map { $0.isNaN ? .nan : $0 }, to)
    let size = Int(to.bits / 8)
    let overflowed = stored.indices.count { stored[$0].isFinite && expected.value($0, to).isInfinite }
    for level in KernelLevel.available {
      var output = TensorBytes(zeros: values.count * size, shift: 1)
      let counted = unsafe input.read { source in
        unsafe output.write {
          unsafe Kernels.convert(source, dtype: from, count: values.count, to: to, output: $0, level: level)
        }
      }
      let wrong = values.indices.count { output.code($0, size: size) != expected.code($0, size: size) }
      #expect(wrong == 0, "\(level)")
      #expect(counted == UInt64(overflowed))
    }
  }

  @Test func equalTypesAreCopiedNaNPayloadAndAll() {
    let input: [UInt8] = [0x01, 0xFF, 0x00, 0x80]
    var output = [UInt8](repeating: 0, count: 4)
    unsafe input.withUnsafeBytes { source in
      unsafe output.withUnsafeMutableBytes {
        unsafe _ = Kernels.convert(source, dtype: .bf16, count: 2, to: .bf16, output: $0)
      }
    }
    #expect(output == input)
  }
}
