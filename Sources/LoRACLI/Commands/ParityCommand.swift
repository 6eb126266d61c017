import ArgumentParser
import CUDADriver
import JSON
import LoRAEngines
import LoRAIO
import LoRAMerge
import LoRAModel
import LoRAParity
import LoRASlotsCUDA
import LoRAValidate

/// `lora-tool parity`.
struct ParityCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "parity",
    abstract: "Measure how far merged weights and the adapter served unmerged drift apart.",
    discussion: """
      For every module, on seeded activations: the merged weights against base plus B(A·x) as a serving engine \
      computes it, in the serving type, and both against float64. Exits 1 when a module drifts by more than \
      --max-drift, or when a padded slot or a mixed batch gives other numbers than the adapter alone. Modules that no \
      engine serves are measured merged, and listed with the reason.
      """)

  @Option(
    help: """
      Base model with weights: a folder, safetensors file, index, cached repository id, or an hf://, https:// or s3:// \
      address.
      """, completion: .file())
  var base: String

  @Option(help: "The adapter, a path or address.", completion: .file())
  var adapter: String

  @Option(help: "The merged model; merged in memory if not given.", completion: .file())
  var merged: String?

  @Option(help: ArgumentHelp("Number of activations for each module.", valueName: "number"))
  var tokens = 16

  @Option(help: ArgumentHelp("Seed of the activations.", valueName: "number"))
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Serving engine whose verdict on the adapter is reported as well, as 'validate --engine' gives it.",
      valueName: "engine"), completion: .list(Engine.spellings))
  var engine: String?

  @Option(help: "Type that the engine computes in: bf16, f16 or f32; the base's own if not given.")
  var servingDtype: ServingDType?

  @Option(
    help: ArgumentHelp(
      "Largest drift of a module: root mean square of the difference over that of the output.", valueName: "number"))
  var maxDrift: Double?

  @Option(
    help: "How factors of stacks of experts lie where the file cannot tell: peft, peft-0.18 or unsloth.",
    transform: MergeInputs.choice)
  var expertLayout: ExpertLayout?

  @Option(help: "Where the served path is computed: host, cuda or cuda:N.")
  var device = "host"

  @Option(help: ArgumentHelp("Number of modules to list as text.", valueName: "number"))
  var modules = 20

  @Option(help: "Output format: text or json.")
  var format: ReportFormat = .text

  @OptionGroup var report: ReportOptions

  @OptionGroup var terminal: TerminalOptions

  func validate() throws {
    guard (1...4096).contains(tokens) else { throw ValidationError("--tokens wants a number from 1 to 4096") }
    if let maxDrift, !(maxDrift >= 0) { throw ValidationError("--max-drift wants a number from 0 on, such as 0.01") }
    guard isSlotDevice(device), device != "auto" else {
      throw ValidationError("--device wants host, cuda or cuda:N, not '\(escaped(device))'")
    }
    if let engine { _ = try Engine(argument: engine) }
    guard modules >= 0 else { throw ValidationError("--modules wants a number from 0 on") }
  }

  func run() throws {
    CurrentProcess.keepFreedMemory()
    let model = try openBase(base, terminal)
    let other = try merged.map { try openBase($0, terminal) }
    let loaded = Adapter.load(adapter)
    var options = ParityOptions()
    options.tokens = tokens
    options.seed = seed
    options.servingDType = servingDtype?.dtype
    options.maxDrift = maxDrift
    options.expertLayout = expertLayout
    let place = try parityDevice()
    // A GPU works for one thread at a time.
    options.workers = device == "host" ? min(Workers.processorCount, 16) : 1
    let bar = terminal.bar(total: UInt64(loaded.modules.count), unit: .items)
    let result: ParityReport
    do throws(ParityError) {
      result = try Parity.run(base: model, adapter: loaded, merged: other, options: options, device: place) {
        bar.advance(by: 1)
      }
    } catch {
      bar.finish()
      throw Failure("\(error)")
    }
    bar.finish()
    let serving = try serving(on: model)
    switch format {
    case .text:
      let verdict = serving.map { ["", $0.sentence] + $0.reasons.map { "  \($0)" } } ?? []
      try report.write(terminal, text: result.text(limit: modules) + verdict, isGood: result.isPassed)
    case .json:
      var document = result.json(toolVersion: Version.text).object ?? JSONObject()
      document["serving"] = serving?.json
      try report.write(terminal, document: .object(document))
    }
    if !result.isPassed { throw ExitStatus.findings }
  }

  /// What the engine makes of the adapter, by the same check as `validate`.
  private func serving(on base: BaseModel) throws -> AdapterResult.Serving? {
    guard let engine else { return nil }
    var options = ValidationOptions()
    options.engine = try Engine(argument: engine)
    options.headerOnly = true
    // The rank is a matter of how the engine is started.
    options.serving.maxLoRARank = .max
    return Validation.run([adapter], base: base, options: options).adapters.first?.serving
  }

  private func parityDevice() throws -> ParityDevice {
    guard device != "host" else { return .host }
    do throws(CUDAError) {
      let gpu = try CUDAProducts(cudaOrdinal(device))
      return ParityDevice(name: gpu.name) { matrix, rows, length, tokens, count throws(ParityError) in
        do throws(CUDAError) {
          return try gpu.products(matrix, rows: rows, length: length, tokens: tokens, count: count)
        } catch {
          throw .device("\(gpu.name): the products failed: \(error)")
        }
      }
    } catch {
      throw Failure("\(escaped(device)): the GPU cannot be used: \(escaped("\(error)", limit: 2_000))")
    }
  }
}
