import ArgumentParser
import LoRAEvaluation
import LoRAIO
import TensorCore

/// `lora-tool gate`.
struct GateCommand: ParsableCommand {
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

  @Option(help: "Answers before the change, JSON lines.")
  var baseline: String

  @Option(help: "Answers after the change, JSON lines.")
  var candidate: String

  @Option(
    help: "Largest fall of an adapter's score, as a share of its prompts: 0.5% or 0.005.", transform: Self.share)
  var maxRegression: Share = .halfPercent

  @Flag(help: "Several calls of one answer may come in any order.")
  var ignoreCallOrder = false

  @Option(help: "Number of changed answers to list.")
  var changes = 20

  @Option(help: "Output format: text, json, junit or markdown.")
  var format: Format = .text

  @Option(help: "Show progress: auto (on a terminal), always or never.")
  var progress: Choice = .auto

  @OptionGroup var report: ReportOptions

  private static func share(_ text: String) throws -> Share {
    guard let share = Share(parsing: text) else { throw ValidationError("expected a share such as 0.5% or 0.005") }
    return share
  }

  func run() throws {
    guard (0...1_000_000).contains(changes) else { throw ValidationError("--changes wants a number up to 1000000") }
    var options = GateOptions()
    options.maxRegression = maxRegression
    options.ignoresCallOrder = ignoreCallOrder
    options.changeLimit = changes
    let total = [baseline, candidate].reduce(UInt64(0)) { $0 &+ ((try? InputFile(path: $1).size) ?? 0) }
    let bar = ProgressBar(isShown: progress.progress, total: total, unit: .bytes)
    let result: GateReport
    do throws(GateError) {
      result = try Gate.run(baseline: baseline, candidate: candidate, options: options) { bar.advance(by: $0) }
    } catch {
      bar.finish()
      throw Failure("\(error)")
    }
    bar.finish()
    switch format {
    case .text: try report.write(result.text)
    case .json: try report.write([result.json(toolVersion: Version.text).text(pretty: true)])
    case .junit: try report.write(result.junit)
    case .markdown: try report.write(result.markdown)
    }
    if !result.isPassed { throw ExitStatus.findings }
  }
}
