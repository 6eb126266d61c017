import LoRAKernels
import LoRATestSupport
import TensorCore
import Testing

private let formats = [FloatFormat.f16, .bf16, .f32] + FloatFormat.small

@Suite struct ScanTests {
  /// Packs codes as the type is stored.
  private func pack(_ codes: [UInt64], bits: Int) -> [UInt8] {
    if bits >= 8 {
      return codes.flatMap { code in (0..<bits / 8).map { UInt8(truncatingIfNeeded: code >> UInt64(8 * $0)) } }
    }
    var bytes = [UInt8](repeating: 0, count: (codes.count * bits + 7) / 8)
    for (index, code) in codes.enumerated() {
      for bit in 0..<bits where (code >> UInt64(bit)) & 1 == 1 {
        bytes[(index * bits + bit) / 8] |= 1 << UInt8((index * bits + bit) % 8)
      }
    }
    return bytes
  }

  private func scan(_ bytes: [UInt8], _ dtype: DType, shift: Int, _ level: KernelLevel) -> ValueScan {
    let shifted = [UInt8](repeating: 0xFF, count: shift) + bytes
    return unsafe shifted.withUnsafeBytes {
      unsafe Kernels.scan(UnsafeRawBufferPointer(rebasing: $0[shift...]), dtype: dtype, level: level)
    }
  }

  private func check(_ values: [Double], _ bytes: [UInt8], _ dtype: DType) {
    let finite = values.filter(\.isFinite).map(\.magnitude)
    let nan = values.indices.filter { values[$0].isNaN }.map(UInt64.init)
    let infinite = values.indices.filter { values[$0].isInfinite }.map(UInt64.init)
    let most = finite.max() ?? 0
    for level in KernelLevel.available {
      for shift in [0, 1, 7] {
        let found = scan(bytes, dtype, shift: shift, level)
        #expect(found.elements == UInt64(values.count))
        #expect(found.nanCount == UInt64(nan.count) && found.firstNaN == nan.first)
        #expect(found.infinityCount == UInt64(infinite.count) && found.firstInfinity == infinite.first)
        #expect(found.maxMagnitude == most)
        #expect(found.hasNonzero == (most > 0 || !nan.isEmpty || !infinite.isEmpty))
      }
    }
  }

  @Test(arguments: formats)
  func randomCodesOfEveryTypeAndManySizes(format: FloatFormat) {
    var random = SeededGenerator(seed: UInt64(format.dtype.rawValue))
    let bits = Int(format.dtype.bits)
    // Whole bytes only, so that the number of elements is the number of codes.
    for count in [0, 8, 16, 64, 72, 256, 4096, 17000] {
      let codes = (0..<count).map { _ in random.next() & (format.codes - 1) }
      check(codes.map(format.decode), pack(codes, bits: bits), format.dtype)
    }
  }

  @Test(arguments: formats)
  func oneOddValueAmongMany(format: FloatFormat) {
    let bits = Int(format.dtype.bits)
    let count = 17000  // more than one block of every type
    for (place, code) in [(0, 0), (7, 1), (9999, format.codes / 2), (count - 1, format.codes - 1)] {
      for code in [code, format.codes / 2 - 1] {
        var codes = [UInt64](repeating: 0, count: count)
        codes[place] = code
        check(codes.map(format.decode), pack(codes, bits: bits), format.dtype)
      }
    }
  }

  @Test func f64() {
    var random = SeededGenerator(seed: 6)
    for count in [1, 3, 100, 5000] {
      var values = (0..<count).map { _ in random.normal(1) }
      check(values, TensorBytes(values, .f64).storage, .f64)
      values[count / 2] = -.infinity
      values[count - 1] = -.nan
      check(values, TensorBytes(values, .f64).storage, .f64)
    }
  }

  @Test func chunksAddUpToTheWhole() {
    var random = SeededGenerator(seed: 12)
    let codes = (0..<5000).map { _ in random.next() & 0xFFFF }
    let bytes = pack(codes, bits: 16)
    var sum = ValueScan()
    for first in stride(from: 0, to: bytes.count, by: 1234) {
      sum.append(scan(Array(bytes[first..<min(first + 1234, bytes.count)]), .f16, shift: 0, .preferred))
    }
    #expect(sum == scan(bytes, .f16, shift: 0, .preferred))
  }

  @Test(arguments: formats)
  func theFirstValueAboveAThreshold(format: FloatFormat) {
    var random = SeededGenerator(seed: 99 + UInt64(format.dtype.rawValue))
    let bits = Int(format.dtype.bits)
    let codes = (0..<9000).map { _ in random.next() & (format.codes - 1) }
    let values = codes.map(format.decode)
    let bytes = pack(codes, bits: bits)
    let largest = values.filter(\.isFinite).map(\.magnitude).max() ?? 0
    for threshold in [0, 1e-60, 1, 1.0625, largest.nextDown, largest, largest.nextUp, 448, 65520, .infinity, -1] {
      let expected = values.firstIndex { $0.isFinite && $0.magnitude >= threshold }.map(UInt64.init)
      for level in KernelLevel.available {
        let found = unsafe bytes.withUnsafeBytes {
          unsafe Kernels.firstExceeding(threshold, in: $0, dtype: format.dtype, level: level)
        }
        #expect(found == expected, "\(threshold)")
      }
    }
  }
}
