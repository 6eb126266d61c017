import ArgumentParser
import Glibc
import JSON
import LoRAIO

/// Where a report goes.
///
/// A command has the options of the terminal beside these and not within them: in debug builds the parser checks every
/// level of groups four times over.
struct ReportOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Write the report to this file instead of standard output.", valueName: "file"),
    completion: .file())
  var output: String?

  /// Whether the text report may use colour.
  func usesColour(_ terminal: TerminalOptions) -> Bool {
    output == nil || output == "-" ? terminal.color.colour : terminal.color == .always
  }

  /// Writes a report for programs, or one that is laid out already.
  func write(_ terminal: TerminalOptions, _ text: String) throws(Failure) {
    guard let output, output != "-" else { return try StandardOutput.write(text) }
    try writeFile(text, to: output)
    terminal.note("wrote \(escaped(output))")
  }

  /// Writes a report that is made while it is written.
  func write(
    _ terminal: TerminalOptions, _ body: (inout ReportStream) throws(Failure) -> Void
  ) throws(Failure) {
    var stream = ReportStream(isKept: output != nil && output != "-")
    try body(&stream)
    try stream.finish()
    if let output, output != "-" {
      try writeFile(stream.bytes, to: output)
      terminal.note("wrote \(escaped(output))")
    }
  }

  /// Writes lines, each with its line end.
  func write(_ terminal: TerminalOptions, _ lines: [String]) throws(Failure) {
    try write(terminal, lines.map { $0 + "\n" }.joined())
  }

  /// Writes a document of JSON.
  func write(_ terminal: TerminalOptions, document: JSONValue) throws(Failure) {
    try write(terminal, [document.text(pretty: true)])
  }

  /// Writes a report for people.
  ///
  /// - Parameter isGood: whether it only says that a check was passed, which --quiet leaves out.
  func write(_ terminal: TerminalOptions, text lines: [String], isGood: Bool = false) throws(Failure) {
    if isGood && terminal.quiet && output == nil { return }
    try write(terminal, usesColour(terminal) ? lines.map(highlighted) : lines)
  }
}

/// The formats of a report that programs may read.
enum ReportFormat: String, CaseIterable, ExpressibleByArgument {
  case text
  case json
}
