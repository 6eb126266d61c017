import ArgumentParser
import Diagnostics
import JSON
import LoRADeltas
import LoRAIO
import LoRAModel
import LoRASurgery
import TensorCore

extension CombineMethod: ExpressibleByArgument {}
extension SignElection: ExpressibleByArgument {}

/// `lora-tool combine`.
struct CombineCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "combine",
    abstract: "Write one adapter out of several: their sum, exact or cut to a rank, or merged entry by entry.",
    discussion: """
      cat is the exact sum of the weighted deltas, at the sum of the ranks; linear is that sum cut to the largest rank, \
      svd to --rank. PEFT's linear multiplies factors of different adapters with each other, which for two unrelated \
      adapters is 54 to 79 % away from their sum. ties, dare_linear, dare_ties and magnitude_prune work on the entries of \
      the deltas, as PEFT's types of those names with _svd do (its own types without it prune the factors: ties is 77 to \
      95 % away), and cut the result to --rank, by default the sum of the ranks; the energy that is kept is reported, \
      for pruned deltas often less than 80 %. A module that an adapter lacks counts as a delta of zero. The scale of the \
      result is 1. DoRA, lora_bias and adapters of different bases are refused.
      """)

  @Option(
    help: ArgumentHelp("An adapter; may be given several times.", valueName: "path"), completion: .file())
  var adapter: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "What the adapter at the same position counts for; 1 by default, negative to take away.", valueName: "number"))
  var weight: [Double] = []

  @Option(help: "How: cat, linear, svd, ties, dare_linear, dare_ties or magnitude_prune.")
  var method: CombineMethod

  @Option(help: ArgumentHelp("Rank of every module of the result, at most its sizes.", valueName: "number"))
  var rank: Int?

  @Option(
    help: ArgumentHelp("The part of the entries of each delta that is kept, such as 0.5.", valueName: "part"))
  var density: Double?

  @Option(help: "What elects the sign of an entry in ties and dare_ties: the total of the entries or their frequency.")
  var sign: SignElection?

  @Option(
    help: ArgumentHelp("Seed of the entries that dare_linear and dare_ties draw; 0 by default.", valueName: "number"))
  var seed: UInt64?

  @OptionGroup var arguments: SurgeryArguments

  @OptionGroup var threads: ThreadArguments

  @OptionGroup var report: MakerReport

  @OptionGroup var terminal: TerminalOptions

  func validate() throws {
    try checkWeights(weight, of: adapter)
    if let rank, rank < 1 { throw ValidationError("--rank wants a number from 1 on, not \(rank)") }
    if method == .svd, rank == nil { throw ValidationError("--method svd wants a --rank to cut the sum to") }
    if rank != nil, method == .cat || method == .linear {
      throw ValidationError("--rank has no meaning with --method \(method.rawValue); use svd to cut the sum to a rank")
    }
    if let density, !(density > 0 && density <= 1) {
      throw ValidationError("--density wants a part above 0 and up to 1, not \(density)")
    }
    if method.prunes, density == nil {
      throw ValidationError("--method \(method.rawValue) wants a --density such as 0.5")
    }
    if density != nil, !method.prunes {
      throw ValidationError("--density has a meaning with ties, dare_linear, dare_ties and magnitude_prune alone")
    }
    if sign != nil, !method.elects { throw ValidationError("--sign has a meaning with ties and dare_ties alone") }
    if seed != nil, !method.draws { throw ValidationError("--seed has a meaning with dare_linear and dare_ties alone") }
  }

  private var options: CombineOptions {
    var options = CombineOptions(method)
    (options.rank, options.density) = (rank.map { UInt64($0) }, density ?? 1)
    (options.sign, options.seed, options.dtype) = (sign ?? .total, seed ?? 0, arguments.dtype.dtype)
    return options
  }

  func run() throws {
    let start = CurrentProcess.monotonicSeconds
    var inputs: [CombinePlan.Input] = []
    for (position, path) in adapter.enumerated() {
      let adapter = try loadAdapter(path)
      UsedFiles.insert(adapter.weightsPath)
      inputs.append(CombinePlan.Input(adapter, weight: position < weight.count ? weight[position] : 1))
    }
    if let output = arguments.output {
      try SurgeryRun.checkFolder(output, overwrite: arguments.overwrite, inputs: adapter)
    }
    try report.checkFiles()
    let run = SurgeryRun(terminal)
    let plan: CombinePlan
    let work: (draft: AdapterDraft, results: CombineResults)
    do throws(SurgeryError) {
      plan = try CombinePlan(inputs, options)
      let (folder, results) = try plan.folder(toolVersion: Version.text)
      work = (try folder.draft(), results)
    } catch {
      throw SurgeryRun.failure(error)
    }
    var outcome = plan.expectation
    if let output = arguments.output, !arguments.dryRun {
      let workers = plan.workers(threads.workers)
      try run.perform(total: work.draft.weightBytes, unit: .bytes) { (control) throws(SurgeryError) in
        try DraftWriter(workers: workers, control: control)
          .write(work.draft, folder: output, overwrites: arguments.overwrite)
      }
      outcome = work.results.outcome
    }
    let report = CombineReport(
      plan: plan, outcome: outcome, output: arguments.dryRun ? nil : arguments.output, bytes: work.draft.weightBytes,
      seconds: CurrentProcess.monotonicSeconds - start)
    try self.report.write(terminal, isGood: !arguments.dryRun) { format in
      format == .json ? [report.json.text(pretty: true)] : report.text
    }
  }
}

