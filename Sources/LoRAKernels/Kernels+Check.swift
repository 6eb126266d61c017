internal import CLoRAKernels
package import TensorCore

/// The right factor of a change that is checked: `[rank, columns]` in f64, and in f32 where that is exact, by which most
/// of a matrix of 16 bits is settled.
package struct ReferenceRight: Sendable {
  package let rank: Int
  package let columns: Int
  fileprivate let elements: [Double]
  /// Strips of 16 columns, and bounds of the norms of their columns.
  fileprivate let narrow: (numbers: AlignedArray<Float>, norms: AlignedArray<Float>)?

  /// - Parameters:
  ///   - elements: `[rank, columns]`.
  ///   - isSifted: whether f32 may settle what it can, which changes no result.
  package init(
    _ elements: [Double], rank: Int, columns: Int, isSifted: Bool = true, level: KernelLevel = .preferred
  ) {
    precondition(elements.count == rank * columns, "sizes of factors and elements do not belong together")
    (self.elements, self.rank, self.columns) = (elements, rank, columns)
    // Beyond this rank the bound of the errors does not hold.
    guard isSifted, rank > 0, rank <= 1 << 16, columns >= Int(LORA_LANES) else {
      narrow = nil
      return
    }
    let whole = columns - columns % Int(LORA_LANES)
    var norms = AlignedArray<Float>(repeating: 0, count: whole)
    var isExact = false
    let numbers = unsafe AlignedArray<Float>(count: whole * rank) { numbers in
      unsafe elements.withUnsafeBufferPointer { elements in
        unsafe norms.withMutable { norms in
          guard let elements = elements.baseAddress, let numbers = numbers.baseAddress else { return }
          unsafe numbers.initialize(repeating: 0, count: whole * rank)
          isExact = unsafe lora_sift_right(level.index, rank, columns, elements, numbers, norms)
        }
      }
    }
    narrow = isExact ? (numbers, norms) : nil
  }
}

extension Kernels {
  /// Positions at which a stored code is not for certain the nearest to the number that it should be, and that number.
  ///
  /// In any order; nil for a type other than BF16, F16 and F32. The number is base + scale · Σₖ left[i, k] · right[k, c],
  /// where there are magnitudes times magnitude / norm of the row, which is 1 for a norm of 0.
  ///
  /// Products and sums are rounded one by one, as by `addReference`. A code of 16 bits reaches half of the way to its
  /// neighbour on the number's own side, after the number is rounded to f32; the largest finite F16, what is no number,
  /// and the columns behind the last sixteen are always listed. The same at every level.
  ///
  /// - Parameters:
  ///   - base: `rows` × `right.columns` elements.
  ///   - stored: as many elements, at most 2³².
  ///   - left: `[rows, rank]`.
  ///   - magnitudes: one for each row, or none.
  package static func checkReference(
    base: UnsafeRawBufferPointer, stored: UnsafeRawBufferPointer, _ dtype: DType, rows: Int,
    left: ArraySlice<Double>, right: ReferenceRight, scale: Double, magnitudes: ArraySlice<Double>? = nil,
    level: KernelLevel = .preferred
  ) -> [(position: Int, number: Double)]? {
    guard let type = reference(dtype), dtype != .f64 else { return nil }
    let (rank, columns) = (right.rank, right.columns)
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    precondition(
      !overflow && left.count == rows * rank && magnitudes.map { $0.count == rows } != false
        && min(base.count, stored.count) / Int(dtype.bits / 8) >= count,
      "sizes of factors and elements do not belong together")
    guard count > 0, let base = base.baseAddress, let stored = stored.baseAddress else { return [] }
    // Memory for the left factor in f32 and its bounds, or for products in f64.
    let narrowCount = magnitudes == nil && dtype.bits == 16 && right.narrow != nil ? rows * (rank + 1) : 0
    var narrow = [Float](repeating: 0, count: narrowCount)
    var changed = [Double](repeating: 0, count: narrowCount > 0 ? 0 : Int(LORA_CHECK_ROWS) * columns)
    var numbers: [Double] = []
    let doubts = unsafe [UInt32](unsafeUninitializedCapacity: count) { doubts, found in
      numbers = unsafe [Double](unsafeUninitializedCapacity: count) { numbers, listed in
        unsafe left.withUnsafeBufferPointer { left in
          unsafe right.elements.withUnsafeBufferPointer { elements in
            unsafe changed.withUnsafeMutableBufferPointer { changed in
              guard let doubts = doubts.baseAddress, let numbers = numbers.baseAddress, let left = left.baseAddress,
                let elements = elements.baseAddress
              else { return }
              var check = unsafe lora_check(
                dtype: type, rows: rows, columns: columns, rank: rank, scale: scale, left: left, right: elements,
                base: base, stored: stored, magnitudes: nil, changed: changed.baseAddress, sift_left: nil,
                sift_bounds: nil, sift_right: nil, sift_norms: nil)
              found = unsafe withSifted(right, &narrow, &check, level) { check in
                guard let magnitudes else { return unsafe lora_reference_check(level.index, &check, doubts, numbers) }
                return unsafe magnitudes.withUnsafeBufferPointer { magnitudes in
                  unsafe check.magnitudes = magnitudes.baseAddress
                  return unsafe lora_reference_check(level.index, &check, doubts, numbers)
                }
              }
            }
          }
        }
        listed = found
      }
    }
    return zip(doubts, numbers).map { (Int($0), $1) }
  }

  /// Runs `body` with the factors in f32, where there is memory for the left one.
  private static func withSifted(
    _ right: ReferenceRight, _ left: inout [Float], _ check: inout lora_check, _ level: KernelLevel,
    _ body: (inout lora_check) -> Int
  ) -> Int {
    guard !left.isEmpty, let narrow = right.narrow else { return unsafe body(&check) }
    let (rows, rank) = unsafe (check.rows, check.rank)
    return unsafe left.withUnsafeMutableBufferPointer { left in
      unsafe narrow.numbers.withPointer { numbers in
        unsafe narrow.norms.withPointer { norms in
          guard let first = left.baseAddress else { return unsafe body(&check) }
          let bounds = unsafe first + rows * rank
          unsafe lora_sift_left(level.index, rows, rank, check.left, check.scale, first, bounds)
          unsafe (check.sift_left, check.sift_bounds) = (UnsafePointer(first), UnsafePointer(bounds))
          unsafe (check.sift_right, check.sift_norms) = (numbers, norms)
          return unsafe body(&check)
        }
      }
    }
  }
}
