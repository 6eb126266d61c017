import TensorCore

/// A dense matrix of f64, column by column.
package struct ColumnMatrix: Sendable, Equatable {
  /// Numbers of a column.
  package let rows: Int
  package let columns: Int
  /// Element (row, column) is `elements[column · rows + row]`.
  package var elements: [Double]

  /// A matrix of zeros.
  package init(rows: Int, columns: Int) {
    self.init(rows: rows, columns: columns, elements: Array(repeating: 0, count: rows * columns))
  }

  /// A matrix of these elements, column by column.
  package init(rows: Int, columns: Int, elements: [Double]) {
    precondition(elements.count == rows * columns, "the elements are not those of a \(rows) x \(columns) matrix")
    (self.rows, self.columns, self.elements) = (rows, columns, elements)
  }

  package subscript(row: Int, column: Int) -> Double {
    get { elements[column * rows + row] }
    set { elements[column * rows + row] = newValue }
  }
}

extension ColumnMatrix {
  /// The matrix with rows and columns exchanged.
  package var transposed: ColumnMatrix {
    var result = ColumnMatrix(rows: columns, columns: rows)
    for column in 0..<columns {
      for row in 0..<rows { result.elements[row * columns + column] = elements[column * rows + row] }
    }
    return result
  }

  /// self · diag(weights) · otherᵀ.
  package func product(_ weights: [Double], transposed other: ColumnMatrix) -> ColumnMatrix {
    precondition(columns == weights.count && columns == other.columns, "the matrices do not fit each other")
    var result = ColumnMatrix(rows: rows, columns: other.rows)
    unsafe result.elements.withUnsafeMutableBufferPointer { result in
      unsafe elements.withUnsafeBufferPointer { left in
        guard let result = result.baseAddress, let left = left.baseAddress else { return }
        for inner in 0..<columns {
          for column in 0..<other.rows {
            let weight = other.elements[inner * other.rows + column] * weights[inner]
            guard weight != 0 else { continue }
            unsafe addMultiple(weight, of: left + inner * rows, to: result + column * rows, rows)
          }
        }
      }
    }
    return result
  }

  /// Some of its rows.
  package func rows(_ range: Range<Int>) -> ColumnMatrix {
    var taken: [Double] = []
    taken.reserveCapacity(range.count * columns)
    for column in 0..<columns { taken += elements[(column * rows + range.lowerBound)...].prefix(range.count) }
    return ColumnMatrix(rows: range.count, columns: columns, elements: taken)
  }

  /// The sum of squares of each column; infinite or not a number where it, or an element, is out of range.
  package var squares: [Double] {
    unsafe elements.withUnsafeBufferPointer { elements in
      guard let start = elements.baseAddress else { return Array(repeating: 0, count: columns) }
      return (0..<columns).map { unsafe sumOfProducts(start + $0 * rows, start + $0 * rows, rows) }
    }
  }

  /// Whether all elements are finite.
  package var isFinite: Bool {
    // Sums of squares find what is not; only numbers beyond 2^500 have to be looked at one by one.
    squares.allSatisfy { $0.isFinite } || elements.allSatisfy { $0.isFinite }
  }

  /// Whether the first of a column's elements of largest magnitude is negative.
  package func hasNegativePeak(_ column: Int) -> Bool {
    unsafe elements[column * rows..<(column + 1) * rows].withUnsafeBufferPointer { values in
      let peak = unsafe Kernels.scan(UnsafeRawBufferPointer(values), dtype: .f64).maxMagnitude
      return unsafe peak > 0 && values.first { $0.magnitude == peak }.map { $0 < 0 } ?? false
    }
  }

  /// Changes the sign of a column.
  package mutating func negate(_ column: Int) {
    for index in column * rows..<(column + 1) * rows { elements[index] = -elements[index] }
  }
}
