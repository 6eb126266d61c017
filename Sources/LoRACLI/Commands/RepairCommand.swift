import ArgumentParser
import Diagnostics
import JSON
import LoRADeltas
import LoRAIO
import LoRAModel
import LoRARepair
import LoRASurgery
import LoRAValidate
import TensorCore

/// `lora-tool repair`.
struct RepairCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "repair",
    abstract: "Mend what validate finds and has one right mend.",
    discussion: """
      Writes each adapter anew as a PEFT folder: names as loaders expect them, ranks and targets as the tensors show \
      them, dead entries dropped, and with --engine what makes the engine apply it as trained. What needs no mend is \
      copied byte for byte, and what is left is said. An alpha is never guessed. Several adapters get a folder each \
      below --output. Exits 0 when the results validate, 1 when findings are left, 2 when weights cannot be read. \
      'lora-tool explain RULE' says what is done about a rule's findings.
      """)

  @OptionGroup var adapters: AdapterArguments

  @Option(
    help: """
      Base model: a config.json, model folder, safetensors file, index, cached repository id, or an hf://, https:// \
      or s3:// address.
      """,
    completion: .file())
  var base: String?

  @Option(
    help: ArgumentHelp(
      "The alpha that the adapter was trained with, for configs without one or for another rank.", valueName: "number"))
  var alpha: Double?

  @OptionGroup var check: CheckArguments

  @Option(help: "Level from which findings that are left fail the result: error or warning.")
  var failOn: FailingLevel = .error

  @OptionGroup var arguments: SurgeryArguments

  @OptionGroup var threads: ThreadArguments

  @OptionGroup var report: MakerReport

  @OptionGroup var terminal: TerminalOptions

  func validate() throws {
    if let alpha, !alpha.isFinite { throw ValidationError("--alpha wants a finite number, not \(alpha)") }
  }

  func run() throws {
    let run = SurgeryRun(terminal)
    var validation = try check.options()
    validation.failOn = failOn == .error ? .error : .warning
    validation.workers = threads.workers
    let found = adapters.find(terminal)
    for problem in found.problems { StandardError.write("lora-tool: \(problem)\n") }
    guard !found.paths.isEmpty else { throw ExitStatus.failed }
    try report.checkFiles()
    let model = try base.map { try openBase($0, terminal) }
    // A file that a server did not give says nothing about the adapter.
    if let base, RemotePath.isRemote(base), let refusal = model?.refusals.first { throw Failure("\(refusal)") }
    let options = RepairOptions(base: model, alpha: alpha, dtype: arguments.dtype.dtype, validation: validation)
    let places = try self.places(for: found.paths)
    var reports: [RepairReport] = []
    for (path, place) in zip(found.paths, places) {
      do throws(Failure) {
        reports.append(try repair(path, to: place, options, run))
      } catch {
        // One adapter never stops the others.
        guard found.paths.count > 1 else { throw error }
        StandardError.write("lora-tool: \(error.message)\n")
        reports.append(
          RepairReport(
            path, output: nil, mends: [], left: [], failOn: validation.failOn, problem: error.message))
      }
    }
    let result = RepairReports(reports, isDryRun: arguments.dryRun)
    try report.write(terminal, isGood: result.areSound) { format in
      format == .json ? [result.json(toolVersion: Version.text).text(pretty: true)] : result.text
    }
    if !found.problems.isEmpty || reports.contains(where: { !$0.isDone }) { throw ExitStatus.failed }
    if !result.areSound { throw ExitStatus.findings }
  }

  /// Mends one adapter and checks what was written.
  private func repair(_ path: String, to place: String?, _ options: RepairOptions, _ run: SurgeryRun) throws(Failure)
    -> RepairReport
  {
    let failOn = options.validation.failOn
    let repair: AdapterRepair
    do throws(SurgeryError) {
      repair = try AdapterRepair(path, output: place, options: options)
    } catch {
      throw SurgeryRun.failure(error)
    }
    let plan: RepairPlan
    switch repair {
    case .planned(let planned): plan = planned
    case .unreadable(let findings):
      return RepairReport(path, output: nil, mends: [], left: findings, isReadable: false, failOn: failOn)
    }
    guard let place, !arguments.dryRun else {
      return RepairReport(
        path, output: nil, mends: plan.mends, left: plan.forecast(), failOn: failOn)
    }
    let values = try run.perform(total: plan.outputBytes, unit: .bytes) { control throws(SurgeryError) in
      let writer = DraftWriter(workers: threads.workers, control: control)
      return try plan.write(place, toolVersion: Version.text, with: writer, overwrites: arguments.overwrite)
    }
    let result = Validation.run([place], base: options.base, options: options.validation, values: values)
    let left = (result.base?.findings ?? []) + result.adapters.flatMap(\.findings)
    return RepairReport(path, output: place, mends: plan.mends, left: left, failOn: failOn)
  }

  /// Where each adapter goes: to the output itself, or below it when there are several.
  private func places(for paths: [String]) throws(Failure) -> [String?] {
    guard let output = arguments.output else { return paths.map { _ in nil } }
    if arguments.dryRun { return paths.count == 1 ? [output] : paths.map { _ in nil } }
    let inputs = paths.map { FileKind(path: $0) == .folder ? $0 : Folder.parent($0) }
    guard paths.count > 1 else {
      try SurgeryRun.checkFolder(output, overwrite: arguments.overwrite, inputs: inputs)
      return [output]
    }
    do throws(IOError) {
      if FileKind(path: output) == nil {
        try Folder.create(output)
      } else if !arguments.overwrite {
        throw IOError("write", output, .exists)
      }
    } catch {
      throw outputFailure(error, output)
    }
    let places = FolderNames.distinct(paths).map { Folder.join(output, $0) }
    for place in places where FileKind(path: place) != nil {
      try SurgeryRun.checkFolder(place, overwrite: arguments.overwrite, inputs: inputs)
    }
    return places
  }
}
