import ArgumentParser
import JSON
import LoRAEvalGate
import LoRAIO

/// `lora-tool gate`.
struct GateCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "gate",
    abstract: "Compare a model's tool calls before and after a change.",
    discussion: """
      Both files hold one JSON object in each line: "id", the calls as "tool_calls" (OpenAI's form) or "name" and \
      "arguments", and if known "expected" and "adapter". An answer is right when the names are equal and the \
      arguments are the same JSON. Exits 1 when the share of right answers of an adapter falls by more than the limit.
      """)

  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
    case junit
    case markdown
  }

  @Option(help: "Answers before the change, JSON lines; - is standard input.", completion: .file())
  var baseline: String

  @Option(help: "Answers after the change, JSON lines; - is standard input.", completion: .file())
  var candidate: String

  @Option(
    help: "Largest fall of an adapter's score, as a share of its prompts: 0.5% or 0.005.", transform: Self.share)
  var maxRegression: Share = .halfPercent

  @Flag(help: "Several calls of one answer may come in any order.")
  var ignoreCallOrder = false

  @Option(help: ArgumentHelp("Number of changed answers to list.", valueName: "number"))
  var changes = 20

  @Option(help: "Output format: text, json, junit or markdown.")
  var format: Format = .text

  @OptionGroup var report: ReportOptions

  @OptionGroup var terminal: TerminalOptions

  private static func share(_ text: String) throws -> Share {
    guard let share = Share(parsing: text) else { throw ValidationError("expected a share such as 0.5% or 0.005") }
    return share
  }

  func validate() throws {
    if baseline == "-" && candidate == "-" { throw ValidationError("standard input can be read once only") }
    guard (0...1_000_000).contains(changes) else { throw ValidationError("--changes wants a number up to 1000000") }
  }

  func run() throws {
    var options = GateOptions()
    options.maxRegression = maxRegression
    options.ignoresCallOrder = ignoreCallOrder
    options.changeLimit = changes
    let files = (baseline: try openInput(baseline), candidate: try openInput(candidate))
    let bar = terminal.bar(total: files.baseline.size &+ files.candidate.size, unit: .bytes)
    let result: GateReport
    do throws(GateError) {
      result = try Gate.run(baseline: files.baseline, candidate: files.candidate, options: options) {
        bar.advance(by: $0)
      }
    } catch {
      bar.finish()
      throw Failure("\(error)")
    }
    bar.finish()
    switch format {
    case .text: try report.write(terminal, text: result.text, isGood: result.isPassed)
    case .json: try report.write(terminal, document: result.json(toolVersion: Version.text))
    case .junit: try report.write(terminal, result.junit)
    case .markdown: try report.write(terminal, result.markdown)
    }
    if !result.isPassed { throw ExitStatus.findings }
  }
}
