/// What decides about the slots of one base in one engine.
public struct SlotTraits: Sendable {
  /// What a model class does with a module of the base.
  public enum Place: Sendable {
    /// It has slots.
    case wrapped
    /// The class runs it without slots.
    case bare
    /// The class is not known.
    case unknown
  }

  /// Whether the engine's class takes adapters at all; true for what is not known.
  public var isServed = true
  /// Whether the class was held against the engine's code; where not, slots are what its general rules give.
  public var isHeld = false
  /// Last parts of names of embeddings and heads that get slots without being asked for.
  public var embeddings: Set<String> = []
  /// Whether gate and up of all experts are one stack there.
  public var fusesExperts = false
  /// Whether q of cross-attention stands alone and k and v are one module of two slices.
  public var pairsCrossAttention = false
  /// Whether gate and up that are one matrix in the checkpoint are two slices there.
  public var splitsGateUp = false
  /// Whether q, k and v that are one matrix in the checkpoint are three slices there.
  public var splitsQueryKeyValue = false
  /// Whether a target module that is called like a matrix of experts, such as `down_proj`, means them too.
  public var namesExpertsByParts = true
  /// Whether experts have slots.
  public var wrapsExperts = true
  /// Heads of tasks that get slots; others are whole tensors in the engine, not factors.
  public var taskHeads: Set<String> = []
  /// The engine's name for a module of the base, by which its parts are known, not yet fused.
  public var renamed: @Sendable (String) -> String = { $0 }
  /// What the class does with a module of the base or, by the whole's name, with a fused one.
  public var place: @Sendable (String) -> Place = { _ in .unknown }
  /// Whether every device keeps the module whole, against the rule.
  public var keepsWhole: @Sendable (String) -> Bool = { _ in false }

  /// The same without slots for embeddings and heads.
  public var withoutEmbeddings: SlotTraits {
    var traits = self
    traits.embeddings = []
    return traits
  }
}
