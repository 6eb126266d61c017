internal import CLoRAKernels
package import TensorCore

extension Kernels {
  /// Merges whole rows: output[i, j] = round(base[i, j] + Σₖ left[leftRow + i, k] · right[k, j]).
  ///
  /// The sum is that of f64 arithmetic in the order of k and there is one rounding, ties to even, to `outputDType`.
  ///
  /// - Parameters:
  ///   - base: `rows` × `right.columns` elements of F64, F32, F16 or BF16, row-major without gaps.
  ///   - output: as many elements of `outputDType` (F32, F16 or BF16). It may be `base` itself when both types have
  ///     the same size, otherwise it must not overlap it.
  ///   - leftRow: the row of `left` that belongs to the first row of the tile.
  ///   - statistics: counted only when not nil; costs up to a third more time at small ranks.
  package static func merge(
    base: UnsafeRawBufferPointer, baseDType: DType, rows: Int, left: LeftFactor, leftRow: Int = 0,
    right: RightFactor, output: UnsafeMutableRawBufferPointer, outputDType: DType,
    statistics: inout MergeStatistics?, level: KernelLevel = .preferred
  ) {
    let columns = right.columns
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    precondition(baseDType.isMergeable || baseDType == .f64, "only F64, F32, F16 and BF16 are merged")
    precondition(outputDType.isMergeable, "only F32, F16 and BF16 are written")
    precondition(left.rank == right.rank, "factors of different rank")
    precondition(rows >= 0 && leftRow >= 0 && leftRow <= left.rows && rows <= left.rows - leftRow, "rows outside left")
    precondition(!overflow && baseDType.fits(first: 0, count: count, bytes: base.count), "the base is too small")
    precondition(outputDType.fits(first: 0, count: count, bytes: output.count), "the output is too small")
    guard let input = base.baseAddress, let target = output.baseAddress, count > 0 else { return }

    unsafe withFactors(left, right) { leftWide, leftNarrow, bounds, rightNarrow, rightWide, norms in
      var job = unsafe lora_merge_job(
        base: input, output: target, base_stride: columns * Int(baseDType.bits / 8),
        output_stride: columns * Int(outputDType.bits / 8), base_dtype: baseDType.requireKernel(),
        output_dtype: outputDType.requireKernel(), first_row: leftRow, rows: rows, columns: columns, rank: left.rank,
        left_wide: leftWide, left_narrow: leftNarrow, left_bounds: bounds, right_f32: rightNarrow,
        right_f64: rightWide, right_norms: norms, right_finite: right.isFinite)
      let size = unsafe lora_merge_scratch(&job)
      let scratch = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
      defer { unsafe scratch.deallocate() }
      if statistics == nil {
        unsafe lora_merge(level.index, &job, scratch, nil)
      } else {
        var counted = MergeStatistics()
        unsafe lora_merge(level.index, &job, scratch, &counted.c)
        statistics?.merge(counted)
      }
    }
  }

  private static func withFactors(
    _ left: LeftFactor, _ right: RightFactor,
    _ body: (
      UnsafePointer<Double>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>?,
      UnsafePointer<Double>?, UnsafePointer<Float>
    ) -> Void
  ) {
    unsafe left.wide.withPointer { wide in
      unsafe left.narrow.withPointer { narrow in
        unsafe left.bounds.withPointer { bounds in
          unsafe right.norms.withPointer { norms in
            if let panel = right.wide {
              unsafe panel.withPointer {
                unsafe body(wide, narrow, bounds, nil, $0, norms)
              }
            } else {
              unsafe right.narrow.withPointer {
                unsafe body(wide, narrow, bounds, $0, nil, norms)
              }
            }
          }
        }
      }
    }
  }
}
