/// Rows of text in aligned columns, for terminals and Markdown.
public struct TextTable: Sendable {
  /// How a column is set.
  public enum Alignment: Sendable {
    case left
    case right
  }

  private let alignments: [Alignment]
  private var rows: [[String]] = []

  /// A table with one heading and alignment per column.
  public init(_ columns: [(heading: String, alignment: Alignment)]) {
    alignments = columns.map(\.alignment)
    rows = [columns.map(\.heading)]
  }

  /// Adds a row; missing cells are empty, cells too many are dropped.
  public mutating func add(_ cells: [String]) {
    rows.append(alignments.indices.map { $0 < cells.count ? cells[$0] : "" })
  }

  /// The rows with two blanks between columns, without blanks at line ends.
  public func lines(indent: String = "") -> [String] {
    let widths = widths
    return rows.map { row in
      let cells = row.indices.map { padded(row[$0], widths[$0], alignments[$0]) }
      var line = indent + cells.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
  }

  /// The rows as a Markdown table.
  public var markdown: [String] {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    let marks = alignments.map { $0 == .left ? "---" : "---:" }
    return [line(rows[0]), line(marks)]
      + rows.dropFirst().map { row in line(row.map { $0.split(separator: "|").joined(separator: "\\|") }) }
  }

  private var widths: [Int] {
    alignments.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
  }

  private func padded(_ text: String, _ width: Int, _ alignment: Alignment) -> String {
    let blanks = String(repeating: " ", count: max(0, width - text.count))
    return alignment == .left ? text + blanks : blanks + text
  }
}
