import ArgumentParser
import LoRAEngines
import LoRAIO
import LoRAModel
import LoRAReport
import LoRAValidate

/// `lora-tool report`.
struct ReportCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write a page to read: findings, maps of the deltas by layer, singular values, sizes, comparison.",
    discussion: """
      The page is one HTML file that loads nothing. Broken adapters get a page too: their findings are its content. \
      Exits 0 when the page was made, whatever it says, and 2 when it could not be made or a path leads to no adapter; \
      'lora-tool validate' is the command that fails on findings.
      """)

  @OptionGroup var adapters: AdapterArguments

  @Option(
    help: """
      Base model: a config.json, model folder, safetensors file, index, cached repository id, or an hf://, https:// \
      or s3:// address.
      """,
    completion: .file())
  var base: String?

  @OptionGroup var check: CheckArguments

  @Option(
    help: ArgumentHelp(
      "Number of adapters, worst first, that are shown in detail.", valueName: "number"))
  var details: Int = Report.usualDetails

  @OptionGroup var threads: ThreadArguments

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Write the page to this file, or to standard output with '-'; needed where standard output is a terminal.",
      valueName: "file"),
    completion: .file())
  var output: String?

  @Flag(help: "Replace an existing output file.")
  var overwrite = false

  @OptionGroup var terminal: TerminalOptions

  func run() throws {
    var options = try check.options()
    guard (0...1_000).contains(details) else { throw ValidationError("--details wants a number from 0 to 1000") }
    options.workers = threads.workers
    if output == nil, StandardOutput.isTerminal {
      throw ValidationError("the page is HTML, nothing to read on a terminal; give --output FILE, or '-' to print it")
    }
    if let output, output != "-" { try checkPlace(output, overwrite: overwrite) }
    let found = adapters.find(terminal)
    for problem in found.problems { StandardError.write("lora-tool: \(problem)\n") }
    guard !found.paths.isEmpty else { throw ExitStatus.failed }
    let base = try base.map { try openBase($0, terminal) }
    let bar = terminal.bar(
      total: found.paths.reduce(0) { $0 &+ AdapterDiscovery.weightBytes(at: $1) } &* 2, unit: .bytes)
    let report = Report(
      found.paths, problems: found.problems, base: base, options: options, details: details,
      read: { bar.advance(by: $0) })
    bar.finish()
    try write(report.page(toolVersion: Version.text))
    if !found.problems.isEmpty { throw ExitStatus.failed }
  }

  private func write(_ page: String) throws(Failure) {
    guard let output, output != "-" else { return try StandardOutput.write(page) }
    try checkUnused(output)
    do throws(IOError) {
      let file = try StagedFile(for: output, overwrites: overwrite)
      try file.file.write(Array(page.utf8), at: 0)
      try file.publish()
      UsedFiles.insert(output)
      terminal.note("wrote \(output)")
    } catch {
      throw outputFailure(error, output)
    }
  }
}
