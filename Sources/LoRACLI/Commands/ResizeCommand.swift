import ArgumentParser
import JSON
import LoRADeltas
import LoRAIO
import LoRAModel
import LoRASurgery
import TensorCore

/// `lora-tool resize`.
struct ResizeCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "resize",
    abstract: "Write the best approximation of adapters at another rank.",
    discussion: """
      Every module's delta is cut to its largest singular values, which is the best that its rank can do; B·A is never \
      formed. Modules below the rank keep theirs. The scale becomes 1 (alpha = rank), and unequal ranks get patterns. \
      The error that is reported was measured on the factors as they were written. Several adapters, or a folder of \
      them, become OUTPUT/NAME each.
      """)

  @OptionGroup var adapters: AdapterArguments

  @Option(help: ArgumentHelp("Largest rank of a module.", valueName: "number"))
  var rank: Int?

  @Option(
    help: ArgumentHelp(
      "The smallest rank of each module that keeps this part of its energy, such as 0.99.", valueName: "part"))
  var energy: Double?

  @Option(
    help: ArgumentHelp(
      "The singular values above the module's largest divided by this number, such as 20.", valueName: "number"))
  var ratio: Double?

  @Option(
    help: ArgumentHelp(
      "The smallest rank of each module whose relative error is at most this, such as 0.1.", valueName: "part"))
  var error: Double?

  @Flag(help: "One rank for all modules, and for all adapters: the largest that one of them needs.")
  var uniform = false

  @Flag(help: "Fill modules that are below the rank up with zeros, so that all have it.")
  var pad = false

  @Flag(help: "Keep the scale of every module (alpha / rank) instead of making it 1.")
  var keepAlpha = false

  @Option(
    help: "How factors of stacks of experts lie where the file cannot tell: peft, peft-0.18 or unsloth.",
    transform: MergeInputs.choice)
  var expertLayout: ExpertLayout?

  @OptionGroup var arguments: SurgeryArguments

  @OptionGroup var threads: ThreadArguments

  @OptionGroup var report: MakerReport

  @OptionGroup var terminal: TerminalOptions

  func validate() throws {
    guard [rank != nil, energy != nil, ratio != nil, error != nil].count(where: { $0 }) == 1 else {
      throw ValidationError("give one of --rank, --energy, --ratio and --error")
    }
    if let rank, rank < 1 { throw ValidationError("--rank wants a number from 1 on, not \(rank)") }
    if let energy, !(energy > 0 && energy <= 1) {
      throw ValidationError("--energy wants a part above 0 and up to 1, not \(energy)")
    }
    if let ratio, !(ratio >= 1 && ratio.isFinite) {
      throw ValidationError("--ratio wants a number from 1 on, not \(ratio)")
    }
    if let error, !(error >= 0 && error < 1) {
      throw ValidationError("--error wants a part from 0 on and below 1, not \(error)")
    }
  }

  private var options: ResizeOptions {
    let rule: RankRule =
      if let energy { .energy(energy) } else if let ratio { .ratio(ratio) } else if let error {
        .error(error)
      } else { .rank(UInt64(rank ?? 1)) }
    var options = ResizeOptions(rule)
    (options.isUniform, options.pads, options.keepsScale) = (uniform, pad, keepAlpha)
    (options.dtype, options.expertLayout) = (arguments.dtype.dtype, expertLayout)
    return options
  }

  func run() throws {
    let start = CurrentProcess.monotonicSeconds
    let found = adapters.find(terminal)
    for problem in found.problems { StandardError.write("lora-tool: \(problem)\n") }
    guard found.problems.isEmpty else { throw ExitStatus.failed }
    let isFleet = found.paths.count > 1
    let inputs = found.paths.map { Adapter.load($0) }
    for input in inputs { UsedFiles.insert(input.weightsPath) }
    let outputs = try places(found.paths)
    try report.checkFiles()
    let run = SurgeryRun(terminal)
    var plans = try plan(inputs, run)
    if uniform, let rank = plans.map(\.largestRank).max() {
      for index in plans.indices { plans[index].level(to: rank) }
    }
    let members = try arguments.dryRun ? expected(plans, outputs) : write(plans, outputs, isFleet: isFleet, run)
    let report = ResizeReport(
      members: members, isFleet: isFleet, isUniform: uniform, isDryRun: arguments.dryRun,
      seconds: CurrentProcess.monotonicSeconds - start)
    try self.report.write(terminal, isGood: !arguments.dryRun) { format in
      format == .json ? [report.json.text(pretty: true)] : report.text
    }
  }

  /// Where the results go: the folder itself for one adapter, else a folder in it for each.
  private func places(_ paths: [String]) throws(Failure) -> [String?] {
    guard let output = arguments.output else { return paths.map { _ in nil } }
    let places =
      paths.count > 1 ? FolderNames.distinct(paths).map { Folder.join(output, $0) } : [output]
    if paths.count > 1, let kind = FileKind(path: output), kind != .folder {
      throw Failure("cannot write into \(escaped(output)): it is \(kind.rawValue)")
    }
    let isNew = paths.count > 1 && FileKind(path: output) == nil
    if isNew {
      let parent = Folder.parent(output)
      guard FileKind(path: parent) == .folder else {
        throw outputFailure(IOError("write", output, .system(2)), output)
      }
    } else {
      for place in places { try SurgeryRun.checkFolder(place, overwrite: arguments.overwrite, inputs: paths) }
    }
    return places
  }

  private func plan(_ inputs: [Adapter], _ run: SurgeryRun) throws(Failure) -> [ResizePlan] {
    let (options, dryRun, workers) = (options, arguments.dryRun, threads.workers)
    // Only rules that look at the values read the factors here.
    let reads = options.rule.needsValues || dryRun
    let total = reads ? inputs.reduce(0) { $0 &+ $1.factorBytes } : 0
    return try run.perform(total: total, unit: .bytes) { (control) throws(SurgeryError) in
      var plans: [ResizePlan] = []
      var refusals: [SurgeryRefusal] = []
      for input in inputs {
        do throws(SurgeryError) {
          plans.append(
            try ResizePlan(input, options, showsErrors: dryRun, workers: workers, control: control))
        } catch {
          guard case .refused(let reasons) = error else { throw error }
          refusals += reasons
        }
      }
      guard refusals.isEmpty else { throw .refused(refusals) }
      return plans
    }
  }

  private func expected(_ plans: [ResizePlan], _ outputs: [String?]) throws(Failure) -> [ResizeReport.Member] {
    var members: [ResizeReport.Member] = []
    for (plan, output) in zip(plans, outputs) {
      let bytes = try Self.surgery { () throws(SurgeryError) in
        try plan.folder(toolVersion: Version.text).folder.draft().weightBytes
      }
      members.append(ResizeReport.Member(plan, output, plan.expectation, bytes: bytes))
    }
    return members
  }

  private func write(_ plans: [ResizePlan], _ outputs: [String?], isFleet: Bool, _ run: SurgeryRun) throws(Failure)
    -> [ResizeReport.Member]
  {
    let parent = isFleet ? arguments.output.flatMap { FileKind(path: $0) == nil ? $0 : nil } : nil
    if let parent {
      do throws(IOError) { try Folder.create(parent) } catch { throw outputFailure(error, parent) }
    }
    do throws(Failure) { return try write(plans, outputs, run) } catch {
      // Adapters that are complete stay; a folder without any goes.
      if let parent { try? Folder.removeEmpty(parent) }
      throw error
    }
  }

  private func write(_ plans: [ResizePlan], _ outputs: [String?], _ run: SurgeryRun) throws(Failure)
    -> [ResizeReport.Member]
  {
    let works = try plans.map { plan throws(Failure) in
      let (folder, results) = plan.folder(toolVersion: Version.text)
      return (draft: try Self.surgery { () throws(SurgeryError) in try folder.draft() }, results: results)
    }
    let total = works.reduce(0) { $0 &+ $1.draft.weightBytes }
    let (workers, overwrite) = (threads.workers, arguments.overwrite)
    return try run.perform(total: total, unit: .bytes) { (control) throws(SurgeryError) in
      var members: [ResizeReport.Member] = []
      for (index, work) in works.enumerated() {
        guard let output = outputs[index] else { continue }
        try DraftWriter(workers: plans[index].workers(workers), control: control)
          .write(work.draft, folder: output, overwrites: overwrite)
        members.append(
          ResizeReport.Member(plans[index], output, work.results.outcome, bytes: work.draft.weightBytes))
      }
      return members
    }
  }

  private static func surgery<Result>(_ body: () throws(SurgeryError) -> Result) throws(Failure) -> Result {
    do throws(SurgeryError) { return try body() } catch { throw SurgeryRun.failure(error) }
  }
}
