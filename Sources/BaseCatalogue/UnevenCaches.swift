package import JSON

/// Caches of keys and values of models whose layers keep different sizes, or of which one layer keeps several: read off
/// the classes of transformers 5.24 and held against caches of models that were run.
package enum UnevenCaches {
  /// Layers whose caches have one shape; a layer that keeps several counts as often.
  package struct Group: Sendable, Equatable {
    package let layers: UInt64
    /// Key-value heads.
    package let heads: UInt64
    /// Width of a head's key, in elements.
    package let keyWidth: UInt64
    /// Width of a head's value, in elements.
    package let valueWidth: UInt64
  }

  /// The groups of a configuration, one that keeps nothing left out: nil for types whose layers are alike, empty where a
  /// size is missing or absurd.
  package static func groups(_ config: JSONObject) -> [Group]? {
    let fields = TextFields(config)
    guard let form = fields.modelType.flatMap({ forms[$0] }) else { return nil }
    guard let mixers = LayerMixers(config) else { return [] }
    let groups = form(Layers(fields: fields, full: mixers.full, windowed: mixers.windowed)) ?? []
    return groups.filter { $0.layers > 0 }
  }

  /// How often the cache of latent attention is kept in what a configuration counts as a layer: LongCat's have two
  /// attentions.
  package static func attentionsPerLayer(_ config: JSONObject) -> UInt64 {
    // Where the number of attentions is given it is what counts.
    let fields = TextFields(config)
    return fields.modelType == "longcat_flash" && fields.config["num_hidden_layers"]?.int64 == nil ? 2 : 1
  }

  private typealias Form = @Sendable (Layers) -> [Group]?

  private static let forms: [String: Form] = [
    "gemma4": gemma, "gemma4_text": gemma, "gemma4_unified": gemma, "gemma4_unified_text": gemma,
    "inkling_text": { layers in
      guard let full = layers.group(layers.full, "num_key_value_heads", "head_dim"),
        let windowed = layers.group(layers.windowed, "swa_num_key_value_heads", "swa_head_dim")
      else { return nil }
      return [full, windowed]
    },
    "mimo_v2_flash": { layers in
      guard let heads = layers.fields.size("num_key_value_heads"), let key = layers.fields.size("head_dim"),
        let value = layers.fields.size("v_head_dim")
      else { return nil }
      // Layers with a window have twice the heads (`MiMoV2FlashAttention`).
      return [
        Group(layers: layers.full, heads: heads, keyWidth: key, valueWidth: value),
        Group(layers: layers.windowed, heads: 2 * heads, keyWidth: key, valueWidth: value),
      ]
    },
    "dory": { layers in
      guard let passes = layers.passes else { return nil }
      return layers.group(passes, "num_key_value_heads", "head_dim").map { [$0] }
    },
  ]

  /// Layers that attend to everything have wider heads, and where keys serve as values, a number of their own.
  private static let gemma: Form = { layers in
    guard let windowed = layers.group(layers.windowed, "num_key_value_heads", "head_dim") else { return nil }
    guard let (heads, width) = layers.globalHeads(usual: windowed.heads, windowed.keyWidth) else { return nil }
    return [Group(layers: layers.full, heads: heads, keyWidth: width, valueWidth: width), windowed]
  }
}

/// The layers of a model, by kind, and the fields that their sizes are read off.
private struct Layers {
  let fields: TextFields
  /// Layers that attend to all tokens.
  let full: UInt64
  /// Layers that attend to a window.
  let windowed: UInt64

  func group(_ layers: UInt64, _ heads: String, _ width: String) -> UnevenCaches.Group? {
    guard let count = fields.size(heads), let width = fields.size(width) else { return nil }
    return .init(layers: layers, heads: count, keyWidth: width, valueWidth: width)
  }

  /// Key-value heads and their width in Gemma 4's layers that attend to everything.
  ///
  /// transformers writes what differs layer by layer, `per_layer_config`; published files have fields for it.
  func globalHeads(usual heads: UInt64, _ width: UInt64) -> (heads: UInt64, width: UInt64)? {
    let given = fields.config["per_layer_config"]
    guard let overrides = given, !LayerOverrides.isEmpty(overrides) else {
      let own = fields.flag("attention_k_eq_v", false) ? fields.size("num_global_key_value_heads") : nil
      return fields.size("global_head_dim", else: given?.object == nil ? 512 : width).map { (own ?? heads, $0) }
    }
    guard let overrides = LayerOverrides(overrides), let count = overrides.size("num_key_value_heads", heads),
      let own = overrides.size("head_dim", width)
    else { return nil }
    return (count, own)
  }

  /// How many caches Dory keeps: those of its recurrent layers once for each loop, unless they keep the last one's alone.
  var passes: UInt64? {
    let attending = full + windowed
    func count(_ name: String) -> UInt64? { number(name).flatMap { UInt64(exactly: $0) } }
    guard let input = count("n_input_layers"), let output = count("n_output_layers"),
      let loops = count("n_recurrent_loops"),
      loops > 0, input < 1 << 31, output < 1 << 31
    else { return nil }
    if fields.value("recurrent_kv_cache_mode") == .text("last_loop") { return attending }
    // Published files count attention and feed-forward apart.
    let each: UInt64 = fields.config["layer_types"]?.array?.contains("mlp") == true ? 2 : 1
    let ends = input / each + output / each
    guard ends <= attending else { return nil }
    let (recurrent, overflow) = (attending - ends).multipliedReportingOverflow(by: loops)
    return overflow || recurrent >= 1 << 31 ? nil : ends + recurrent
  }

  private func number(_ name: String) -> Int64? {
    if let given = fields.config[name], !given.isNull { return given.int64 }
    if case .number(let number)? = fields.value(name) { return number }
    return nil
  }
}
