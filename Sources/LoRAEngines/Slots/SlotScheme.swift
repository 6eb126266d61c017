public import LoRAModel

/// How an engine shapes the buffers of its slots and where slots lie in them.
///
/// A new engine with slots is one more value here, and a file beside its facts that says what its classes wrap.
public struct SlotScheme: Sendable, Hashable {
  /// The name on the command line, such as `vllm`.
  public let rawValue: String
  /// Whether matrices with the same input share one buffer instead of having one each.
  public var joinsSlices = false
  /// Whether A of an embedding has one row for each token instead of one column.
  public var transposesEmbeddings = true
  /// Whether factors have a dimension of 1 where stacks have the experts.
  public var hasExpertDimension = true
  /// Whether scales are kept beside the factors instead of being multiplied into B.
  public var keepsScales = false
  /// Whether devices share the rows of the output head.
  public var splitsHead = false
  /// Whether factors that tensor parallelism leaves whole can be split too.
  public var canSplitFully = true
  /// Whether embeddings and heads have slots where the model class lists them.
  public var hasEmbeddings = true
  /// Whether everything of one slot lies in one piece, instead of one buffer after the other with all slots in it.
  public var isSlotMajor = false

  /// The schemes by name.
  public static let allCases: [SlotScheme] = [.vllm, .sglang, .slotMajor]

  /// vLLM: one tensor per factor and slice with all slots in it (`vllm/lora/layers`).
  public static let vllm = SlotScheme("vllm")

  /// SGLang: projections that it fuses share one tensor, embeddings are not transposed, scales are kept apart
  /// (`sglang/srt/lora/mem_pool.py`).
  public static let sglang: SlotScheme = {
    var scheme = SlotScheme("sglang")
    scheme.joinsSlices = true
    scheme.transposesEmbeddings = false
    scheme.hasExpertDimension = false
    scheme.keepsScales = true
    scheme.splitsHead = true
    scheme.canSplitFully = false
    scheme.hasEmbeddings = false
    return scheme
  }()

  /// vLLM's shapes, but everything of one slot in one contiguous piece.
  public static let slotMajor: SlotScheme = {
    var scheme = SlotScheme("slot-major")
    scheme.isSlotMajor = true
    return scheme
  }()

  private init(_ name: String) { rawValue = name }

  /// The scheme of this name, or nil.
  public init?(rawValue: String) {
    guard let known = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = known
  }

  /// What the engine's class for a base wraps, and under which names.
  public func traits(of base: BaseModel) -> SlotTraits {
    let isSGLang = self == .sglang
    var traits = isSGLang ? SGLangRelease.newest.slotTraits(of: base) : VLLMRelease.newest.slotTraits(of: base)
    if !hasEmbeddings { traits.embeddings = [] }
    return traits
  }
}
