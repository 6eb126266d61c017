import ArgumentParser
import LoRAPolicy
import LoRAValidate
import TensorCore

/// What adapters are checked for besides themselves: an engine and its limits, a policy.
struct CheckArguments: ParsableArguments {
  @Option(
    help: "Serving engine to check for: \(Engine.all.map(\.name).joined(separator: ", ")).",
    completion: .list(Engine.all.map(\.name)))
  var engine: String?

  @Option(help: ArgumentHelp("The engine's max_lora_rank; its own default if not given.", valueName: "number"))
  var maxLoraRank: UInt64?

  @Option(help: "Type that the engine holds adapters in: bf16, f16 or f32.")
  var servingDtype: ServingDType = .bf16

  @Option(help: ArgumentHelp("Number of tensor-parallel ranks of the engine.", valueName: "number"))
  var tensorParallel: UInt64 = 1

  @Option(help: "Target modules that the engine is restricted to, separated by commas.")
  var targetModules: String?

  @Option(
    help: "Policy file with the limits of your platform, or -; 'lora-tool policy init' writes one to start from.",
    completion: .file())
  var policy: String?

  /// The options of a check that follow from these.
  func options() throws -> ValidationOptions {
    var options = ValidationOptions()
    if let engine {
      guard let known = Engine(named: engine) else {
        throw ValidationError(
          "unknown engine '\(escaped(engine))': expected \(Engine.all.map(\.name).joined(separator: ", "))"
            + suggestion(for: engine, among: Engine.all.map(\.name)))
      }
      options.engine = known
    }
    if maxLoraRank == 0 { throw ValidationError("--max-lora-rank wants a number from 1 on, not 0") }
    if tensorParallel == 0 { throw ValidationError("--tensor-parallel wants a number from 1 on, not 0") }
    if let policy { options.policy = try Policy(reading: policy) }
    options.maxLoRARank = maxLoraRank
    options.servingDType = servingDtype
    options.tensorParallel = tensorParallel
    options.targetModules = targetModules?.split(separator: ",").map { String($0) }
    return options
  }
}
