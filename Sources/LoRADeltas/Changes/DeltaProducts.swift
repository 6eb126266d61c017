package import LoRAKernels

/// Products of a difference with matrices of a few columns, one pass over the files each: f64 multiply-adds in a fixed
/// order, so that the bits depend on nothing but the two models.
extension DeltaReader {
  /// Δ · P: `[rows, k]` for P `[columns, k]`.
  package func times(_ other: ColumnMatrix) throws(SurgeryError) -> ColumnMatrix {
    let panel = ColumnPanel(other)
    let width = panel.strips * ColumnPanel.lanes
    let columns = matrix.columns
    var result = ColumnMatrix(rows: matrix.rows, columns: other.columns)
    var block = RowBlock(depth: columns, width: width)
    unsafe try forEachTile { first, count, tile in
      for row in stride(from: 0, to: count, by: Kernels.productRows) {
        let height = min(Kernels.productRows, count - row)
        unsafe block.packRows(tile, row, height, columns)
        block.multiply(height, panel)
        for lane in 0..<height {
          for column in 0..<other.columns {
            result.elements[column * matrix.rows + first + row + lane] = block.output[lane * width + column]
          }
        }
      }
    }
    return result
  }

  /// Δᵀ · Q: `[columns, k]` for Q `[rows, k]`.
  func transposedTimes(_ other: ColumnMatrix) throws(SurgeryError) -> ColumnMatrix {
    let columns = matrix.columns
    var result = ColumnMatrix(rows: columns, columns: other.columns)
    var block = RowBlock(depth: 0, width: 0)
    unsafe try forEachTile { first, count, tile in
      let panel = ColumnPanel(other, rows: first..<first + count)
      let width = panel.strips * ColumnPanel.lanes
      block.resize(depth: count, width: width)
      for column in stride(from: 0, to: columns, by: Kernels.productRows) {
        let height = min(Kernels.productRows, columns - column)
        unsafe block.packColumns(tile, column, height, columns)
        block.multiply(height, panel)
        for lane in 0..<height {
          for place in 0..<other.columns {
            result.elements[place * columns + column + lane] += block.output[lane * width + place]
          }
        }
      }
    }
    return result
  }

  /// ‖Δ − B·Aᵀ‖² in the Frobenius norm, for B `[rows, k]` and A `[columns, k]`, element by element.
  package func squaredDistance(from b: ColumnMatrix, _ a: ColumnMatrix) throws(SurgeryError) -> Double {
    let panel = ColumnPanel(a, transposed: true)
    let width = panel.strips * ColumnPanel.lanes
    let columns = matrix.columns
    var block = RowBlock(depth: b.columns, width: width)
    var total = 0.0
    unsafe try forEachTile { first, count, tile in
      for row in stride(from: 0, to: count, by: Kernels.productRows) {
        let height = min(Kernels.productRows, count - row)
        for rank in 0..<b.columns {
          for lane in 0..<height {
            block.left[rank * Kernels.productRows + lane] = b.elements[rank * b.rows + first + row + lane]
          }
        }
        block.multiply(height, panel)
        for lane in 0..<height { unsafe total += block.squaredDistance(lane, tile, (row + lane) * columns, columns) }
      }
    }
    return total
  }
}

/// Buffers for products of a few rows at a time.
private struct RowBlock {
  /// Six rows, element by element.
  var left: [Double]
  private(set) var output: [Double]
  private var width: Int

  init(depth: Int, width: Int) {
    self.width = width
    left = Array(repeating: 0, count: depth * Kernels.productRows)
    output = Array(repeating: 0, count: width * Kernels.productRows)
  }

  /// Makes room; nothing happens when it is as large.
  mutating func resize(depth: Int, width: Int) {
    if left.count != depth * Kernels.productRows || self.width != width { self = RowBlock(depth: depth, width: width) }
  }

  mutating func multiply(_ rows: Int, _ panel: ColumnPanel) {
    let width = width
    unsafe left.withUnsafeBufferPointer { left in
      unsafe output.withUnsafeMutableBufferPointer {
        unsafe Kernels.product(rows: rows, left, panel, output: $0, stride: width)
      }
    }
  }

  /// Takes rows of a tile.
  mutating func packRows(_ tile: UnsafeBufferPointer<Float>, _ first: Int, _ count: Int, _ columns: Int) {
    let lanes = Kernels.productRows
    unsafe left.withUnsafeMutableBufferPointer { left in
      guard let target = left.baseAddress, let start = tile.baseAddress else { return }
      if count == 6, lanes == 6 {
        let rows = unsafe start + first * columns
        var place = 0
        for column in 0..<columns {
          for lane in 0..<6 { unsafe target[place + lane] = Double(rows[lane * columns + column]) }
          place += 6
        }
        return
      }
      for lane in 0..<count {
        let row = unsafe start + (first + lane) * columns
        for column in 0..<columns { unsafe target[column * lanes + lane] = Double(row[column]) }
      }
    }
  }

  /// Takes columns of a tile.
  mutating func packColumns(_ tile: UnsafeBufferPointer<Float>, _ first: Int, _ count: Int, _ columns: Int) {
    let lanes = Kernels.productRows
    unsafe left.withUnsafeMutableBufferPointer { left in
      guard let target = left.baseAddress, let start = tile.baseAddress else { return }
      for row in 0..<tile.count / max(columns, 1) {
        let source = unsafe start + row * columns + first
        let place = unsafe target + row * lanes
        if count == 6 {
          for lane in 0..<6 { unsafe place[lane] = Double(source[lane]) }
        } else {
          for lane in 0..<count { unsafe place[lane] = Double(source[lane]) }
        }
      }
    }
  }

  /// Σ (tile − output)² over one row.
  func squaredDistance(_ row: Int, _ tile: UnsafeBufferPointer<Float>, _ first: Int, _ columns: Int) -> Double {
    unsafe output.withUnsafeBufferPointer { output in
      guard let left = tile.baseAddress, let right = output.baseAddress else { return 0 }
      let (own, product) = unsafe (left + first, right + row * width)
      var sums = SIMD8<Double>()
      var column = 0
      while column + 8 <= columns {
        let element = unsafe UnsafeRawPointer(own + column).loadUnaligned(as: SIMD8<Float>.self)
        let found = unsafe UnsafeRawPointer(product + column).loadUnaligned(as: SIMD8<Double>.self)
        let difference = SIMD8<Double>(element) - found
        sums += difference * difference
        column += 8
      }
      var sum = sums.sum()
      while column < columns {
        let difference = unsafe Double(own[column]) - product[column]
        sum += difference * difference
        column += 1
      }
      return sum
    }
  }
}
