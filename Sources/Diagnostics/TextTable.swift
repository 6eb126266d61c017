import JSON

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
    if cells.count == alignments.count { return rows.append(cells) }
    rows.append(alignments.indices.map { $0 < cells.count ? cells[$0] : "" })
  }

  /// The rows with two blanks between columns, without blanks at line ends.
  public func lines(indent: String = "") -> [String] {
    let widths = widths
    let blank = UInt8(ascii: " ")
    var line: [UInt8] = []
    return rows.map { row in
      line.removeAll(keepingCapacity: true)
      line.append(contentsOf: indent.utf8)
      var blanks = 0
      var column = 0
      for cell in row {
        let free = widths[column] - length(of: cell)
        if alignments[column] == .right { blanks += free }
        if !cell.isEmpty {
          // Blanks are written before the next cell that has something, so that none are left at the end of a line.
          while blanks > 0 {
            line.append(blank)
            blanks -= 1
          }
          line.append(contentsOf: cell.utf8)
        }
        blanks += (alignments[column] == .left ? free : 0) + 2
        column += 1
      }
      while line.last == blank { line.removeLast() }
      return String(decoding: line, as: UTF8.self)
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
    alignments.indices.map { column in rows.map { length(of: $0[column]) }.max() ?? 0 }
  }

  /// The number of characters; bytes of printable ASCII are one each.
  private func length(of text: String) -> Int { text.isPrintableASCII ? text.utf8.count : text.count }
}
