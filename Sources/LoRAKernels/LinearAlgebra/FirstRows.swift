/// The first rows of a matrix, as many as it has columns or all of them, which become R and the vectors of reflections
/// that begin at the diagonal.
@safe struct FirstRows {
  /// Column by column, `stride` numbers from one to the next.
  let elements: UnsafeMutableBufferPointer<Double>
  let stride: Int
  let size: Int
  let columns: Int
  /// R, `size` rows of all columns.
  let triangle: UnsafeMutableBufferPointer<Double>
  /// `Kernels.panelWidth` numbers for each of `size` reflections.
  let factors: UnsafeMutableBufferPointer<Double>

  /// Decomposes them.
  ///
  /// The vectors keep their ones and the zeros above, so that all of them are one dense block.
  func decompose() {
    let width = Kernels.panelWidth
    for first in Swift.stride(from: 0, to: size, by: width) {
      let end = min(first + width, size)
      for column in first..<end { reflect(column, panel: first..<end) }
      for column in first..<end {
        for row in 0...column {
          let index = column * stride + row
          unsafe triangle[column * size + row] = elements[index]
          unsafe elements[index] = row == column ? 1 : 0
        }
      }
      apply(first..<end, to: end..<columns)
    }
    for column in size..<columns {
      for row in 0..<size { unsafe triangle[column * size + row] = elements[column * stride + row] }
    }
  }

  /// Makes the reflection of one column, applies it to the rest of its panel and adds it to the panel's T.
  private func reflect(_ column: Int, panel: Range<Int>) {
    guard let start = unsafe elements.baseAddress else { return }
    let below = size - column - 1
    let diagonal = column * stride + column
    let tail = unsafe UnsafeMutableBufferPointer(start: start + diagonal + 1, count: below)
    let factor = unsafe reflector(&elements[diagonal], tail)
    // An earlier vector of the panel has the element that stands beside this one's leading 1.
    let overlaps = panel.prefix(while: { $0 < column }).map { earlier in
      let other = earlier * stride + column
      return unsafe start[other] + sumOfProducts(start + other + 1, start + diagonal + 1, below)
    }
    let own = unsafe UnsafeMutableBufferPointer(rebasing: factors[(column * Kernels.panelWidth)...])
    for row in overlaps.indices {
      let sum = (row..<overlaps.count).reduce(0) {
        unsafe $0 + factors[(panel.lowerBound + $1) * Kernels.panelWidth + row] * overlaps[$1]
      }
      unsafe own[row] = -factor * sum
    }
    unsafe own[overlaps.count] = factor
    for later in column + 1..<max(panel.upperBound, column + 1) {
      let other = unsafe start + later * stride + column
      let sum = unsafe factor * (other[0] + sumOfProducts(start + diagonal + 1, other + 1, below))
      unsafe other[0] -= sum
      unsafe addMultiple(-sum, of: start + diagonal + 1, to: other + 1, below)
    }
  }

  /// Applies the reflections of a panel, whose own rows stand in its vectors: those of the kernel's identity are zeros,
  /// which are dropped.
  private func apply(_ panel: Range<Int>, to others: Range<Int>) {
    var zeros = [Double](repeating: 0, count: panel.count * others.count)
    let (first, height) = (panel.lowerBound, size - panel.lowerBound)
    unsafe zeros.withUnsafeMutableBufferPointer { zeros in
      guard !others.isEmpty,
        let vectors = unsafe ColumnBlock(
          UnsafeMutableBufferPointer(rebasing: elements[(first * stride + first)...]), rows: height,
          columns: panel.count, stride: stride),
        let tops = unsafe ColumnBlock(zeros, rows: panel.count, columns: others.count, stride: panel.count),
        let targets = unsafe ColumnBlock(
          UnsafeMutableBufferPointer(rebasing: elements[(others.lowerBound * stride + first)...]), rows: height,
          columns: others.count, stride: stride)
      else { return }
      let own = unsafe UnsafeBufferPointer(rebasing: factors[(first * Kernels.panelWidth)...])
      unsafe Kernels.reflect(vectors, factors: own, tops: tops, columns: targets)
    }
  }
}
