internal import CLoRAKernels
package import TensorCore

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
    var result = Number.zeros(count * rows.count)
    let tokens = TokenRows(tokens, count: count, length: length)
    unsafe matrix.withUnsafeBytes { matrix in
      let rowBytes = length * MemoryLayout<Number>.size
      unsafe products(
        UnsafeRawBufferPointer(rebasing: matrix[rows.lowerBound * rowBytes..<rows.upperBound * rowBytes]),
        dtype: Number.dtype, rows: rows.count, tokens, to: &result, level: level)
    }
    return result
  }

  /// The same for rows of any type that a merge reads: every element is widened where it is multiplied.
  ///
  /// - Parameters:
  ///   - matrix: `rows` rows, each of as many elements as a token has.
  ///   - dtype: F32, F16, BF16, or the type of the numbers.
  ///   - output: `[count, stride]`; a token's results begin at `first`.
  ///   - stride: from one token's results to the next, at least `first + rows`; without one as many as there are rows.
  package static func products<Number: ProductNumber>(
    _ matrix: UnsafeRawBufferPointer, dtype: DType, rows: Int, _ tokens: TokenRows<Number>, to output: inout [Number],
    from first: Int = 0, stride: Int? = nil, level: KernelLevel = .preferred
  ) {
    let stride = stride ?? rows
    let rowBytes = tokens.length * Int(dtype.bits / 8)
    let (used, overflow) = tokens.count.multipliedReportingOverflow(by: stride)
    precondition(
      (dtype.isMergeable || dtype == Number.dtype) && matrix.count >= rows * rowBytes && rows >= 0 && first >= 0
        && stride >= first + rows && !overflow && output.count >= used, "sizes or a type that do not belong together")
    guard rows > 0, tokens.count > 0, tokens.length > 0, let matrix = matrix.baseAddress else { return }
    unsafe output.withUnsafeMutableBufferPointer { output in
      guard let output = output.baseAddress else { return }
      unsafe tokens.numbers.withPointer { numbers in
        unsafe Number.apply(
          dtype, rows: rows, matrix, rowBytes, tokens, numbers, to: output + first, stride: stride, level: level)
      }
    }
  }
}

/// The activations of several tokens, `[count, length]`, as products read them.
package struct TokenRows<Number: ProductNumber>: Sendable {
  package let count: Int
  package let length: Int
  fileprivate let numbers: AlignedArray<Number>
  /// From one token to the next, whole cache lines.
  ///
  /// Pieces of 2 KiB of all tokens are in the first-level cache together; those of longer tokens take turns between its
  /// halves.
  fileprivate let stride: Int

  /// - Parameter tokens: `[count, length]`.
  package init(_ tokens: [Number], count: Int, length: Int) {
    precondition(count >= 0 && length >= 0 && tokens.count == count * length, "tokens of other lengths")
    let half = 2048 / MemoryLayout<Number>.size
    let halves = (length + half - 1) / half
    let stride = halves > 1 ? (halves + (halves + 1) % 2) * half : (length + 15) / 16 * 16
    numbers = unsafe AlignedArray(count: count * stride) { numbers in
      let numbers = UnsafeMutableRawBufferPointer(numbers)
      _ = unsafe numbers.initializeMemory(as: UInt8.self, repeating: 0)
      unsafe tokens.withUnsafeBytes { tokens in
        let (row, step) = (length * MemoryLayout<Number>.size, stride * MemoryLayout<Number>.size)
        for token in 0..<count {
          unsafe UnsafeMutableRawBufferPointer(rebasing: numbers[token * step..<token * step + row])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: tokens[token * row..<(token + 1) * row]))
        }
      }
    }
    (self.count, self.length, self.stride) = (count, length, stride)
  }
}

/// A type of numbers that there are kernels of products for: `Float` and `Double`.
package protocol ProductNumber: ExpressibleByIntegerLiteral, BitwiseCopyable, Sendable {
  /// Its name in files.
  static var dtype: DType { get }
  /// So many zeros; code for any type would write them one by one.
  static func zeros(_ count: Int) -> [Self]

  /// `Kernels.products` in this type, of tokens whose numbers lie in memory; everything is within the buffers.
  static func apply(
    _ dtype: DType, rows: Int, _ matrix: UnsafeRawPointer, _ rowBytes: Int, _ tokens: TokenRows<Self>,
    _ numbers: UnsafePointer<Self>, to output: UnsafeMutablePointer<Self>, stride: Int, level: KernelLevel)
}

extension Float: ProductNumber {
  package static var dtype: DType { .f32 }

  /// So many zeros.
  package static func zeros(_ count: Int) -> [Float] { [Float](repeating: 0, count: count) }

  /// `Kernels.products` in f32.
  package static func apply(
    _ dtype: DType, rows: Int, _ matrix: UnsafeRawPointer, _ rowBytes: Int, _ tokens: TokenRows<Float>,
    _ numbers: UnsafePointer<Float>, to output: UnsafeMutablePointer<Float>, stride: Int, level: KernelLevel
  ) {
    unsafe lora_apply_f32(
      level.index, dtype.requireKernel(), rows, tokens.count, tokens.length, matrix, rowBytes, numbers, tokens.stride,
      output, stride)
  }
}

extension Double: ProductNumber {
  package static var dtype: DType { .f64 }

  /// So many zeros.
  package static func zeros(_ count: Int) -> [Double] { [Double](repeating: 0, count: count) }

  /// `Kernels.products` in f64.
  package static func apply(
    _ dtype: DType, rows: Int, _ matrix: UnsafeRawPointer, _ rowBytes: Int, _ tokens: TokenRows<Double>,
    _ numbers: UnsafePointer<Double>, to output: UnsafeMutablePointer<Double>, stride: Int, level: KernelLevel
  ) {
    unsafe lora_apply_f64(
      level.index, dtype.requireKernel(), rows, tokens.count, tokens.length, matrix, rowBytes, numbers, tokens.stride,
      output, stride)
  }
}
