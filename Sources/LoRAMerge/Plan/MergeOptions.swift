public import LoRAModel
public import TensorCore

/// How a merge is to be done.
public struct MergeOptions: Sendable {
  /// The dtype of all floating-point tensors of the output; nil keeps each tensor's own.
  public var dtype: DType?

  /// Whether a quantised base becomes a plain model: every element the exact number that its codes stand for, with the
  /// deltas added, rounded once to `dtype`, or to BF16.
  public var dequantizes = false

  /// Whether changed weights of a base in 8-bit floats are quantised again, with fresh scales.
  public var requantizes = false

  /// Least share of its change that every module must keep, or nothing is written; nil for any.
  public var minimumRetention: Double?

  /// How the factors of stacks of experts are laid out; nil takes PEFT's layout, of the version that shapes and
  /// `peft_version` tell.
  public var expertLayout: ExpertLayout?

  /// Most bytes of tensors in one shard of the output; nil keeps the base's shards.
  ///
  /// A larger tensor gets a shard of its own.
  public var maxShardBytes: UInt64?

  /// How changed tensors are rounded to 16-bit types.
  public var rounding = RoundingMode.nearest

  /// What the output says about its origin.
  public var provenance = Provenance.standard

  /// What a check found and the user accepted, as rule and sentence without paths; the report and the record name it.
  public var accepted: [AcceptedFinding] = []

  /// The program and its version, as the output names them.
  public var tool = "lora-tool"

  /// Shards of the base whose SHA-256 the record names, when it is made again for a check; nil for those that the
  /// provenance asks for.
  var digestedBaseFiles: Set<String>?

  /// The choices that a merge makes unless told otherwise.
  public init() {}
}

/// A finding that a merge went on despite, because it leaves the change computable.
public struct AcceptedFinding: Sendable, Hashable {
  /// The rule, such as `target-missing`.
  public var rule: String
  /// What was found.
  public var message: String

  /// A finding of a rule.
  public init(rule: String, message: String) {
    self.rule = rule
    self.message = message
  }

  /// The finding as a warning of the merge.
  var warning: String { "accepted: \(rule): \(message)" }
}

/// An adapter and how strongly it counts.
public struct WeightedAdapter: Sendable {
  /// The adapter.
  public var adapter: Adapter
  /// Factor of its scale: 1 as trained, 0.5 half of it, negative to subtract.
  public var weight: Double

  /// An adapter with a weight.
  public init(_ adapter: Adapter, weight: Double = 1) {
    self.adapter = adapter
    self.weight = weight
  }
}
