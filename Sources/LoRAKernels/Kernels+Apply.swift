internal import CLoRAKernels

extension Kernels {
  /// Multiplies one row of a matrix with many tokens: `output[t · outputStride] = Σₖ row[k] · tokens[t · stride + k]`.
  ///
  /// Fused multiply-adds in f32 into sixteen sums by k mod 16, which are then added as a tree; the same bits at every
  /// level. Zeros behind a row and its tokens change no bit.
  ///
  /// - Parameters:
  ///   - row: the elements of the row.
  ///   - tokens: at least `(count - 1) · stride + row.count` numbers.
  ///   - count: number of tokens.
  ///   - stride: from one token to the next, at least `row.count`.
  ///   - output: at least `(count - 1) · outputStride + 1` numbers.
  ///   - outputStride: from one token's result to the next.
  package static func dots(
    row: UnsafeBufferPointer<Float>, tokens: UnsafeBufferPointer<Float>, count: Int, stride: Int,
    output: UnsafeMutableBufferPointer<Float>, outputStride: Int, level: KernelLevel = .preferred
  ) {
    precondition(fits(row.count, tokens.count, count, stride, output.count, outputStride), "tokens outside the buffers")
    guard count > 0, let left = row.baseAddress, let right = tokens.baseAddress, let target = output.baseAddress else {
      return
    }
    unsafe lora_dots_f32(level.index, left, right, stride, count, row.count, target, outputStride)
  }

  /// The same in f64.
  package static func dots(
    row: UnsafeBufferPointer<Double>, tokens: UnsafeBufferPointer<Double>, count: Int, stride: Int,
    output: UnsafeMutableBufferPointer<Double>, outputStride: Int, level: KernelLevel = .preferred
  ) {
    precondition(fits(row.count, tokens.count, count, stride, output.count, outputStride), "tokens outside the buffers")
    guard count > 0, let left = row.baseAddress, let right = tokens.baseAddress, let target = output.baseAddress else {
      return
    }
    unsafe lora_dots_f64(level.index, left, right, stride, count, row.count, target, outputStride)
  }

  /// Multiplies rows of a matrix with many tokens: `[count, rows]`, by `dots` in the type of the numbers.
  ///
  /// - Parameters:
  ///   - matrix: row by row, each of `length` numbers.
  ///   - rows: the rows that are multiplied.
  ///   - tokens: `[count, length]`.
  package static func products<Number: DotNumber>(
    _ matrix: [Number], rows: Range<Int>, length: Int, tokens: [Number], count: Int, level: KernelLevel = .preferred
  ) -> [Number] {
    var result = [Number](repeating: 0, count: count * rows.count)
    unsafe matrix.withUnsafeBufferPointer { matrix in
      unsafe tokens.withUnsafeBufferPointer { tokens in
        unsafe result.withUnsafeMutableBufferPointer { result in
          for (place, row) in rows.enumerated() {
            unsafe Number.dots(
              row: UnsafeBufferPointer(rebasing: matrix[row * length..<(row + 1) * length]), tokens: tokens,
              count: count, stride: length, output: UnsafeMutableBufferPointer(rebasing: result[place...]),
              outputStride: rows.count, level: level)
          }
        }
      }
    }
    return result
  }

  private static func fits(
    _ length: Int, _ tokens: Int, _ count: Int, _ stride: Int, _ output: Int, _ outputStride: Int
  ) -> Bool {
    guard count > 0 else { return count == 0 }
    guard stride >= length, outputStride >= 1 else { return false }
    let (last, overflow) = (count - 1).multipliedReportingOverflow(by: stride)
    let (end, tooMany) = (count - 1).multipliedReportingOverflow(by: outputStride)
    return !overflow && !tooMany && tokens - last >= length && output > end
  }
}

/// A type of numbers that there are kernels of dot products for: `Float` and `Double`.
package protocol DotNumber: ExpressibleByIntegerLiteral {
  /// `Kernels.dots` in this type.
  static func dots(
    row: UnsafeBufferPointer<Self>, tokens: UnsafeBufferPointer<Self>, count: Int, stride: Int,
    output: UnsafeMutableBufferPointer<Self>, outputStride: Int, level: KernelLevel)
}

extension Float: DotNumber {
  /// `Kernels.dots` in f32.
  package static func dots(
    row: UnsafeBufferPointer<Float>, tokens: UnsafeBufferPointer<Float>, count: Int, stride: Int,
    output: UnsafeMutableBufferPointer<Float>, outputStride: Int, level: KernelLevel
  ) {
    unsafe Kernels.dots(
      row: row, tokens: tokens, count: count, stride: stride, output: output, outputStride: outputStride, level: level)
  }
}

extension Double: DotNumber {
  /// `Kernels.dots` in f64.
  package static func dots(
    row: UnsafeBufferPointer<Double>, tokens: UnsafeBufferPointer<Double>, count: Int, stride: Int,
    output: UnsafeMutableBufferPointer<Double>, outputStride: Int, level: KernelLevel
  ) {
    unsafe Kernels.dots(
      row: row, tokens: tokens, count: count, stride: stride, output: output, outputStride: outputStride, level: level)
  }
}
