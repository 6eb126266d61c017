internal import CLoRAKernels
public import TensorCore

/// Where the elements of an adapter factor lie in its tensor, in elements.
///
/// A factor has an outer index (rows of a left factor, columns of a right one) and the rank index k. Element (i, k) is
/// element `offset + i * stride + k * rankStride` of the tensor.
public struct FactorLayout: Sendable, Hashable {
  /// Element (0, 0).
  public var offset: Int
  /// From one outer index to the next.
  public var stride: Int
  /// From one rank to the next.
  public var rankStride: Int

  /// Any regular layout.
  public init(offset: Int = 0, stride: Int, rankStride: Int) {
    self.offset = offset
    self.stride = stride
    self.rankStride = rankStride
  }

  /// A tensor `[rank, count]`, as A is stored.
  public static func rankFirst(count: Int) -> FactorLayout { FactorLayout(stride: 1, rankStride: count) }

  /// A tensor `[count, rank]`, as B is stored.
  public static func rankLast(rank: Int) -> FactorLayout { FactorLayout(stride: rank, rankStride: 1) }

  /// The same without the first `count` outer indices.
  public func dropping(first count: Int) -> FactorLayout {
    FactorLayout(offset: offset + count * stride, stride: stride, rankStride: rankStride)
  }

  var c: lora_layout { lora_layout(offset: offset, stride: stride, rank_stride: rankStride) }

  /// Whether every element of count × ranks exists in `bytes` bytes of `dtype`.
  func fits(count: Int, ranks: Int, dtype: DType, bytes: Int) -> Bool {
    guard count > 0, ranks > 0 else { return count >= 0 && ranks >= 0 }
    guard offset >= 0, stride >= 0, rankStride >= 0 else { return false }
    let (outer, a) = stride.multipliedReportingOverflow(by: count - 1)
    let (inner, b) = rankStride.multipliedReportingOverflow(by: ranks - 1)
    let (sum, c) = outer.addingReportingOverflow(inner)
    let (last, d) = sum.addingReportingOverflow(offset)
    return !(a || b || c || d) && dtype.fits(first: last, count: 1, bytes: bytes)
  }
}

/// R of W + L·R: `rank` × `columns`, prepared once per tensor and shared by all threads.
///
/// Linear layers take A, Conv1D takes Bᵀ, embeddings take B_Eᵀ. Holds 4 bytes for an element (8 if an F64 tensor has values
/// that f32 lacks) and 4 for a column.
public struct RightFactor: Sendable {
  /// Inner dimension, all stacked adapters together.
  public let rank: Int
  /// Columns of the weight.
  public let columns: Int
  private(set) var narrow: AlignedArray<Float>
  private(set) var wide: AlignedArray<Double>?
  private(set) var norms: AlignedArray<Float>
  private(set) var isFinite = true

  /// A factor of zeros, to be loaded.
  public init(rank: Int, columns: Int) {
    precondition(rank > 0 && columns >= 0, "a factor needs a rank")
    self.rank = rank
    self.columns = columns
    let strips = (columns + Int(LORA_LANES) - 1) / Int(LORA_LANES)
    narrow = AlignedArray(repeating: 0, count: strips * Int(LORA_LANES) * rank)
    norms = AlignedArray(repeating: 0, count: strips * Int(LORA_LANES))
  }

