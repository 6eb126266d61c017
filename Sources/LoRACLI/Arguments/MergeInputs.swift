import ArgumentParser
import Diagnostics
import JSON
import LoRAIO
import LoRAMerge
import LoRAModel
import LoRAValidate
import Safetensors
import TensorCore

/// How much of a merged model is computed again.
enum VerificationDepth: String, CaseIterable, ExpressibleByArgument {
  case sample
  case full
}

/// What is merged into what; `merge` and `verify` share it, so that a merge can be checked by its own command line.
struct MergeInputs: ParsableArguments {
  @Option(
    help: """
      The base model with weights: a folder, safetensors file, index, cached repository id, or an hf://, https:// or \
      s3:// address.
      """, completion: .file())
  var base: String

  @Option(
    help: """
      An adapter to merge, a path or address; may be given several times, the changes add up. 'none' with --dequantize \
      writes the base itself as a plain model.
      """, completion: .file())
  var adapter: [String]

  // Unconditional, so that a negative number is not taken for an option.
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Weight of the adapter at the same position; 1 by default.", valueName: "number"))
  var weight: [Double] = []

  @Option(help: "Type of the output's weights: keep (the default), bf16, f16 or f32.")
  var dtype: OutputType?

  @Flag(
    help: """
      Make a plain model of a quantised base: every weight the exact number that its codes stand for, with the changes \
      added, rounded once to bf16 or the --dtype. The output is two to four times larger than the base.
      """)
  var dequantize = false

  @Flag(
    help: """
      Quantise the changed weights of a base in 8-bit floats (FP8) again, with fresh scales; everything else stays as it \
      is stored. The report says how much of each change is left. Types of 4 bits are refused.
      """)
  var requantize = false

  @Option(
    help: ArgumentHelp(
      "Write nothing when rounding leaves less than this share of a module's change, such as 0.3.", valueName: "share"))
  var minRetention: Double?

  @Option(
    help: "Most bytes of tensors in a shard of the output, such as 5GB; the base's own shards by default.",
    transform: MergeInputs.shardSize)
  var maxShardSize: UInt64?

  @Option(
    help: "How factors of stacks of experts lie where the file cannot tell: peft, peft-0.18 or unsloth.",
    transform: MergeInputs.choice)
  var expertLayout: ExpertLayout?

  @Option(help: "How changed weights are rounded to 16 bits: nearest (the default) or stochastic (see --seed).")
  var rounding: RoundingName?

  @Option(help: ArgumentHelp("Seed of --rounding stochastic; the same seed gives the same bytes.", valueName: "number"))
  var seed: UInt64?

  @Option(
    help: """
      What the output says of its origin: standard (the default: SHA-256 of the adapters, identity of the base), \
      full (SHA-256 of every file, which reads the base once more) or none.
      """,
    transform: MergeInputs.choice)
  var provenance: Provenance?

  @Option(
    help: ArgumentHelp(
      "Go on despite the findings of a rule that leave the change computable, such as target-missing; may be given "
        + "several times. The report and lora-merge.json name what was accepted.", valueName: "rule"),
    transform: MergeInputs.rule)
  var accept: [RuleID] = []

  @Flag(help: "Merge adapters whose check finds errors, as far as their change can be computed at all.")
  var skipValidation = false

  enum OutputType: String, CaseIterable, ExpressibleByArgument {
    case keep
    case bf16
    case f16
    case f32
  }

  enum RoundingName: String, CaseIterable, ExpressibleByArgument {
    case nearest
    case stochastic
  }

