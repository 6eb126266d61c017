public import JSON

/// How many layers of a decoder keep what of the tokens before, by the kind that its configuration gives each layer.
///
/// The kinds are those by which transformers 5.24 chooses the cache of a layer (`get_layer_types_and_kwargs` in
/// `cache_utils.py`).
public struct LayerMixers: Sendable, Equatable {
  /// Layers that attend to all tokens and keep their keys and values.
  public private(set) var full: UInt64 = 0
  /// Layers that keep the keys and values of a window or chunk.
  public private(set) var windowed: UInt64 = 0
  /// Layers that attend with the keys and values of an earlier layer, and keep none.
  public private(set) var shared: UInt64 = 0
  /// Layers with a state of constant size: linear attention, state space models and convolutions.
  public private(set) var stateful: UInt64 = 0
  /// Layers that keep nothing, such as a feed-forward block of its own.
  public private(set) var none: UInt64 = 0

  /// Layers that keep keys and values.
  public var attending: UInt64 { full + windowed }

  /// Reads the kinds of the layers off a configuration; nil when it gives none and none follow from its type.
  public init?(_ config: JSONObject) {
    let fields = TextFields(config)
    guard let kinds = Self.kinds(fields), !kinds.isEmpty else { return nil }
    let firstShared = kinds.count - min(fields.size("num_kv_shared_layers").map { Int($0) } ?? 0, kinds.count)
    for (index, kind) in kinds.enumerated() { count(kind, isShared: index >= firstShared) }
  }

  private static func kinds(_ fields: TextFields) -> [String]? {
    let lists = ["layer_types", "layers_block_type"]
    for key in lists {
      if let given = fields.config[key]?.array, given.count <= BaseDescription.moduleLimit {
        // What the class makes of them, where that is known.
        return worked(key, fields) ?? given.map { $0.string ?? "" }
      }
    }
    if let pattern = fields.config["hybrid_override_pattern"]?.string { return kinds(ofPattern: pattern) }
    return lists.lazy.compactMap { worked($0, fields) }.first
  }

  private static func worked(_ name: String, _ fields: TextFields) -> [String]? {
    guard case .list(let elements)? = fields.value(name) else { return nil }
    return elements.map { if case .text(let kind) = $0 { kind } else { "" } }
  }

  /// Kinds of the layers of older Nemotron-H files, which give a letter for each (`NemotronHConfig._pattern_to_list`);
  /// a letter that is not known stands for itself.
  static func kinds(ofPattern pattern: String) -> [String] {
    let kinds: [Character: String] = ["M": "mamba", "*": "attention", "-": "mlp", "E": "moe"]
    return pattern.prefix(BaseDescription.moduleLimit).map { kinds[$0] ?? String($0) }
  }

  private mutating func count(_ kind: String, isShared: Bool) {
    switch kind {
    case "linear_attention", "mamba", "conv", "recurrent": stateful += 1
    case "moe", "mlp": none += 1
    case _ where isShared: shared += 1
    case "hybrid_sliding":
      windowed += 1
      stateful += 1
    case "hybrid":
      full += 1
      stateful += 1
    case "sliding_attention", "chunked_attention": windowed += 1
    default: full += 1
    }
  }
}
