import ArgumentParser
import Glibc
import LoRAIO

extension Choice: ExpressibleByArgument {}

/// Where a report goes.
struct ReportOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "Write the report to this file instead of standard output.")
  var output: String?

  @Option(help: "Use colour: auto (on a terminal, unless NO_COLOR is set), always or never.")
  var color: Choice = .auto

  /// Whether the text report may use colour.
  var usesColour: Bool { output == nil ? color.colour : color == .always }

  /// Writes the report.
  func write(_ text: String) throws(Failure) {
    guard let output else { return try StandardOutput.write(text) }
    do throws(IOError) {
      try WholeFile.write(Array(text.utf8), to: output)
    } catch {
      throw Failure("\(error)")
    }
  }

  /// Writes lines, each with its line end.
  func write(_ lines: [String]) throws(Failure) {
    try write(lines.map { $0 + "\n" }.joined())
  }
}
