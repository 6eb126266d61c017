import ArgumentParser
import JSON
import LoRAIO
import LoRAMerge

/// `lora-tool verify`.
struct VerifyCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check a merged model against its base and adapters.",
    discussion: """
      Compares every untouched tensor and side file byte for byte and computes rows of the changed tensors again in \
      float64. The options of the merge are read from its record, lora-merge.json; those given here count instead. \
      Exits 1 when something differs.
      """)

  @Argument(help: "The merged model folder.", completion: .directory)
  var merged: String

  @OptionGroup var inputs: MergeInputs

  @Flag(help: "Compute every row of the changed tensors again instead of a sample.")
  var full = false

  @OptionGroup var threads: ThreadArguments

  @Option(help: "Output format of the report: text or json.")
  var format: ReportFormat = .text

  @OptionGroup var report: ReportOptions

  @OptionGroup var terminal: TerminalOptions

  func run() throws {
    CurrentProcess.keepFreedMemory()
    guard FileKind(path: merged) == .folder else {
      throw Failure(
        "there is no merged model at \(escaped(merged)): expected the folder that 'lora-tool merge' wrote"
          + suggestion(forPath: merged))
    }
    let interruption = Interruption()
    let plan = try inputs.plan(asRecordedIn: merged, terminal)
    let verification = try verifyMerge(
      of: plan, at: merged, depth: full ? .full : .sample, jobs: threads.workers, interruption)
    switch format {
    case .json:
      var members: JSONObject = ["merged": .string(merged)]
      for (key, value) in verification.json.object?.members ?? [] { members[key] = value }
      try report.write(terminal, document: .document("verify", toolVersion: Version.text, members))
    case .text: try report.write(terminal, text: verification.text, isGood: verification.isSound)
    }
    if !verification.isSound { throw ExitStatus.findings }
  }
}
