public import Safetensors
public import TensorCore

/// A base model: the modules that an adapter can target, with exact shapes from real weights, or from the architecture
/// catalogue when only a config is at hand.
public struct BaseModel: Sendable {
  /// The path as the user gave it.
  public var path: String
  /// The parsed config.json, when there is one.
  public var config: JSONObject?
  /// `model_type` of the config.
  public var modelType: String?
  /// `_name_or_path` of the config, or nil.
  public var name: String?
  /// The weights, when there are any.
  public var checkpoint: Checkpoint?
  /// The modules by name.
  public var modules: [String: BaseModule]
  /// Total parameters, counted in the files or by the catalogue; nil when neither knows.
  public var parameters: UInt64?
  /// Number of transformer layers, when known.
  public var layerCount: UInt64?
  /// Rows of the vocabulary, when known.
  public var vocabularySize: UInt64?
  /// Whether input embedding and output head are one tensor.
  public var tiesEmbeddings: Bool
  /// Whether names and shapes can be checked: false for a config of an unknown architecture without weights.
  public var isKnown: Bool
  /// `quant_method` of the config's `quantization_config`, or nil.
  public var quantization: String?
  /// Problems found while reading; an error among them means that the base cannot be relied on.
  public var findings: [Finding]
}

/// One module of a base model that an adapter can target.
public struct BaseModule: Sendable {
  /// Name as in the checkpoint, such as `model.layers.0.self_attn.q_proj`.
  public var name: String
  /// What it is.
  public var kind: ModuleKind
  /// Input size in elements (rows of an embedding).
  public var inFeatures: UInt64
  /// Output size in elements (width of an embedding).
  public var outFeatures: UInt64
  /// Whether the weight is stored `[in, out]` (GPT-2's Conv1D) instead of `[out, in]`; embeddings are `[rows, width]`.
  public var isTransposed: Bool
  /// Name of the weight tensor: `<name>.weight`, or the name itself for bare parameters.
  public var weightName: String
  /// The weight in the checkpoint, when there is one.
  public var weight: Checkpoint.Entry?
  /// Whether its weight is stored quantised, so that no delta can be added to it.
  public var isQuantized: Bool
}

/// How an adapter's module name was found in a base.
public struct ModuleMatch: Sendable {
  /// The module.
  public var module: BaseModule
  /// The prefix of the adapter's name and what stands in its place in this base, when they differ.
  public var prefixChange: (from: String, to: String)?
}
