internal import CLoRAKernels

extension Kernels {
  /// Multiplies rows of a matrix with many tokens: `[count, rows]`, `result[t, r] = Σₖ matrix[r, k] · tokens[t, k]`.
  ///
  /// Fused multiply-adds in the type of the numbers into sixteen sums by k mod 16, which are then added as a tree; the
  /// same bits at every level. Zeros behind a row and its tokens change no bit.
  ///
  /// - Parameters:
  ///   - matrix: row by row, each of `length` numbers.
  ///   - rows: the rows that are multiplied.
  ///   - tokens: `[count, length]`.
  package static func products<Number: ProductNumber>(
    _ matrix: [Number], rows: Range<Int>, length: Int, tokens: [Number], count: Int, level: KernelLevel = .preferred
  ) -> [Number] {
    var result = [Number](repeating: 0, count: count * rows.count)
    unsafe matrix.withUnsafeBufferPointer { matrix in
      unsafe tokens.withUnsafeBufferPointer { tokens in
        unsafe result.withUnsafeMutableBufferPointer { result in
          unsafe products(
            UnsafeBufferPointer(rebasing: matrix[rows.lowerBound * length..<rows.upperBound * length]), length: length,
            tokens: tokens, count: count, output: result, stride: rows.count, level: level)
        }
      }
    }
    return result
  }

  /// The same for whole rows in memory, written to `output[t · stride + r]`.
  ///
  /// - Parameters:
  ///   - matrix: rows of `length` numbers.
  ///   - tokens: at least `count · length` numbers.
  ///   - output: at least `(count - 1) · stride + rows` numbers.
  ///   - stride: from one token's results to the next, at least the number of rows.
  package static func products<Number: ProductNumber>(
    _ matrix: UnsafeBufferPointer<Number>, length: Int, tokens: UnsafeBufferPointer<Number>, count: Int,
    output: UnsafeMutableBufferPointer<Number>, stride: Int, level: KernelLevel = .preferred
  ) {
    let rows = length > 0 ? matrix.count / length : 0
    guard rows > 0, count > 0 else { return }
    let (used, overflow) = count.multipliedReportingOverflow(by: length)
    let (last, tooMany) = (count - 1).multipliedReportingOverflow(by: stride)
    precondition(
      !overflow && !tooMany && tokens.count >= used && stride >= rows && output.count - last >= rows,
      "tokens outside the buffers")
    guard let left = matrix.baseAddress, let right = tokens.baseAddress, let target = output.baseAddress else { return }
    unsafe Number.apply(
      rows: rows, count: count, length: length, matrix: left, tokens: right, output: target, stride: stride,
      level: level)
  }
}

/// A type of numbers that there are kernels of products for: `Float` and `Double`.
package protocol ProductNumber: ExpressibleByIntegerLiteral {
  /// `Kernels.products` in this type; everything lies in the buffers.
  static func apply(
    rows: Int, count: Int, length: Int, matrix: UnsafePointer<Self>, tokens: UnsafePointer<Self>,
    output: UnsafeMutablePointer<Self>, stride: Int, level: KernelLevel)
}

extension Float: ProductNumber {
  /// `Kernels.products` in f32.
  package static func apply(
    rows: Int, count: Int, length: Int, matrix: UnsafePointer<Float>, tokens: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, stride: Int, level: KernelLevel
  ) {
    unsafe lora_apply_f32(level.index, rows, count, length, matrix, length, tokens, length, output, stride)
  }
}

extension Double: ProductNumber {
  /// `Kernels.products` in f64.
  package static func apply(
    rows: Int, count: Int, length: Int, matrix: UnsafePointer<Double>, tokens: UnsafePointer<Double>,
    output: UnsafeMutablePointer<Double>, stride: Int, level: KernelLevel
  ) {
    unsafe lora_apply_f64(level.index, rows, count, length, matrix, length, tokens, length, output, stride)
  }
}
