internal import CLoRAKernels

/// A matrix of f64 laid out as the right side of products: strips of sixteen columns, each row by row; what is beyond
/// the last column is zero.
package struct ColumnPanel: Sendable {
  package let rows: Int
  package let columns: Int
  private(set) var elements: AlignedArray<Double>

  package static let lanes = 16

  /// Strips of sixteen columns.
  package var strips: Int { (columns + Self.lanes - 1) / Self.lanes }

  /// Some rows of a matrix, or of its transpose.
  package init(_ matrix: ColumnMatrix, rows range: Range<Int>? = nil, transposed isTransposed: Bool = false) {
    let lanes = Self.lanes
    let range = range ?? 0..<(isTransposed ? matrix.columns : matrix.rows)
    let (height, width) = (range.count, isTransposed ? matrix.rows : matrix.columns)
    (rows, columns) = (height, width)
    elements = AlignedArray(repeating: 0, count: max((width + lanes - 1) / lanes * lanes * height, 1))
    let stride = matrix.rows
    unsafe elements.withMutable { target in
      unsafe matrix.elements.withUnsafeBufferPointer { source in
        for column in 0..<width {
          let first = column / lanes * height * lanes + column % lanes
          for row in 0..<height {
            let place = range.lowerBound + row
            let element = isTransposed ? place * stride + column : column * stride + place
            unsafe target[first + row * lanes] = source[element]
          }
        }
      }
    }
  }
}

extension Kernels {
  /// Most rows of a product.
  package static let productRows = Int(LORA_ROWS)

  /// Multiplies up to `productRows` rows with a matrix:
  /// `output[i · stride + c] = Σₖ left[k · productRows + i] · right[k, c]`.
  ///
  /// Fused multiply-adds in f64, every sum over k in order; the same bits at every level.
  ///
  /// - Parameters:
  ///   - left: `right.rows` times `productRows` numbers.
  ///   - output: `rows` times `stride` numbers, of which whole strips of sixteen are written.
  package static func product(
    rows: Int, _ left: UnsafeBufferPointer<Double>, _ right: ColumnPanel, output: UnsafeMutableBufferPointer<Double>,
    stride: Int, level: KernelLevel = .preferred
  ) {
    let width = right.strips * ColumnPanel.lanes
    precondition(
      (1...productRows).contains(rows) && left.count >= right.rows * productRows && stride >= width
        && output.count >= (rows - 1) * stride + width, "a product outside the buffers")
    guard let left = left.baseAddress, let target = output.baseAddress, right.rows > 0, width > 0 else {
      return unsafe output.update(repeating: 0)
    }
    unsafe right.elements.withPointer { panel in
      unsafe lora_product_f64(level.index, rows, right.strips, right.rows, left, panel, target, stride)
    }
  }
}
