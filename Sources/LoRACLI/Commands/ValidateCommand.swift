import ArgumentParser
import Diagnostics
import JSON
import LoRAEngines
import LoRAIO
import LoRAModel
import LoRAPolicy
import LoRAValidate

/// `lora-tool validate`.
struct ValidateCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check adapters before they are deployed.",
    discussion: """
      Exits 0 when nothing at or above the failing level was found, 1 when something was, 2 when the check could not \
      be made, for instance because there is no adapter at a path. 'lora-tool rules' lists what is checked, \
      'lora-tool explain RULE' says what a finding means.
      """)

  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
    case sarif
    case junit
    case github
  }

  @OptionGroup var adapters: AdapterArguments

  @Option(
    help: """
      Base model: a config.json, model folder, safetensors file, index, cached repository id, or an hf://, https:// \
      or s3:// address.
      """,
    completion: .file())
  var base: String?

  @OptionGroup var check: CheckArguments

  @Option(help: "Level from which findings fail the check: error or warning.")
  var failOn: FailingLevel = .error

  @Flag(help: "Check headers and configs only; do not read values.")
  var headerOnly = false

  @Option(help: "Check the I-th of N disjoint, stable parts of the adapters, written I/N with I from 0.")
  var shard: String?

  @OptionGroup var threads: ThreadArguments

  @Option(help: "Output format: text, json, sarif, junit or github.")
  var format: Format = .text

  @Option(
    name: .customLong("report"),
    help: ArgumentHelp(
      "Write the same findings to a file in another format as well; may be given several times.",
      valueName: "format=file"))
  var reports: [FileReport<Format>] = []

  @OptionGroup var report: ReportOptions

  @OptionGroup var terminal: TerminalOptions

  func run() throws {
    let options = try validationOptions()
    let found = adapters.find(terminal)
    for problem in found.problems { StandardError.write("lora-tool: \(problem)\n") }
    let base = try base.map { try openBase($0, terminal) }
    if found.paths.isEmpty && !adapters.adapters.isEmpty && format == .text { throw ExitStatus.failed }
    let bar = terminal.bar(
      total: options.headerOnly ? 0 : found.paths.reduce(0) { $0 &+ AdapterDiscovery.weightBytes(at: $1) }, unit: .bytes
    )
    var result = Validation.run(
      found.paths, base: base, options: options,
      progress: .init(scanned: { bar.advance(by: $0) }, checked: { _ in }))
    bar.finish()
    result.problems = found.problems
    // The files first: a reader of the output that goes away must not cost them.
    for report in reports { try report.write(render(result, as: report.format)) }
    let onlyFailures = terminal.quiet && report.output == nil
    try report.write(
      terminal, render(result, as: format, colour: report.usesColour(terminal), onlyFailures: onlyFailures))
    if !found.problems.isEmpty || found.paths.isEmpty { throw ExitStatus.failed }
    if result.exitCode != 0 { throw ExitStatus.findings }
  }

  private func validationOptions() throws -> ValidationOptions {
    var options = try check.options()
    if let shard {
      guard let part = Partition(shard) else {
        throw ValidationError("--shard wants I/N with 0 <= I < N, such as 0/4, not '\(escaped(shard))'")
      }
      options.shard = part
    }
    options.failOn = failOn.severity
    options.headerOnly = headerOnly
    options.workers = threads.workers
    return options
  }

  private func render(
    _ result: ValidationReport, as format: Format, colour: Bool = false, onlyFailures: Bool = false
  ) -> String {
    switch format {
    case .text: result.text(colour: colour, onlyFailures: onlyFailures)
    case .json: result.json(toolVersion: Version.text).text(pretty: true) + "\n"
    case .sarif: result.sarif(toolVersion: Version.text).text(pretty: true) + "\n"
    case .junit: result.junit()
    case .github: result.github()
    }
  }
}
