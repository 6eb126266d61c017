import ArgumentParser
import LoRAEvaluation
import LoRAModel
import TensorCore

/// `lora-tool parity`.
struct ParityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parity",
    abstract: "Measure how far merged weights and the adapter served unmerged drift apart.",
    discussion: """
      For every linear module, on seeded activations: the merged weights against base plus B(A·x) as a serving engine \
      computes it, in the serving type, and both against float64. Exits 1 when a module drifts by more than \
      --max-drift, or when a padded slot or a mixed batch gives other numbers than the adapter alone.
      """)

  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
  }

  @Option(help: "Base model with weights: a folder, safetensors file, index or cached repository id.")
  var base: String

  @Option(help: "The adapter.")
  var adapter: String

  @Option(help: "The merged model; merged in memory if not given.")
  var merged: String?

  @Option(help: "Number of activations for each module.")
  var tokens = 16

  @Option(help: "Seed of the activations.")
  var seed: UInt64 = 0

  @Option(
    help: "Type that the engine computes in: bf16, f16 or f32; the base's own if not given.", transform: servingType)
  var servingDtype: DType?

  @Option(help: "Largest drift of a module: root mean square of the difference over that of the output.")
  var maxDrift: Double?

  @Option(help: "What it is computed on: host.")
  var device = "host"

  @Option(help: "Number of modules to list as text.")
  var modules = 20

  @Option(help: "Output format: text or json.")
  var format: Format = .text

  @Option(help: "Show progress: auto (on a terminal), always or never.")
  var progress: Choice = .auto

  @OptionGroup var report: ReportOptions

  func validate() throws {
    guard (1...4096).contains(tokens) else { throw ValidationError("--tokens wants a number from 1 to 4096") }
    if let maxDrift, !(maxDrift >= 0) { throw ValidationError("--max-drift wants a number from 0 on, such as 0.01") }
    guard modules >= 0 else { throw ValidationError("--modules wants a number from 0 on") }
  }

  func run() throws {
    guard device == "host" else {
      throw Failure("parity runs on the host only; '\(escaped(device))' is not there yet")
    }
    let model = try openBase(base)
    let other = try merged.map { try openBase($0) }
    let loaded = Adapter.load(adapter)
    var options = ParityOptions()
    options.tokens = tokens
    options.seed = seed
    options.servingDType = servingDtype
    options.maxDrift = maxDrift
    let bar = ProgressBar(isShown: progress.progress, total: UInt64(loaded.modules.count), unit: .items)
    let result: ParityReport
    do throws(ParityError) {
      result = try Parity.run(base: model, adapter: loaded, merged: other, options: options) { bar.advance(by: 1) }
    } catch {
      bar.finish()
      throw Failure("\(error)")
    }
    bar.finish()
    switch format {
    case .text: try report.write(result.text(limit: modules))
    case .json: try report.write([result.json(toolVersion: Version.text).text(pretty: true)])
    }
    if !result.isPassed { throw ExitStatus.findings }
  }
}
