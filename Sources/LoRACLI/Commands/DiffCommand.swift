import ArgumentParser
import JSON
import LoRADeltas
import LoRAIO
import LoRAModel
import LoRASurgery

/// `lora-tool diff`.
struct DiffCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Compare two adapters: structure, and how far apart their deltas are, module by module.",
    discussion: """
      Compares what the adapters do, s·B·A, and not their factors: ranks, alphas, formats and types may differ. Exits 0 \
      when the relative distance of all modules together and of each is within --tolerance, 1 when it is not, and 2 when \
      the two cannot be compared: other bases, other shapes, nothing in common.
      """)

  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
    case markdown
  }

  @Argument(
    help: "The first adapter: a folder, a .safetensors or .safetensors.zst file, or an address.", completion: .file())
  var a: String

  @Argument(help: "The second adapter.", completion: .file())
  var b: String

  @Option(
    help: """
      Base model of both: aligns names, and with weights compares DoRA as merged weights and sizes with those of the \
      weights.
      """, completion: .file())
  var base: String?

  @Option(
    help: ArgumentHelp(
      "Relative distance up to which deltas count as equal; 0 allows for rounding in float64 alone.",
      valueName: "number"))
  var tolerance = 0.0

  @Option(help: ArgumentHelp("Number of modules in the table of text and Markdown.", valueName: "number"))
  var modules = AdapterDiff.usualModules

  @OptionGroup var threads: ThreadArguments

  @Option(help: "Output format: text, json or markdown.")
  var format: Format = .text

  @OptionGroup var report: ReportOptions

  @OptionGroup var terminal: TerminalOptions

  func validate() throws {
    if !(tolerance >= 0 && tolerance.isFinite) {
      throw ValidationError("--tolerance wants a number from 0 on such as 1e-3, not \(tolerance)")
    }
    if modules < 0 { throw ValidationError("--modules wants a number from 0 on, not \(modules)") }
  }

  func run() throws {
    let base = try base.map { try openBase($0, terminal) }
    let adapters = (try loadAdapter(a), try loadAdapter(b))
    let bar = terminal.bar(total: UInt64(max(adapters.0.modules.count, adapters.1.modules.count)), unit: .items)
    let diff: AdapterDiff
    do throws(SurgeryError) {
      diff = try AdapterDiff(
        adapters.0, adapters.1, base: base, tolerance: tolerance, workers: threads.workers,
        control: SurgeryControl { bar.advance(by: $0) })
      bar.finish()
    } catch {
      bar.finish()
      throw SurgeryRun.failure(error)
    }
    try write(diff)
    switch diff.status {
    case .equal: return
    case .different: throw ExitStatus.findings
    case .notComparable:
      for reason in diff.reasons { StandardError.write("lora-tool: \(reason)\n") }
      throw ExitStatus.failed
    }
  }

  private func write(_ diff: AdapterDiff) throws(Failure) {
    switch format {
    case .json: try report.write(terminal, document: diff.document(toolVersion: Version.text))
    case .markdown: try report.write(terminal, diff.markdown(modules: modules))
    case .text: try report.write(terminal, text: diff.text(modules: modules), isGood: diff.status == .equal)
    }
  }
}

/// The one adapter at a path.
func loadAdapter(_ path: String) throws(Failure) -> Adapter {
  let found: [String]
  do throws(IOError) { found = try AdapterDiscovery.adapters(at: path) } catch { throw Failure(sentence(error)) }
  guard let first = found.first else {
    throw Failure(
      "no adapter found in \(escaped(path)): expected a folder with adapter_config.json, or a safetensors file")
  }
  guard found.count == 1 else {
    let names = found.prefix(3).map { escaped($0) }.joined(separator: ", ")
    throw Failure("\(escaped(path)) holds \(found.count) adapters, and one is wanted; name one of \(names)")
  }
  return Adapter.load(first)
}
