package import LoRAKernels

extension ColumnMatrix {
  /// The matrix times a number.
  package func scaled(by factor: Double) -> ColumnMatrix {
    ColumnMatrix(rows: rows, columns: columns, elements: elements.map { $0 * factor })
  }

  /// Copies a column of another matrix of as many rows.
  package mutating func replace(_ column: Int, by other: ColumnMatrix, _ source: Int) {
    elements.replaceSubrange(
      column * rows..<(column + 1) * rows, with: other.elements[source * rows..<(source + 1) * rows])
  }
}