  /// Loads ranks from an adapter tensor, exactly.
  ///
  /// - Parameters:
  ///   - bytes: the whole tensor, of any floating-point type.
  ///   - layout: where element (column, k) lies.
  ///   - ranks: which part of the inner dimension this tensor fills; all of it if nil.
  public mutating func load(
    _ bytes: UnsafeRawBufferPointer, dtype: DType, layout: FactorLayout, ranks: Range<Int>? = nil,
    level: KernelLevel = .preferred
  ) {
    let ranks = ranks ?? 0..<rank
    precondition(ranks.lowerBound >= 0 && ranks.upperBound <= rank, "ranks outside the factor")
    precondition(
      layout.fits(count: columns, ranks: ranks.count, dtype: dtype, bytes: bytes.count), "elements outside the bytes")
    let kernel = dtype.requireKernel()
    guard let input = bytes.baseAddress, !ranks.isEmpty, columns > 0 else { return }
    if wide == nil {
      let exact = unsafe narrow.withMutable {
        unsafe lora_pack_right_f32(
          level.index, kernel, input, layout.c, columns, rank, ranks.lowerBound, ranks.count, $0)
      }
      if exact {
        let (columns, rank) = (columns, rank)
        isFinite = unsafe narrow.withPointer { panel in
          unsafe norms.withMutable { unsafe lora_right_norms(panel, columns, rank, $0) }
        }
        return
      }
      var widened = AlignedArray<Double>(repeating: 0, count: narrow.count)
      unsafe narrow.withPointer { from in
        unsafe widened.withMutable { to in
          unsafe Kernels.widen(
            UnsafeRawBufferPointer(start: from, count: narrow.count * 4), dtype: .f32,
            to: UnsafeMutableBufferPointer(start: to, count: narrow.count))
        }
      }
      wide = widened
      narrow = AlignedArray(repeating: 0, count: 0)
    }
    unsafe wide?.withMutable {
      unsafe lora_pack_right_f64(level.index, kernel, input, layout.c, columns, rank, ranks.lowerBound, ranks.count, $0)
    }
  }
}

/// L of W + L·R with the scale in it: `rows` × `rank`, prepared for the rows that a caller is about to merge.
///
/// Linear layers take B, Conv1D takes Aᵀ, embeddings take A_Eᵀ. Holds 12 bytes for an element, so prepare it per tile
/// of rows when tensors are tall: `layout.dropping(first:)` says where a tile starts.
public struct LeftFactor: Sendable {
  /// Rows that can be merged with it.
  public let rows: Int
  /// Inner dimension, all stacked adapters together.
  public let rank: Int
  private(set) var wide: AlignedArray<Double>
  private(set) var narrow: AlignedArray<Float>
  private(set) var bounds: AlignedArray<Float>

  /// A factor of zeros, to be loaded.
  public init(rows: Int, rank: Int) {
    precondition(rank > 0 && rows >= 0, "a factor needs a rank")
    self.rows = rows
    self.rank = rank
    let padded = (rows + Int(LORA_ROWS) - 1) / Int(LORA_ROWS) * Int(LORA_ROWS)
    wide = AlignedArray(repeating: 0, count: padded * rank)
    narrow = AlignedArray(repeating: 0, count: padded * rank)
    bounds = AlignedArray(repeating: -1, count: padded)
  }

  /// Loads ranks from an adapter tensor: element (i, k) becomes scales[k] · element, rounded once to f64.
  ///
  /// - Parameters:
  ///   - bytes: the whole tensor, of any floating-point type.
  ///   - layout: where element (row, k) lies.
  ///   - scales: one per rank, or a single one for all of them.
  ///   - ranks: which part of the inner dimension this tensor fills; all of it if nil.
  public mutating func load(
    _ bytes: UnsafeRawBufferPointer, dtype: DType, layout: FactorLayout, scales: [Double], ranks: Range<Int>? = nil,
    level: KernelLevel = .preferred
  ) {
    let ranks = ranks ?? 0..<rank
    precondition(ranks.lowerBound >= 0 && ranks.upperBound <= rank, "ranks outside the factor")
    precondition(
      layout.fits(count: rows, ranks: ranks.count, dtype: dtype, bytes: bytes.count), "elements outside the bytes")
    precondition(scales.count == 1 || scales.count == ranks.count, "one scale, or one per rank")
    let kernel = dtype.requireKernel()
    guard let input = bytes.baseAddress, !ranks.isEmpty, rows > 0 else { return }
    let perRank = scales.count == ranks.count ? scales : Array(repeating: scales[0], count: ranks.count)
    let (rows, rank) = (rows, rank)
    unsafe wide.withMutable { wide in
      unsafe narrow.withMutable { narrow in
        unsafe lora_pack_left(
          level.index, kernel, input, layout.c, rows, rank, ranks.lowerBound, ranks.count, perRank, wide, narrow)
        unsafe bounds.withMutable { unsafe lora_left_bounds(wide, narrow, rows, rank, $0) }
      }
    }
  }
}
