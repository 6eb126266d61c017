import ArgumentParser
import JSON
import LoRAIO
import LoRAMerge
import LoRAModel
import LoRAValidate
import TensorCore

/// `lora-tool merge`.
struct MergeCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Write the base model with the adapters merged into its weights.",
    discussion: """
      The output is a complete model folder laid out like the base: the same files, names and order, with only the \
      adapted tensors changed and every side file copied. It appears whole or not at all, and the base is never \
      written to. Adapters are checked first; one that does not fit is refused before anything is written. \
      There is no unmerge and no merge in place: rounding drops bits that no subtraction brings back. What undoes a \
      merge is the base, which lora-merge.json in the output names; --dry-run says beforehand what would be written.
      """)

  @OptionGroup var inputs: MergeInputs

  @Option(
    name: .shortAndLong, help: "The folder to write; it must not exist unless --overwrite is given.",
    completion: .directory)
  var output: String

  @Flag(help: "Replace an existing output folder when the new one is complete.")
  var overwrite = false

  @Flag(
    help: """
      Go on with an interrupted merge of the same inputs, and keep what is finished when this one is interrupted; an \
      output that is complete already is no error.
      """)
  var resume = false

  @Option(
    help: """
      Write only the I-th of N parts of the shards (0 <= I < N), so that N processes or machines share the work; the \
      last one publishes the output. Implies --resume.
      """,
    transform: MergeCommand.part)
  var shard: MergePartition?

  @Flag(help: "Print what would be done and write nothing.")
  var dryRun = false

  @Option(
    defaultAsFlag: .sample,
    help: "Read the output again and check it: 'sample' (some rows of every changed tensor) or 'full'.")
  var verify: VerificationDepth?

  @OptionGroup var threads: ThreadArguments

  @OptionGroup var report: MakerReport

  @OptionGroup var terminal: TerminalOptions

  private static func part(_ text: String) throws -> MergePartition {
    guard let shard = Partition(text), let index = Int(exactly: shard.index), let count = Int(exactly: shard.count),
      let part = MergePartition(index: index, count: count)
    else { throw ValidationError("expected I/N with 0 <= I < N, such as 0/4") }
    return part
  }

  func run() throws {
    // Before any thread starts: the signals that end a program let the merge remove what it has begun to write.
    let interruption = Interruption()
    CurrentProcess.keepFreedMemory()
    let plan = try inputs.plan(terminal)
    if dryRun { return try write(plan) }
    try report.checkFiles()
    let bar = terminal.bar(total: plan.outputBytes, unit: .bytes)
    var executor = MergeExecutor(plan)
    executor.jobs = threads.workers
    executor.overwrites = overwrite
    executor.resumes = resume
    executor.part = shard
    let control = MergeControl { done, _ in bar.update(done: done) }
    interruption.stops(control)
    let outcome = try catching { () throws(MergeError) in try executor.run(to: output, control: control) }
    bar.finish()
    let summary = MergeSummary(plan, outcome, output: output)
    // Of a part there is nothing to verify until the others are there.
    let verification = try (outcome.isComplete ? verify : nil).map { depth in
      try verifyMerge(of: plan, at: output, depth: depth, jobs: executor.jobs, interruption)
    }
    try write(summary, verification)
    if verification?.isSound == false { throw ExitStatus.findings }
  }

  private func write(_ plan: MergePlan) throws(Failure) {
    try report.write(terminal, isGood: false) { format in
      switch format {
      case .json: [plan.json(toolVersion: Version.text, output: output).text(pretty: true)]
      case .text: plan.text(output: output)
      }
    }
  }

  private func write(_ summary: MergeSummary, _ verification: MergeVerification?) throws(Failure) {
    let isGood = verification?.isSound ?? true
    try report.write(terminal, isGood: isGood) { format in
      switch format {
      case .json:
        var document = summary.json(toolVersion: Version.text).object ?? JSONObject()
        document["verification"] = verification?.json
        return [JSONValue.object(document).text(pretty: true)]
      case .text: return summary.text + (verification?.text ?? [])
      }
    }
  }
}
