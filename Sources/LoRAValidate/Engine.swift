import LoRAModel
import Safetensors
import TensorCore

/// A serving engine: which ranks it takes, what it refuses, and what it accepts and then ignores or gets wrong.
///
/// A new engine is one file under `Engines/` and one line in `all`.
public struct Engine: Sendable {
  /// The name on the command line, such as `vllm`.
  public let name: String
  /// The name and version in messages, such as `vLLM 0.33`.
  public let title: String
  /// `max_lora_rank` when nobody sets it; nil when it is taken from the adapters.
  public let defaultRankLimit: UInt64?
  /// The values that `max_lora_rank` may have, ascending; empty when any will do.
  public let legalRankLimits: [UInt64]
  /// What it does not load.
  let refuses: [EngineCheck]
  /// What it takes without a word and does not apply as trained.
  let ignores: [EngineCheck]

  /// The known engines.
  public static let all: [Engine] = [.vLLM, .sgLang, .lorax, .tensorRTLLM]

  /// The engine of this name, or nil.
  public init?(named name: String) {
    guard let engine = Self.all.first(where: { $0.name == name.lowercased() }) else { return nil }
    self = engine
  }

  init(
    name: String, title: String, defaultRankLimit: UInt64?, legalRankLimits: [UInt64] = [], refuses: [EngineCheck],
    ignores: [EngineCheck]
  ) {
    self.name = name
    self.title = title
    self.defaultRankLimit = defaultRankLimit
    self.legalRankLimits = legalRankLimits
    self.refuses = refuses
    self.ignores = ignores
  }

  /// The smallest `max_lora_rank` that this engine can be started with for adapters of `rank`; nil when none is enough.
  public func smallestLimit(for rank: UInt64) -> UInt64? {
    legalRankLimits.isEmpty ? rank : legalRankLimits.first { $0 >= rank }
  }

  /// Whether the engine can be started with this `max_lora_rank`.
  public func accepts(limit: UInt64) -> Bool {
    limit > 0 && (legalRankLimits.isEmpty || legalRankLimits.contains(limit))
  }
}

/// One thing that an engine refuses or ignores, and how it shows in an adapter.
struct EngineCheck: Sendable {
  /// Where it shows.
  struct Hit {
    var message: String
    var tensor: String?
    var module: String?
    var found: String?
    var hint: String
    /// Whether it is about the config rather than the weights.
    var isConfig = true
  }

  let find: @Sendable (ValidationContext) -> Hit?

  init(_ find: @escaping @Sendable (ValidationContext) -> Hit?) { self.find = find }

  /// The finding, introduced by what the engine does about it.
  func finding(_ rule: RuleID, _ verb: String, _ context: ValidationContext) -> Finding? {
    guard let engine = context.options.engine, let hit = find(context) else { return nil }
    return Finding(
      rule, "\(engine.title) \(verb) \(hit.message)",
      file: hit.isConfig ? context.adapter.configPath : context.adapter.weightsPath, tensor: hit.tensor,
      module: hit.module, found: hit.found, hint: hit.hint)
  }
}

extension EngineCheck.Hit {
  /// What shows in the name of a module of the weights.
  init(message: String, at module: AdapterModule, hint: String) {
    self.init(
      message: message, tensor: module.tensors.first?.name, module: module.name, found: escaped(module.name),
      hint: hint, isConfig: false)
  }
}
