import LoRAIO
import LoRAKernels
import TensorCore

/// The elements of one expert's factor as they lie in a file: element (i, k) is element
/// `first + i · stride + k · rankStride` of the bytes.
@safe struct FactorSpan {
  let bytes: UnsafeRawBufferPointer
  let dtype: DType
  let first: Int
  /// The rank.
  let columns: Int
  let stride: Int
  let rankStride: Int

  /// Writes some rows as f64, column by column; numbers between the columns are left undefined.
  func write(_ rows: Range<Int>, to target: UnsafeMutableBufferPointer<Double>, columnStride: Int) {
    guard !rows.isEmpty, columns > 0 else { return }
    let count = (columns - 1) * columnStride + rows.count
    precondition(columnStride >= rows.count && target.count >= count, "the rows do not fit into the buffer")
    let start = first + rows.lowerBound * stride
    switch dtype.bits {
    case _ where stride == 1:
      for column in 0..<columns {
        let own = unsafe UnsafeMutableBufferPointer(rebasing: target[(column * columnStride)...].prefix(rows.count))
        unsafe Kernels.widen(bytes, dtype: dtype, from: start + column * rankStride, to: own)
      }
    case 8, 16, 32, 64:
      // Bytes are put in order before they are widened: they take the least room then.
      let size = Int(dtype.bits / 8)
      let ordered = IOBuffer(count: count * size)
      let move = StridedMove(width: size, count: rows.count, ranks: columns)
      unsafe move(
        UnsafeRawBufferPointer(rebasing: bytes[(start * size)...]),
        .init(start: 0, stride: stride, rankStride: rankStride), to: ordered.bytes,
        .init(start: 0, stride: 1, rankStride: columnStride))
      unsafe Kernels.widen(
        UnsafeRawBufferPointer(ordered.bytes), dtype: dtype,
        to: UnsafeMutableBufferPointer(rebasing: target[..<count]))
    default:
      let span = (rows.count - 1) * stride + (columns - 1) * rankStride + 1
      let plain = UnsafeMutableBufferPointer<Double>.allocate(capacity: span)
      defer { unsafe plain.deallocate() }
      unsafe Kernels.widen(bytes, dtype: dtype, from: start, to: plain)
      for column in 0..<columns {
        for row in 0..<rows.count {
          unsafe target[column * columnStride + row] = plain[row * stride + column * rankStride]
        }
      }
    }
  }
}
