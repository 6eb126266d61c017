import LoRAKernels
import LoRATestSupport
import TensorCore
import Testing

/// Packing against one element at a time.
@Suite struct PackTests {
  private func rounded(_ value: Float, _ dtype: DType) -> Float {
    switch dtype {
    case .f16: return Float(Float16(value))
    case .bf16:
      let bits = value.bitPattern
      return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
    default: return value
    }
  }

  private func bytes(_ value: Float, _ dtype: DType) -> [UInt8] {
    let pattern: UInt32 =
      switch dtype {
      case .f16: UInt32(Float16(value).bitPattern)
      case .bf16: value.bitPattern >> 16
      default: value.bitPattern
      }
    return (0..<Int(dtype.bits / 8)).map { UInt8(truncatingIfNeeded: pattern >> UInt32($0 * 8)) }
  }

  /// Finite numbers of every dtype, and what they are.
  private func numbers(_ count: Int, _ dtype: DType, _ random: inout SeededGenerator)
    -> (bytes: [UInt8], values: [Float])
  {
    var stored: [UInt8] = []
    var values: [Float] = []
    for _ in 0..<count {
      let value = Float(random.below(4001) - 2000) / 512 * (random.below(2) == 0 ? 1 : 1.0001)
      switch dtype {
      case .f64:
        let wide = Double(value) * 1.000000001
        stored += (0..<8).map { UInt8(truncatingIfNeeded: wide.bitPattern >> UInt64($0 * 8)) }
        values.append(Float(wide))
      case .f8e4m3:
        let code = UInt8(random.below(256))
        stored.append(code & 0x7F == 0x7F ? 0 : code)
        var one: [Float] = [0]
        unsafe [stored[stored.count - 1]].withUnsafeBytes { source in
          unsafe one.withUnsafeMutableBufferPointer { unsafe Kernels.widen(source, dtype: .f8e4m3, to: $0) }
        }
        values.append(one[0])
      default:
        stored += bytes(rounded(value, dtype), dtype)
        values.append(rounded(value, dtype))
      }
    }
    return (stored, values)
  }

  @Test(arguments: KernelLevel.available)
  func everyElementIsCastScaledAndPlacedByItself(_ level: KernelLevel) {
    var random = SeededGenerator(seed: 7)
    for round in 0..<400 {
      let source = [DType.f64, .f32, .f16, .bf16, .f8e4m3][random.below(5)]
      let target = [DType.f32, .f16, .bf16][random.below(3)]
      let rows = 1 + random.below(round % 10 == 0 ? 3 : 40)
      let columns = 1 + random.below(round % 10 == 0 ? 9000 : 70)
      let (outRows, outColumns) = (rows + random.below(5), columns + random.below(2) * random.below(40))
      let kind = random.below(4)
      let gap = random.below(3)
      let (rowStride, columnStride) =
        kind == 0 ? (columns, 1) : kind == 1 ? (columns + gap, 1) : kind == 2 ? (1, rows + gap) : (columns * 3, 3)
      let scales: [Float] = [1, 2, 1.5, 8 / 3]
      let scale = scales[random.below(4)]
      let count = (rows - 1) * rowStride + (columns - 1) * columnStride + 1
      let start = random.below(5)
      let (stored, values) = numbers(count, source, &random)
      let size = Int(target.bits / 8)
      // Slots may lie anywhere, even across elements.
      let shift = random.below(7)
      var output = [UInt8](repeating: 0xCD, count: shift + outRows * outColumns * size)
      let middle = random.below(outRows + 1)
      let place = StridedMatrix(
        start: start, dtype: source, rows: rows, columns: columns, rowStride: rowStride, columnStride: columnStride)
      unsafe ([UInt8](repeating: 0, count: start) + stored).withUnsafeBytes { input in
        unsafe output.withUnsafeMutableBytes { output in
          for range in [middle..<outRows, 0..<middle] {
            unsafe Kernels.pack(
              input, place, scale: scale, to: target,
              output: UnsafeMutableRawBufferPointer(rebasing: output[shift...]), outputRows: outRows,
              outputColumns: outColumns, rows: range, level: level)
          }
        }
      }
      var expected = [UInt8](repeating: 0xCD, count: shift)
      for row in 0..<outRows {
        for column in 0..<outColumns {
          guard row < rows, column < columns else {
            expected += bytes(0, target)
            continue
          }
          var value = rounded(values[row * rowStride + column * columnStride], target)
          if scale != 1 { value = rounded(value * scale, target) }
          expected += bytes(value, target)
        }
      }
      #expect(output == expected, "\(source.name) to \(target.name), \(place), \(outRows) x \(outColumns), \(scale)")
    }
  }

  @Test func aBlockWithoutSourceIsZero() {
    var output = [UInt8](repeating: 0xCD, count: 60)
    unsafe output.withUnsafeMutableBytes { output in
      unsafe Kernels.pack(
        UnsafeRawBufferPointer(start: nil, count: 0), nil, scale: 1, to: .bf16, output: output, outputRows: 3,
        outputColumns: 10, rows: 1..<3)
    }
    #expect(output == [UInt8](repeating: 0xCD, count: 20) + [UInt8](repeating: 0, count: 40))
  }
}
