import LoRAIO
import LoRAKernels
import Safetensors
import TensorCore

/// A whole tensor in one of a plan's sources.
struct StoredTensor: Sendable, Equatable {
  /// Its bytes.
  var slice: Slice
  /// Their type.
  var dtype: DType
  /// Its dimensions.
  var shape: Shape

  /// A tensor of the file at position `source`.
  init(_ tensor: TensorInfo, of file: SafetensorsFile, source: Int) {
    slice = Slice(source: source, offset: file.offset(of: tensor), count: tensor.byteCount)
    dtype = tensor.dtype
    shape = tensor.shape
  }

  /// One row: an index of the outermost dimension.
  func row(_ index: UInt64) -> StoredTensor {
    var row = self
    let count = shape[0] > 0 ? slice.count / shape[0] : 0
    row.slice = Slice(source: slice.source, offset: slice.offset + index * count, count: count)
    row.shape = Shape(Array(shape.dimensions.dropFirst()))
    return row
  }

  /// The tensor as a factor with its elements at `layout`.
  func factor(_ layout: FactorLayout) -> StoredFactor { StoredFactor(slice: slice, dtype: dtype, layout: layout) }

  /// Whether two tensors of one shape, each in its file, hold the same numbers, whatever their types.
  static func haveEqualValues(
    _ one: (tensor: StoredTensor, file: SafetensorsFile), _ other: (tensor: StoredTensor, file: SafetensorsFile)
  ) -> Result<Bool, IOError> {
    do throws(IOError) {
      let (left, right) = (one.tensor, other.tensor)
      if left.dtype == right.dtype {
        let difference = try FileComparison.firstDifference(
          one.file.contents, left.slice.offset, other.file.contents, right.slice.offset, count: left.slice.count)
        return .success(difference == nil)
      }
      guard left.dtype.isFloat, right.dtype.isFloat, left.dtype.bits >= 8, right.dtype.bits >= 8 else {
        return .success(false)
      }
      let count = left.shape.elementCount ?? 0
      var done: UInt64 = 0
      while done < count {
        let piece = min(count - done, 1 << 17)
        let values = try left.values(done, piece, one.file)
        if try right.values(done, piece, other.file) != values { return .success(false) }
        done += piece
      }
      return .success(true)
    } catch {
      return .failure(error)
    }
  }

  private func values(_ first: UInt64, _ count: UInt64, _ file: SafetensorsFile) throws(IOError) -> [Double] {
    let size = dtype.bits / 8
    let bytes = try file.contents.bytes(at: slice.offset + first * size, count: Int(count * size))
    return bytes.widened(dtype)
  }
}
