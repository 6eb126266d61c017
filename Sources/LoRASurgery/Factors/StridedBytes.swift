import LoRAKernels
import TensorCore

/// A tensor's bytes, filled matrix by matrix.
struct StridedBytes {
  private(set) var bytes: [UInt8]
  private let width: Int

  init(_ dtype: DType, count: Int) {
    width = Int(dtype.bits / 8)
    bytes = [UInt8](repeating: 0, count: count * width)
  }

  /// Puts element (i, k) of a matrix, column by column with `rows` elements each, at `start + i·stride + k·rankStride`.
  mutating func place(_ matrix: [UInt8], _ rows: Int, at start: Int, stride: Int, rankStride: Int) {
    let columns = rows > 0 ? matrix.count / (rows * width) : 0
    let width = width
    unsafe bytes.withUnsafeMutableBytes { target in
      unsafe matrix.withUnsafeBytes { source in
        // Blocks of rows that stay in cache, whichever of the two directions is the short one.
        for block in Swift.stride(from: 0, to: rows, by: stride == 1 ? max(rows, 1) : 256) {
          let end = min(block + 256, rows)
          for column in 0..<columns {
            if stride == 1 {
              let place = (start + column * rankStride) * width
              unsafe UnsafeMutableRawBufferPointer(rebasing: target[place..<place + rows * width]).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: source[(column * rows * width)...].prefix(rows * width)))
              continue
            }
            for row in block..<end {
              let (from, to) = ((column * rows + row) * width, (start + row * stride + column * rankStride) * width)
              switch width {
              case 2: unsafe target.move(UInt16.self, from: source, from, to: to)
              case 4: unsafe target.move(UInt32.self, from: source, from, to: to)
              default: unsafe target.move(UInt64.self, from: source, from, to: to)
              }
            }
          }
        }
      }
    }
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Copies one element of the size of a type.
  @inline(__always)
  fileprivate func move<Element: FixedWidthInteger>(
    _: Element.Type, from source: UnsafeRawBufferPointer, _ start: Int, to place: Int
  ) {
    unsafe storeBytes(
      of: source.loadUnaligned(fromByteOffset: start, as: Element.self), toByteOffset: place, as: Element.self)
  }
}

extension ColumnMatrix {
  /// The numbers that bytes of a type are, column by column, in the shape of another matrix.
  init(_ bytes: [UInt8], _ dtype: DType, like other: ColumnMatrix) {
    self.init(rows: other.rows, columns: other.columns)
    unsafe bytes.withUnsafeBytes { bytes in
      unsafe elements.withUnsafeMutableBufferPointer { unsafe Kernels.widen(bytes, dtype: dtype, to: $0) }
    }
  }
}
