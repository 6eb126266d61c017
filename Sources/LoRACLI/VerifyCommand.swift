import ArgumentParser
import LoRAIO
import LoRAMerge
import TensorCore

/// `lora-tool verify`.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check a merged model against its base and adapters.",
    discussion: """
      Compares every untouched tensor and side file byte for byte and computes rows of the changed tensors again in \
      float64. The options of the merge are read from its record, lora-merge.json; those given here count instead. \
      Exits 1 when something differs.
      """)

  @Argument(help: "The merged model folder.")
  var merged: String

  @OptionGroup var inputs: MergeInputs

  @Flag(help: "Compute every row of the changed tensors again instead of a sample.")
  var full = false

  @Option(help: "Number of threads; all processors by default.")
  var jobs: Int?

  @Option(help: "Output format of the report: text or json.")
  var format: ReportFormat = .text

  func run() throws {
    if let jobs, jobs < 1 { throw ValidationError("--jobs wants a positive number") }
    let interruption = Interruption()
    let plan = try inputs.plan(asRecordedIn: merged)
    let verification = try verifyMerge(
      of: plan, at: merged, depth: full ? .full : .sample, jobs: jobs ?? Workers.processorCount, interruption)
    switch format {
    case .json:
      var document: JSONObject = [
        "schema": "lora-tool/verify/1", "tool_version": .string(Version.text), "merged": .string(merged),
      ]
      for (key, value) in verification.json.object?.members ?? [] { document[key] = value }
      try StandardOutput.write(JSONValue.object(document).text(pretty: true) + "\n")
    case .text: try StandardOutput.write(lines: verification.text)
    }
    if !verification.isSound { throw ExitStatus.findings }
  }
}
