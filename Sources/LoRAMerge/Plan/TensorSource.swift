public import TensorCore

/// Elements of one type that lie one behind the other in one of a plan's sources.
///
/// Everything that a merge reads is named by this: bytes that are copied, tensors that are converted, W, factors and
/// magnitudes.
public struct TensorSource: Sendable, Equatable {
  /// Position of the file in `MergePlan.sources`.
  public internal(set) var source: Int
  /// First byte, counted from the start of the (uncompressed) file.
  public internal(set) var offset: UInt64
  /// Number of bytes.
  public internal(set) var count: UInt64
  /// The type of the elements.
  public internal(set) var dtype: DType

  /// Elements of a source; U8 stands for bytes whose meaning does not matter.
  public init(source: Int, offset: UInt64, count: UInt64, dtype: DType = .u8) {
    self.source = source
    self.offset = offset
    self.count = count
    self.dtype = dtype
  }

  /// The same as plain bytes.
  var bytes: TensorSource { TensorSource(source: source, offset: offset, count: count) }

  /// `count` bytes of it from `first` on.
  func part(from first: UInt64, count: UInt64) -> TensorSource {
    TensorSource(source: source, offset: offset + first, count: count, dtype: dtype)
  }
}
