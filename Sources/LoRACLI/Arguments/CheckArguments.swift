import ArgumentParser
package import Diagnostics
import JSON
import LoRAEngines
import LoRAPolicy
package import LoRAValidate

/// What adapters are checked for besides themselves: an engine and its limits, a policy.
package struct CheckArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Serving engine to check for: \(Engine.all.map(\.name).joined(separator: ", ")); a release after @, as in "
        + "vllm@0.32, else the newest that is known ('lora-tool engines').", valueName: "engine"),
    completion: .list(Engine.spellings))
  var engine: String?

  @Option(help: ArgumentHelp("The engine's max_lora_rank; its own default if not given.", valueName: "number"))
  var maxLoraRank: UInt64?

  @Option(help: "Type that the engine holds adapters in: bf16, f16 or f32.")
  var servingDtype: ServingDType = .bf16

  @Option(help: ArgumentHelp("Number of tensor-parallel ranks of the engine.", valueName: "number"))
  var tensorParallel: UInt64 = 1

  @Option(help: "Target modules that the engine is restricted to, as its own option takes them, separated by commas.")
  var targetModules: String?

  @Flag(help: "vLLM is started with --enable-tower-connector-lora: vision and audio towers take adapters.")
  var towerConnectorLora = false

  @Flag(help: "vLLM is started with --enable-mixed-moe-lora-format: whole expert stacks are taken by every class.")
  var mixedMoeFormat = false

  @Flag(help: "The model is served for pooling (embeddings, classification), not for generation.")
  var pooling = false

  @Option(
    help: "Policy file with the limits of your platform, or -; 'lora-tool policy init' writes one to start from.",
    completion: .file())
  var policy: String?

  /// Arguments are filled in by the parser.
  package init() {}

  /// The options of a check that follow from these.
  package func options() throws -> ValidationOptions {
    var options = ValidationOptions()
    if let engine {
      options.engine = try Engine(argument: engine)
    }
    if maxLoraRank == 0 { throw ValidationError("--max-lora-rank wants a number from 1 on, not 0") }
    if tensorParallel == 0 { throw ValidationError("--tensor-parallel wants a number from 1 on, not 0") }
    if let policy { options.policy = try Policy(reading: policy) }
    options.serving.maxLoRARank = maxLoraRank
    options.serving.servingDType = servingDtype
    options.serving.tensorParallel = tensorParallel
    options.serving.targetModules = targetModules?.split(separator: ",").map { String($0) }
    options.serving.adaptsTowers = towerConnectorLora
    options.serving.mixesExpertFormats = mixedMoeFormat
    if pooling { options.serving.pools = true }
    return options
  }
}

/// The level from which findings fail a check.
package enum FailingLevel: String, CaseIterable, ExpressibleByArgument {
  case error
  case warning

  /// The same as of findings.
  package var severity: Severity { self == .error ? .error : .warning }
}

extension Engine {
  /// The name with the release, as on the command line: `vllm@0.33`.
  var fullName: String { "\(name)@\(version)" }

  /// What an option may name: every engine, and every release of one.
  static var spellings: [String] { all.map(\.name) + releases.map(\.fullName) }

  /// The engine that an option names, with or without a release.
  init(argument: String) throws {
    if let known = Engine(named: argument) {
      self = known
      return
    }
    let name = argument.prefix { $0 != "@" }.lowercased()
    let releases = Engine.releases.filter { $0.name == name }.map(\.version)
    guard releases.isEmpty else {
      throw ValidationError(
        "nothing is known of '\(escaped(argument))': releases of \(name) here are \(releases.joined(separator: ", "))")
    }
    throw ValidationError(
      "unknown engine '\(escaped(argument))': expected \(Engine.all.map(\.name).joined(separator: ", "))"
        + suggestion(for: argument, among: Engine.all.map(\.name)))
  }
}