  static func choice<Choice: RawRepresentable<String> & CaseIterable>(_ text: String) throws -> Choice {
    guard let choice = Choice(rawValue: text) else {
      throw ValidationError("choose \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return choice
  }

  private static func rule(_ text: String) throws -> RuleID {
    guard let rule = RuleSet.rule(named: text) else {
      let names = RuleSet.all.map(\.id.rawValue)
      throw ValidationError(
        "there is no rule '\(escaped(text))'; 'lora-tool rules' lists them\(suggestion(for: text, among: names))")
    }
    return rule.id
  }

  private static func shardSize(_ text: String) throws -> UInt64 {
    guard let size = ByteCount(parsing: text), size.bytes > 0 else {
      throw ValidationError("expected a size such as 5GB or 500MiB, or a number of bytes")
    }
    return size.bytes
  }

  /// Whether the base itself is all that is wanted.
  private var wantsNoAdapter: Bool { adapter == ["none"] }

  func validate() throws {
    try checkWeights(weight, of: adapter)
    if dequantize, requantize { throw ValidationError("--dequantize and --requantize exclude each other") }
    if let minRetention, !(0...1).contains(minRetention) {
      throw ValidationError("--min-retention wants a share from 0 to 1, not \(minRetention)")
    }
    if seed != nil, rounding != .stochastic { throw ValidationError("--seed has a meaning with --rounding stochastic") }
  }

  /// Reads base and adapters, checks them, and plans the merge; writes nothing.
  ///
  /// - Parameter merged: a merged folder, whose record stands for options that were not given.
  func plan(asRecordedIn merged: String? = nil, _ terminal: TerminalOptions) throws -> MergePlan {
    let base = try openBase(base, terminal)
    var recorded: MergeOptions.Recorded?
    if let merged {
      recorded = try catching { () throws(MergeError) in try MergeOptions.recorded(in: merged) }
    }
    let weights = weight.isEmpty && recorded?.weights.count == adapter.count ? recorded?.weights ?? [] : weight
    let adapter = wantsNoAdapter ? [] : adapter
    let adapters = adapter.enumerated().map { position, path in
      WeightedAdapter(Adapter.load(path), weight: position < weights.count ? weights[position] : 1)
    }
    var options = options(recorded?.options)
    if wantsNoAdapter, !options.dequantizes {
      throw ValidationError("--adapter none has a meaning with --dequantize")
    }
    if options.dequantizes || options.requantizes { try report(base.dequantizationRefusals) }
    if !skipValidation, !adapter.isEmpty {
      options.accepted = try check(
        options.dequantizes || options.requantizes ? base.dequantized() ?? base : base, options.accepted)
    }
    do throws(MergeError) {
      return try MergePlan.make(base: base, adapters: adapters, options: options)
    } catch {
      if case .refused(let refusals) = error { try report(refusals) }
      throw Failure("\(error)")
    }
  }

  /// Prints reasons and ends the program, if there are any.
  private func report(_ refusals: [Refusal]) throws {
    if refusals.isEmpty { return }
    for refusal in refusals { StandardError.write("lora-tool: cannot merge: \(refusal)\n") }
    throw ExitStatus.failed
  }

  /// The options as given, on top of those recorded.
  private func options(_ recorded: MergeOptions?) -> MergeOptions {
    var options = recorded ?? MergeOptions()
    if recorded == nil || recorded?.provenance == Provenance.none { options.tool = "lora-tool \(Version.text)" }
    switch dtype {
    case nil: break
    case .keep: options.dtype = nil
    case .bf16: options.dtype = .bf16
    case .f16: options.dtype = .f16
    case .f32: options.dtype = .f32
    }
    switch rounding {
    case nil: break
    case .nearest: options.rounding = .nearest
    case .stochastic: options.rounding = .stochastic(seed: seed ?? 0)
    }
    options.requantizes = requantize || options.requantizes
    options.minimumRetention = minRetention
    options.dequantizes = dequantize || options.dequantizes
    options.maxShardBytes = maxShardSize ?? options.maxShardBytes
    options.expertLayout = expertLayout ?? options.expertLayout
    options.provenance = provenance ?? options.provenance
    return options
  }

  /// Errors that leave no doubt about what the change is.
  private static let harmless: Set<RuleID> = [.exportNaming, .valueOverflow, .securityPath]

  /// Checks the adapters; returns the findings that the user, or the record of the merge, accepts, and what says that
  /// PEFT would pass over tensors that are merged.
  private func check(_ base: BaseModel, _ recorded: [AcceptedFinding]) throws -> [AcceptedFinding] {
    var options = ValidationOptions()
    options.workers = Workers.processorCount
    let report = Validation.run(adapter, base: base, options: options)
    let findings = report.adapters.flatMap(\.findings)
    let errors = findings.filter { $0.severity == .error && !Self.harmless.contains($0.rule) }
    let rules = Set(accept.map(\.rawValue) + recorded.map(\.rule))
    let refused = errors.filter { !rules.contains($0.rule.rawValue) }
    guard !refused.isEmpty else {
      let undeclared = findings.filter { $0.rule == .targetUndeclared && $0.severity == .warning }
      return (errors + undeclared).map { AcceptedFinding(rule: $0.rule.rawValue, message: $0.message) }.uniqued
    }
    for finding in refused {
      let hint = finding.hint.map { "; \($0)" } ?? ""
      let sentence = escaped(finding.message + hint, limit: 2_000)
      StandardError.write("lora-tool: cannot merge: \(escaped(finding.file)): \(finding.rule.rawValue): \(sentence)\n")
    }
    throw ExitStatus.failed
  }
}

/// The signals that end a program as a request to stop the merge that is running.
struct Interruption {
  private let current = CurrentMerge()

  /// Holds the signals back from now on.
  init() {
    let current = current
    TerminationSignals.onFirst { current.stop() }
  }

  /// Names the merge that a signal stops.
  func stops(_ control: MergeControl) { current.set(control) }
}

/// Runs a step of a merge and turns its failure into the message and exit code of the program.
func catching<Result>(_ body: () throws(MergeError) -> Result) throws -> Result {
  do throws(MergeError) {
    return try body()
  } catch {
    StandardError.write("lora-tool: \(error)\n")
    TerminationSignals.reraise()
    throw ExitStatus.failed
  }
}

/// Checks a merged folder against the plan that it should follow.
func verifyMerge(
  of plan: MergePlan, at output: String, depth: VerificationDepth, jobs: Int, _ interruption: Interruption
) throws -> MergeVerification {
  var verifier = MergeVerifier(plan)
  verifier.jobs = jobs
  if depth == .full { verifier.depth = .full }
  let control = MergeControl()
  interruption.stops(control)
  return try catching { () throws(MergeError) in try verifier.run(on: output, control: control) }
}

/// Refuses weights that are not one for each adapter at most, and a command line without adapters.
func checkWeights(_ weight: [Double], of adapter: [String]) throws {
  if adapter.isEmpty { throw ValidationError("name at least one adapter with --adapter") }
  if weight.count > adapter.count {
    throw ValidationError(
      "--weight is given \(weight.count) times and --adapter \(adapter.count); give each adapter one weight at most")
  }
  if let bad = weight.first(where: { !$0.isFinite }) {
    throw ValidationError("--weight wants a finite number such as 0.7, not \(bad)")
  }
}