/// What `combine` says about its work.
private struct CombineReport {
  let plan: CombinePlan
  let outcome: CombineOutcome
  /// Nil for a run that writes nothing.
  let output: String?
  let bytes: UInt64
  let seconds: Double

  /// Modules that the text lists, those with the largest errors.
  private static let shown = 12

  var json: JSONValue {
    var members: JSONObject = [
      "method": .string(plan.options.method.rawValue), "output": JSONValue(output), "dry_run": .bool(output == nil),
      "adapters": .array(
        plan.inputs.map { ["path": .string($0.adapter.path), "weight": .real($0.weight)] }),
      "bytes": JSONValue(bytes), "seconds": .real(seconds),
    ]
    for (key, value) in outcome.json(adapters: plan.inputs.count).members { members[key] = value }
    return .document("combine", toolVersion: Version.text, members)
  }

  var text: [String] {
    let names = plan.inputs.map { input in
      "\(input.weight == 1 ? "" : "\(input.weight) x ")\(escaped(input.adapter.path))"
    }
    var lines = [
      "\(output.map { "wrote \(escaped($0))" } ?? "would write an adapter"): \(plan.options.method.rawValue) of "
        + names.joined(separator: ", "),
      "  \(counted(outcome.modules.count, "module")), rank \(rankText), \(ByteCount(bytes))",
    ]
    guard let energy = outcome.energy, let error = outcome.error else { return lines }
    lines.append(
      "  energy kept \(fixed(100 * energy, 2)) %, relative error \(fixed(100 * error, 2)) % of what was written")
    var table = TextTable([
      ("module", .left), ("ranks", .left), ("rank", .right), ("energy", .right), ("error", .right),
    ])
    let worst = outcome.modules.ordered { ($1.error ?? 0, $0.name) < ($0.error ?? 0, $1.name) }
    for module in worst.prefix(Self.shown) {
      table.add([
        escaped(module.name, limit: 120), module.ranks.map { "\($0.rank)" }.joined(separator: " + "), "\(module.rank)",
        "\(fixed(100 * (module.energy ?? 0), 2)) %", "\(fixed(100 * (module.error ?? 0), 2)) %",
      ])
    }
    lines += [""] + table.lines(indent: "  ")
    let left = worst.count - Self.shown
    return left > 0 ? lines + ["  \(counted(left, "more module")) with smaller errors"] : lines
  }

  private var rankText: String {
    let ranks = outcome.modules.map(\.rank)
    guard let low = ranks.min(), let high = ranks.max() else { return "0" }
    return low == high ? "\(low)" : "\(low) to \(high)"
  }
}
