import LoRAIO
import LoRAKernels
import Safetensors
import TensorCore

/// A whole tensor in one of a plan's sources.
struct StoredTensor: Sendable, Equatable {
  /// Its elements.
  var source: TensorSource
  /// Its dimensions.
  var shape: Shape

  /// A tensor of the file at position `source`.
  init(_ tensor: TensorInfo, of file: SafetensorsFile, source: Int) {
    self.source = TensorSource(
      source: source, offset: file.offset(of: tensor), count: tensor.byteCount, dtype: tensor.dtype)
    shape = tensor.shape
  }

  /// Whether its bytes are in no file but computed when they are read.
  func isComputed(in file: SafetensorsFile) -> Bool { file.isView && source.offset >= file.contents.file.size }

  /// Their type.
  var dtype: DType { source.dtype }

  /// One row: an index of the outermost dimension.
  func row(_ index: UInt64) -> StoredTensor {
    var row = self
    let count = shape[0] > 0 ? source.count / shape[0] : 0
    row.source = source.part(from: index * count, count: count)
    row.shape = Shape(Array(shape.dimensions.dropFirst()))
    return row
  }

  /// Some rows, which must exist.
  func rows(_ rows: Range<UInt64>) -> StoredTensor {
    var part = self
    let width = shape[0] > 0 ? source.count / shape[0] : 0
    part.source = source.part(from: rows.lowerBound * width, count: (rows.upperBound - rows.lowerBound) * width)
    part.shape = Shape([rows.upperBound - rows.lowerBound] + shape.dimensions.dropFirst())
    return part
  }

  /// The tensor as a factor with its elements at `layout`.
  func factor(_ layout: FactorLayout) -> StoredFactor { StoredFactor(source: source, layout: layout) }

  /// Whether two tensors of one shape, each in its file, hold the same numbers, whatever their types.
  static func haveEqualValues(
    _ one: (tensor: StoredTensor, file: SafetensorsFile), _ other: (tensor: StoredTensor, file: SafetensorsFile)
  ) -> Result<Bool, IOError> {
    do throws(IOError) {
      let (left, right) = (one.tensor, other.tensor)
      if left.dtype == right.dtype, !left.isComputed(in: one.file), !right.isComputed(in: other.file) {
        let difference = try FileComparison.firstDifference(
          one.file.contents.file, left.source.offset, other.file.contents.file, right.source.offset,
          count: left.source.count, TileBuffers(size: FileComparison.bufferBytes))
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
    let bytes = try file.contents.bytes(at: source.offset + first * size, count: Int(count * size))
    return bytes.widened(dtype)
  }
}
