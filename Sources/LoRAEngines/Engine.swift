public import Diagnostics

/// One release of a serving engine: which ranks it takes, and what its loader makes of an adapter.
///
/// Everything that the tool knows about engines stands in this target; `validate`, `pack`, `plan` and `parity` ask here
/// and get one answer. A new release is one file beside the engine's others and one line in `Engine.releases`.
public struct Engine: Sendable {
  /// The name on the command line, such as `vllm`.
  public let name: String
  /// The name that the project gives itself, such as `vLLM`.
  public let product: String
  /// The release that the facts are of, such as `0.33`.
  public let version: String
  /// What was read or run to establish the facts.
  public let evidence: EngineEvidence
  /// `max_lora_rank` when the server is started without it; nil when it is taken from the adapters.
  public let defaultRankLimit: UInt64?
  /// The values that `max_lora_rank` may have, ascending; empty when any will do.
  public let legalRankLimits: [UInt64]
  /// Rules whose errors do not change what this engine makes of an adapter.
  ///
  /// Its loader does not depend on what they are about, such as the rank in the config or the path in front of a layer;
  /// what it does instead is among its own reasons.
  public let forgiven: Set<RuleID>
  /// Members of the config that it does not read, or not as PEFT does: values that PEFT refuses are nothing to it.
  public let unreadMembers: Set<String>
  /// What its loader makes of an adapter: an empty list when all of it is applied as trained.
  let judge: @Sendable (ServingQuestion) -> [ServingReason]

  init(
    name: String, product: String, version: String, evidence: EngineEvidence, defaultRankLimit: UInt64?,
    legalRankLimits: [UInt64] = [], forgiven: Set<RuleID> = [], unreadMembers: Set<String> = [],
    judge: @escaping @Sendable (ServingQuestion) -> [ServingReason]
  ) {
    self.name = name
    self.product = product
    self.version = version
    self.evidence = evidence
    self.defaultRankLimit = defaultRankLimit
    self.legalRankLimits = legalRankLimits
    self.forgiven = forgiven
    self.unreadMembers = unreadMembers
    self.judge = judge
  }

  /// The name in messages: with the release when it is not the newest that is known.
  public var title: String { isNewest ? product : "\(product) \(version)" }

  /// Whether no later release of the engine is known here.
  public var isNewest: Bool { Self.releases.first { $0.name == name }?.version == version }

  /// The smallest `max_lora_rank` that this engine can be started with for adapters of `rank`; nil when none is enough.
  public func smallestLimit(for rank: UInt64) -> UInt64? {
    legalRankLimits.isEmpty ? rank : legalRankLimits.first { $0 >= rank }
  }

  /// Whether the engine can be started with this `max_lora_rank`.
  public func accepts(limit: UInt64) -> Bool {
    limit > 0 && (legalRankLimits.isEmpty || legalRankLimits.contains(limit))
  }

  /// What this engine makes of an adapter, worst first; empty when all of it would be applied as trained.
  public func reasons(for question: ServingQuestion) -> [ServingReason] {
    let all = judge(question)
    // What is refused anyway needs no judging.
    let found = all.contains { $0.effect.isRefusal } ? all.filter { $0.effect != .unjudged } : all
    return ServingReason.Effect.allCases.flatMap { effect in found.filter { $0.effect == effect } }
  }
}

/// How the facts about an engine were established.
public struct EngineEvidence: Sendable {
  /// The engine's files or release that the facts were taken from.
  public let source: String
  /// How they were held against the engine's own code.
  public let method: String
  /// The names of the model classes that were held against it, sorted.
  public let classes: @Sendable () -> [ModelClassEvidence]

  init(source: String, method: String, classes: @escaping @Sendable () -> [ModelClassEvidence] = { [] }) {
    self.source = source
    self.method = method
    self.classes = classes
  }
}

/// What is known of one model class of an engine.
public struct ModelClassEvidence: Sendable {
  /// The architecture as a config names it, such as `LlamaForCausalLM`, with the type of its text model where the class
  /// wraps several (`LlavaForConditionalGeneration/mistral`); a `model_type` for engines that choose by it.
  public let name: String
  /// Whether the class takes adapters.
  public let takesLoRA: Bool
  /// Kinds of modules that were seen to be applied.
  public let moduleKinds: Int
}
