internal import CLoRAKernels
package import TensorCore

/// What a merge is checked by: plain operations in f64 that share no arithmetic with the kernels of the merge.
extension Kernels {
  /// Adds products of factors: `sums[i, c] += scale · Σₖ left[i, k] · right[k, c]`.
  ///
  /// Every product and every sum is rounded by itself, k in order from a sum of zero; the same bits at every level.
  ///
  /// - Parameters:
  ///   - left: `[rows, rank]`.
  ///   - right: `[rank, columns]`.
  ///   - sums: `[rows, columns]`.
  package static func addReference(
    _ left: [Double], _ right: [Double], rank: Int, columns: Int, scale: Double, to sums: inout [Double],
    level: KernelLevel = .preferred
  ) {
    guard columns > 0 else { return }
    let rows = sums.count / columns
    precondition(
      sums.count == rows * columns && left.count == rows * rank && right.count == rank * columns,
      "sizes of factors and sums do not belong together")
    unsafe sums.withUnsafeMutableBufferPointer { sums in
      unsafe left.withUnsafeBufferPointer { left in
        unsafe right.withUnsafeBufferPointer { right in
          guard let sums = sums.baseAddress, let left = left.baseAddress, let right = right.baseAddress else { return }
          unsafe lora_reference_add(level.index, rows, columns, rank, left, right, scale, sums)
        }
      }
    }
  }

  /// The numbers of codes of BF16, F16, F32 or F64, written over `numbers`; false for another type.
  ///
  /// - Parameter codes: at least as many elements as there are numbers.
  package static func readReference(
    _ codes: UnsafeRawBufferPointer, _ dtype: DType, to numbers: UnsafeMutableBufferPointer<Double>,
    level: KernelLevel = .preferred
  ) -> Bool {
    guard let type = reference(dtype) else { return false }
    precondition(codes.count / Int(dtype.bits / 8) >= numbers.count, "fewer codes than numbers")
    guard let from = codes.baseAddress, let to = numbers.baseAddress else { return true }
    unsafe lora_reference_numbers(level.index, type, from, numbers.count, to)
    return true
  }

  /// Positions at which a code of BF16, F16 or F32 is not for certain the nearest to a number; nil for another type.
  ///
  /// Of 16 bits: where the distance is not below half of that to the nearer neighbour. F32: where the number has another
  /// code when it is rounded.
  ///
  /// - Parameter codes: as many elements as there are numbers, at most 2³².
  package static func referenceDoubts(
    _ codes: UnsafeRawBufferPointer, _ dtype: DType, _ numbers: UnsafeBufferPointer<Double>,
    level: KernelLevel = .preferred
  ) -> [Int]? {
    guard let type = reference(dtype), dtype != .f64 else { return nil }
    precondition(codes.count / Int(dtype.bits / 8) >= numbers.count, "fewer codes than numbers")
    guard let from = codes.baseAddress, let against = numbers.baseAddress else { return [] }
    let doubts = unsafe [UInt32](unsafeUninitializedCapacity: numbers.count) { doubts, count in
      guard let list = doubts.baseAddress else { return }
      count = unsafe lora_reference_doubts(level.index, type, from, against, numbers.count, list)
    }
    return doubts.map { Int($0) }
  }

  static func reference(_ dtype: DType) -> lora_dtype? {
    [DType.bf16, .f16, .f32, .f64].contains(dtype) ? dtype.kernel : nil
  }
}
