extension PackingBlock {
  /// The block in parts of at most `limit` elements, which follow each other without gaps: some whole rows, or a stretch
  /// of one row where a row is longer.
  ///
  /// - Parameter limit: at least 1.
  package func parts(of limit: UInt64) -> some Sequence<PackingBlock> {
    let (high, wide) = columns <= limit ? (max(limit / max(columns, 1), 1), columns) : (1, limit)
    return stride(from: 0, to: rows, by: Int(clamping: high)).lazy.flatMap { row in
      stride(from: 0, to: columns, by: Int(clamping: max(wide, 1))).lazy.map { column in
        part(rows: row..<min(row + high, rows), columns: column..<min(column + wide, columns))
      }
    }
  }

  /// Some rows, or some columns of a single row.
  private func part(rows: Range<UInt64>, columns: Range<UInt64>) -> PackingBlock {
    var part = PackingBlock(
      buffer: buffer, start: start + rows.lowerBound * self.columns + columns.lowerBound, rows: UInt64(rows.count),
      columns: UInt64(columns.count), source: nil)
    guard var source, rows.lowerBound < source.rows, columns.lowerBound < source.columns else { return part }
    source.dropRows(rows.lowerBound)
    source.dropColumns(columns.lowerBound)
    source.rows = min(source.rows, part.rows)
    source.columns = min(source.columns, part.columns)
    part.source = source
    return part
  }
}
