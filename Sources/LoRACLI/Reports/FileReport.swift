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

/// The report of a command that makes something: on standard output, and in the files of --report.
struct MakerReport: ParsableArguments {
  @Option(help: "Output format of the report: text or json.")
  var format: ReportFormat = .text

  @Option(
    name: .customLong("report"),
    help: ArgumentHelp(
      "Write the report to a file as well, as text or json; may be given several times.", valueName: "format=file"))
  var files: [FileReport<ReportFormat>] = []

  /// Refuses files that the command reads, before the work is done.
  func checkFiles() throws(Failure) {
    for file in files { try checkUnused(file.path) }
  }

  /// Writes the report: to the files first, because a reader of the output that goes away must not cost them.
  ///
  /// - Parameters:
  ///   - isGood: whether it only says that all went well, which --quiet leaves out.
  ///   - render: the report in a format, without the last line end.
  func write(_ terminal: TerminalOptions, isGood: Bool = true, _ render: (ReportFormat) -> [String]) throws(Failure) {
    try writeFiles(render)
    if format == .text && terminal.quiet && isGood { return }
    let lines = render(format)
    try StandardOutput.write(lines: format == .text && terminal.color.colour ? lines.map(highlighted) : lines)
  }

  /// Writes the report to the files alone, where standard output is taken.
  func writeFiles(_ render: (ReportFormat) -> [String]) throws(Failure) {
    for file in files { try file.write(render(file.format).map { $0 + "\n" }.joined()) }
  }
}
