internal import CLoRAKernels

extension Kernels {
  /// Makes a square matrix bidiagonal by Householder reflections from both sides (Golub and Kahan 1965): its singular
  /// values are those of the result.
  ///
  /// - Parameters:
  ///   - matrix: column by column, finite numbers whose squares are far from the ends of f64.
  ///   - size: rows and columns.
  /// - Returns: the diagonal, and what stands above it: `above[k]` above `diagonal[k + 1]`; the last is 0. The same bits
  ///   at every level.
  package static func bidiagonal(
    _ matrix: [Double], size: Int, level: KernelLevel = .preferred
  ) -> (diagonal: [Double], above: [Double]) {
    precondition(size >= 0 && matrix.count == size * size, "the matrix is not square")
    var (diagonal, above) = ([Double](repeating: 0, count: size), [Double](repeating: 0, count: size))
    guard size > 0 else { return (diagonal, above) }
    // Columns that begin a cache line, filled up with zeros, and three of them for the reflections.
    let stride = (size + 7) / 8 * 8
    var columns = AlignedArray<Double>(repeating: 0, count: (size + 3) * stride)
    unsafe columns.withMutable { columns in
      unsafe matrix.withUnsafeBufferPointer { matrix in
        guard let matrix = matrix.baseAddress else { return }
        for column in 0..<size {
          unsafe (columns + column * stride).update(from: matrix + column * size, count: size)
        }
      }
      unsafe diagonal.withUnsafeMutableBufferPointer { diagonal in
        unsafe above.withUnsafeMutableBufferPointer { above in
          guard let diagonal = diagonal.baseAddress, let above = above.baseAddress else { return }
          unsafe lora_bidiagonal_f64(level.index, size, columns, stride, columns + size * stride, diagonal, above)
        }
      }
    }
    return (diagonal, above)
  }
}
