internal import CLoRAKernels
package import TensorCore

/// A delta L·R of a merge with magnitudes (DoRA).
package struct DecomposedDelta: Sendable {
  /// What is done once the delta is added to V.
  package enum Magnitudes: Sendable {
    /// Nothing.
    case none
    /// Row i is multiplied by `magnitudes[first + i]` over the norm of row i of W + L·R; a row of zeros is left.
    case rows([Double], first: Int)
    /// Column j is multiplied by number j.
    case columns([Double])
  }

  /// L, from the first row of the tile on.
  package let left: LeftFactor
  /// R.
  package let right: RightFactor
  /// What is done then.
  package let magnitudes: Magnitudes

  /// A delta for the rows that `left` holds.
  package init(left: LeftFactor, right: RightFactor, magnitudes: Magnitudes) {
    precondition(left.rank == right.rank, "factors of different rank")
    self.left = left
    self.right = right
    self.magnitudes = magnitudes
  }
}

extension Kernels {
  /// Merges whole rows with magnitudes, in f64 throughout, rounded once: V = W; for every delta in turn V ← V + L·R and
  /// what its magnitudes say; output = round(V).
  ///
  /// - Parameters:
  ///   - base: `rows` × `columns` elements of F64, F32, F16 or BF16, row-major without gaps.
  ///   - output: as many elements of `outputDType` (F32, F16 or BF16). It may be `base` itself when both types have the
  ///     same size, otherwise it must not overlap it.
  ///   - deltas: at least one, each with `rows` rows and `columns` columns.
  ///   - statistics: counted only when not nil.
  package static func merge(
    base: UnsafeRawBufferPointer, baseDType: DType, rows: Int, columns: Int, deltas: [DecomposedDelta],
    output: UnsafeMutableRawBufferPointer, outputDType: DType, statistics: inout MergeStatistics?,
    level: KernelLevel = .preferred
  ) {
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    precondition(!overflow && outputDType.isMergeable, "only F32, F16 and BF16 are written")
    precondition(outputDType.fits(first: 0, count: count, bytes: output.count), "the output is too small")
    var counted = MergeStatistics()
    let counts = statistics != nil
    unsafe withJob(base, baseDType, rows, columns, deltas) { job, scratch in
      guard let target = output.baseAddress else { return }
      unsafe job.output = target
      unsafe job.output_stride = columns * Int(outputDType.bits / 8)
      unsafe job.output_dtype = outputDType.requireKernel()
      unsafe withUnsafeMutablePointer(to: &counted.c) {
        unsafe lora_merge_decomposed(level.index, &job, scratch, counts ? $0 : nil)
      }
    }
    statistics?.merge(counted)
  }

  /// Adds Σᵢ (W + L·R)[i, j]² over some rows to `squares[j]`, row by row in f64.
  package static func addColumnSquares(
    base: UnsafeRawBufferPointer, baseDType: DType, rows: Int, left: LeftFactor, right: RightFactor,
    to squares: inout [Double], level: KernelLevel = .preferred
  ) {
    let columns = right.columns
    precondition(squares.count == columns, "a sum for every column")
    let lanes = Int(LORA_LANES)
    squares += [Double](repeating: 0, count: (columns + lanes - 1) / lanes * lanes - columns)
    let delta = DecomposedDelta(left: left, right: right, magnitudes: .none)
    unsafe squares.withUnsafeMutableBufferPointer { squares in
      unsafe withJob(base, baseDType, rows, columns, [delta]) { job, scratch in
        guard let target = squares.baseAddress else { return }
        unsafe lora_column_squares(level.index, &job, scratch, target)
      }
    }
    squares.removeLast(squares.count - columns)
  }

  /// Runs `body` with the inputs of a job, which has no output yet, and its scratch memory; not for no elements.
  private static func withJob(
    _ base: UnsafeRawBufferPointer, _ dtype: DType, _ rows: Int, _ columns: Int, _ deltas: [DecomposedDelta],
    _ body: (inout lora_decomposed_job, UnsafeMutableRawPointer) -> Void
  ) {
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    precondition(dtype.isMergeable || dtype == .f64, "only F64, F32, F16 and BF16 are merged")
    precondition(rows >= 0 && columns >= 0 && !overflow, "sizes that are none")
    precondition(dtype.fits(first: 0, count: count, bytes: base.count), "the base is too small")
    precondition(!deltas.isEmpty, "a merge needs a delta")
    for delta in deltas {
      precondition(delta.left.rows >= rows && delta.right.columns == columns, "factors of other sizes")
      switch delta.magnitudes {
      case .none: break
      case .rows(let numbers, let first):
        precondition(first >= 0 && first <= numbers.count && rows <= numbers.count - first, "rows without magnitude")
      case .columns(let numbers): precondition(numbers.count == columns, "a factor for every column")
      }
    }
    guard let input = base.baseAddress, count > 0 else { return }
    unsafe withDeltas(deltas[...], []) { deltas in
      unsafe deltas.withUnsafeBufferPointer { deltas in
        guard let first = deltas.baseAddress else { return }
        // Until there is an output, the base stands for it.
        var job = unsafe lora_decomposed_job(
          base: input, output: UnsafeMutableRawPointer(mutating: input), base_stride: columns * Int(dtype.bits / 8),
          output_stride: 0, base_dtype: dtype.requireKernel(), output_dtype: dtype.requireKernel(), rows: rows,
          columns: columns, deltas: first, count: deltas.count)
        let scratch = unsafe UnsafeMutableRawPointer.allocate(
          byteCount: lora_decomposed_scratch(&job), alignment: 64)
        defer { unsafe scratch.deallocate() }
        unsafe body(&job, scratch)
      }
    }
  }

  /// The deltas as the kernels take them, whose memory is there while `body` runs.
  private static func withDeltas(
    _ deltas: ArraySlice<DecomposedDelta>, _ done: [lora_decomposed_delta], _ body: ([lora_decomposed_delta]) -> Void
  ) {
    guard let delta = deltas.first else { return unsafe body(done) }
    let (kind, magnitudes, first): (lora_magnitude_kind, [Double], Int) =
      switch delta.magnitudes {
      case .none: (LORA_NO_MAGNITUDES, [], 0)
      case .rows(let numbers, let first): (LORA_ROW_MAGNITUDES, numbers, first)
      case .columns(let numbers): (LORA_COLUMN_FACTORS, numbers, 0)
      }
    unsafe magnitudes.withUnsafeBufferPointer { magnitudes in
      unsafe delta.left.wide.withPointer { left in
        let one = unsafe lora_decomposed_delta(
          rank: delta.left.rank, left_wide: left, right_f32: nil, right_f64: nil, kind: kind,
          magnitudes: magnitudes.baseAddress.map { unsafe $0 + first })
        let rest = deltas.dropFirst()
        if let panel = delta.right.wide {
          unsafe panel.withPointer { right in
            var one = unsafe one
            unsafe one.right_f64 = right
            unsafe withDeltas(rest, done + [one], body)
          }
        } else {
          unsafe delta.right.narrow.withPointer { right in
            var one = unsafe one
            unsafe one.right_f32 = right
            unsafe withDeltas(rest, done + [one], body)
          }
        }
      }
    }
  }
}
