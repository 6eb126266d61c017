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
