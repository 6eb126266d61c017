import ArgumentParser
import LoRAIO

/// A report besides the one on standard output, written `FORMAT=FILE`.
struct FileReport<Format: RawRepresentable<String> & Sendable>: ExpressibleByArgument, Sendable {
  let format: Format
  let path: String

  init?(argument: String) {
    guard let sign = argument.utf8.firstIndex(of: UInt8(ascii: "=")),
      let format = Format(rawValue: String(argument[..<sign])),
      case let path = argument[argument.utf8.index(after: sign)...], !path.isEmpty
    else { return nil }
    self.format = format
    self.path = String(path)
  }

  func write(_ text: String) throws(Failure) {
    try writeFile(text, to: path)
  }
}

/// Writes what a command that makes something says about it: to the files of --report, then to standard output.
///
/// - Parameter render: the report in a format, without the last line end.
func write(
  _ format: ReportFormat, reports: [FileReport<ReportFormat>], terminal: TerminalOptions, isGood: Bool = true,
  _ render: (ReportFormat) -> [String]
) throws(Failure) {
  // The files first: a reader of the output that goes away must not cost them.
  for report in reports { try report.write(render(report.format).map { $0 + "\n" }.joined()) }
  if format == .text && terminal.quiet && isGood { return }
  let lines = render(format)
  try StandardOutput.write(lines: format == .text && terminal.color.colour ? lines.map(highlighted) : lines)
}
