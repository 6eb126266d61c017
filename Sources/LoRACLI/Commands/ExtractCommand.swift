import ArgumentParser
import JSON
import LoRADeltas
import LoRAIO
import LoRAModel
import LoRASurgery
import Safetensors
import TensorCore

/// `lora-tool extract`.
struct ExtractCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "extract",
    abstract: "Write the adapter that turns one model into another.",
    discussion: """
      The difference of the two models is taken from the values that are stored, and the largest singular values of it \
      become factors (alpha = rank, scale 1), for every module that LoRA can target. Other tensors that changed, such as \
      norms, biases and resized embeddings, are saved whole. The error that is reported was measured on the factors as \
      they were written.
      """)

  @Option(
    help: """
      The model to start from, with weights: a folder, safetensors file, index, cached repository id, or an hf://, \
      https:// or s3:// address.
      """,
    completion: .file())
  var base: String

  @Option(help: "The model that the adapter is to make of it.", completion: .file())
  var tuned: String

  @Option(help: ArgumentHelp("Rank of every module; with --energy the largest.", valueName: "number"))
  var rank: Int?

  @Option(
    help: ArgumentHelp(
      """
      The smallest rank of each module that keeps this part of its difference's energy, such as 0.99, and never what is \
      below the noise of rounding.
      """, valueName: "part"))
  var energy: Double?

  @Flag(help: "Leave out what is not LoRA: norms, biases, other tensors that are saved whole; the report lists them.")
  var onlyLora = false

  @Option(help: ArgumentHelp("Seed of the random vectors; the same seed gives the same bytes.", valueName: "number"))
  var seed: UInt64 = 0

  @OptionGroup var arguments: SurgeryArguments

  @OptionGroup var threads: ThreadArguments

  @OptionGroup var report: MakerReport

  @OptionGroup var terminal: TerminalOptions

  func validate() throws {
    guard rank != nil || energy != nil else {
      throw ValidationError("give --rank, or --energy such as 0.99, or both to limit the rank")
    }
    if let rank, rank < 1 || UInt64(rank) > LoRAPair.rankLimit {
      throw ValidationError("--rank wants a number from 1 to \(LoRAPair.rankLimit), not \(rank)")
    }
    if let energy, !(energy > 0 && energy <= 1) {
      throw ValidationError("--energy wants a part above 0 and up to 1, not \(energy)")
    }
  }

  private var options: ExtractOptions {
    var options = ExtractOptions(ExtractRule(rank: rank.map { UInt64($0) }, energy: energy))
    (options.onlyLoRA, options.dtype, options.seed) = (onlyLora, arguments.dtype.dtype, seed)
    return options
  }

  func run() throws {
    let start = CurrentProcess.monotonicSeconds
    let models = (base: try Self.open(base, "base"), tuned: try Self.open(tuned, "tuned model"))
    for model in [models.base, models.tuned] {
      for file in model.checkpoint?.files ?? [] { UsedFiles.insert(file.path) }
    }
    if let output = arguments.output {
      try SurgeryRun.checkFolder(output, overwrite: arguments.overwrite, inputs: [base, tuned])
    }
    try report.checkFiles()
    let run = SurgeryRun(terminal)
    let (options, dryRun, workers) = (options, arguments.dryRun, threads.workers)
    let passes: UInt64 = dryRun || energy != nil ? 2 : 1
    let plan = try run.perform(
      total: ExtractPlan.inputBytes(base: models.base, tuned: models.tuned, passes: passes), unit: .bytes
    ) { (control) throws(SurgeryError) in
      try ExtractPlan(
        base: models.base, tuned: models.tuned, options, computes: dryRun, workers: workers, control: control)
    }
    let bytes = try Self.surgery { () throws(SurgeryError) in
      try plan.folder(toolVersion: Version.text).folder.draft().weightBytes
    }
    var outcome = plan.outcome
    if let output = arguments.output, !dryRun {
      let overwrite = arguments.overwrite
      outcome = try run.perform(total: bytes, unit: .bytes) { (control) throws(SurgeryError) in
        let (folder, results) = plan.folder(toolVersion: Version.text, control: control)
        try DraftWriter(workers: workers, control: control)
          .write(try folder.draft(), folder: output, overwrites: overwrite)
        return results.outcome
      }
    }
    let report = ExtractReport(
      base: base, tuned: tuned, output: arguments.output, plan: plan, outcome: outcome, bytes: bytes,
      isDryRun: dryRun, seconds: CurrentProcess.monotonicSeconds - start)
    try self.report.write(terminal, isGood: !dryRun) { format in
      format == .json ? [report.json.text(pretty: true)] : report.text
    }
  }

  private static func open(_ path: String, _ role: String) throws(Failure) -> BaseModel {
    do throws(BaseModelError) { return try BaseModel.open(path) } catch {
      throw Failure("the \(role) cannot be used: \(error.description)")
    }
  }

  private static func surgery<Result>(_ body: () throws(SurgeryError) -> Result) throws(Failure) -> Result {
    do throws(SurgeryError) { return try body() } catch { throw SurgeryRun.failure(error) }
  }
}
