/// What a model class of TensorRT-LLM does with the adapters that the loader put into its memory.
///
/// The loader knows no classes: it fills a place for every module that its map names, and the class's `forward` decides
/// which modules ever look there. Each row names the file and commit that was read; the classes were not run.
struct TensorRTLLMClass: Sendable {
  /// What becomes of the adapter's factors for a part of each layer.
  enum Handing: Sendable {
    /// They are handed to the part, which adds them.
    case held
    /// They are loaded, and the part never gets them.
    case dropped
    /// They are loaded, and no part of the layer has a place for them, at which the first tokens fail.
    case placeless
    /// The halves of B are exchanged on the way, and the part wants them as they were.
    case swapped
    /// That was not read.
    case unread
  }

  /// Why no adapter serves.
  enum Failure: Sendable {
    /// The engine can't be built or started for it.
    case atStart(String)
    /// Every batch with an adapter fails.
    case inBatch(String)
  }

  /// The file and commit that say so.
  let source: String
  /// The map of names that replaces the loader's for this class.
  let names: Set<String>?
  /// Why no adapter serves; nil when it may.
  let failure: Failure?
  /// Whether each layer has experts, also where the config wants a dense one.
  let isSparseThroughout: Bool
  private let attention: Handing
  private let mlp: Handing
  private let others: Handing
  private let exceptions: [String: Handing]

  /// A class by its parts: `others` is for names of neither attention nor the one MLP, `exceptions` for single names.
  init(
    attention: Handing, mlp: Handing, others: Handing, except exceptions: [String: Handing] = [:],
    names: Set<String>? = nil, isSparseThroughout: Bool = false, source: String
  ) {
    self.attention = attention
    self.mlp = mlp
    self.others = others
    self.exceptions = exceptions
    self.names = names
    self.isSparseThroughout = isSparseThroughout
    self.source = source
    failure = nil
  }

  /// A class that serves no adapter.
  init(_ failure: Failure, source: String) {
    self.failure = failure
    self.source = source
    (attention, mlp, others, exceptions, names) = (.dropped, .dropped, .dropped, [:], nil)
    isSparseThroughout = false
  }

  private static let attentionNames: Set<String> = ["q_proj", "k_proj", "v_proj", "o_proj", "qkv_proj"]
  private static let mlpNames: Set<String> = ["gate_proj", "up_proj", "down_proj", "gate_up_proj"]

  /// What becomes of the factors of a module by its name in the map.
  func handing(of name: String) -> Handing {
    if let handing = exceptions[name] { return handing }
    if Self.attentionNames.contains(name) { return attention }
    return Self.mlpNames.contains(name) ? mlp : others
  }

  /// How many kinds of modules, of q, k, v, o, gate, up, down and the exceptions, are handed on.
  var heldCount: Int {
    guard failure == nil else { return 0 }
    let usual = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    return Set(usual + exceptions.keys).count { handing(of: $0) == .held && names?.contains($0) != false }
  }
}
