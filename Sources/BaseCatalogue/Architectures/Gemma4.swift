import JSON

extension Architecture {
  static let gemma4Text = Architecture("gemma4_text", heads: ModelClass.decoder(tied: true)) { config in
    gemma4Decoder(config)
  }

  /// Text, and images and sound where the configuration has a section for them.
  static let gemma4 = Architecture(
    "gemma4", heads: [.causal("ForConditionalGeneration", "model", tied: true), .bare], textSection: "text_config"
  ) { config in
    let width = config.section("text_config").size("hidden_size", 2304)
    if config.hasValue("vision_config") {
      let vision = config.section("vision_config")
      scope("vision_tower") { gemma4Vision(vision) }
      linear("embed_vision.embedding_projection", vision.size("hidden_size", 768), width)
    }
    scope("language_model") { gemma4Decoder(config.section("text_config")) }
    if config.hasValue("audio_config") {
      let audio = config.section("audio_config")
      scope("audio_tower") { gemma4Audio(audio) }
      linear("embed_audio.embedding_projection", audio.size("output_proj_dims", 1536), width)
    }
  }

  /// The decoder; the unified one has neither inputs layer by layer nor experts.
  @RowBuilder
  static func gemma4Decoder(_ config: Config, isUnified: Bool = false) -> [Row] {
    let sizes = DecoderSizes(
      config, vocabulary: 262144, hidden: 2304, intermediate: 9216, layers: 30, heads: 8, keyValueHeads: 4,
      headWidth: 256)
    let plan = Gemma4Layers(config, sizes)
    let inner = isUnified ? 0 : config.optionalSize("hidden_size_per_layer_input", missing: 256) ?? 0
    tokens("embed_tokens", sizes.vocabulary, sizes.hidden)
    layers("layers", sizes.layers) { index in
      gemma4Attention(plan, sizes, config.bool("attention_bias", false), index)
      gatedBlock("mlp", sizes.hidden, plan.isWide(index) ? 2 * sizes.intermediate : sizes.intermediate)
      for name in ["input", "post_attention", "pre_feedforward", "post_feedforward"] {
        norm(Path("\(name)_layernorm", memory: nil), sizes.hidden)
      }
      buffer("layer_scalar", 1)
      if inner != 0 {
        linear("per_layer_input_gate", sizes.hidden, inner)
        linear("per_layer_projection", inner, sizes.hidden)
        norm("post_per_layer_input_norm", sizes.hidden)
      }
      if !isUnified, config.bool("enable_moe_block", false) { gemma4Experts(config, sizes.hidden) }
    }
    norm("norm", sizes.hidden)
    if inner != 0 {
      embedding(
        "embed_tokens_per_layer", config.size("vocab_size_per_layer_input", 262144), sizes.layers * inner)
      linear("per_layer_model_projection", sizes.hidden, sizes.layers * inner)
      norm("per_layer_projection_norm", inner)
    }
  }

  private static func gemma4Attention(
    _ plan: Gemma4Layers, _ sizes: DecoderSizes, _ bias: Bool, _ index: Int
  ) -> Row {
    let (heads, width) = plan.isFull(index) ? plan.global : (sizes.keyValueHeads, sizes.headWidth)
    return scope("self_attn") {
      linear("q_proj", sizes.hidden, sizes.heads * width, bias: bias)
      norm("q_norm", width)
      // Layers that attend with the keys and values of an earlier one have no matrices for them.
      if !plan.isShared(index) {
        linear("k_proj", sizes.hidden, heads * width, bias: bias)
        norm("k_norm", width)
        if !(plan.isFull(index) && plan.keysAreValues) { linear("v_proj", sizes.hidden, heads * width, bias: bias) }
      }
      linear("o_proj", sizes.heads * width, sizes.hidden, bias: bias)
    }
  }

  /// Experts beside the feed-forward block.
  @RowBuilder
  private static func gemma4Experts(_ config: Config, _ hidden: Size) -> [Row] {
    let experts = config.size("num_experts", .invalid)
    let width = config.size("moe_intermediate_size", .invalid)
    linear("router.proj", hidden, experts)
    tensor("router.scale", hidden)
    tensor("router.per_expert_scale", experts)
    stack("experts.gate_up_proj", experts, hidden, 2 * width)
    stack("experts.down_proj", experts, width, hidden)
    for name in ["post_feedforward_layernorm_1", "post_feedforward_layernorm_2", "pre_feedforward_layernorm_2"] {
      norm(Path(name, memory: nil), hidden)
    }
  }
}

/// Which of Gemma 4's layers are of which kind.
private struct Gemma4Layers {
  /// Key-value heads of the layers that attend to everything, and their width.
  let global: (heads: Size, width: Size)
  /// Whether keys serve as values in these layers.
  let keysAreValues: Bool
  private let count: Int
  private let kinds: [String]?
  private let firstShared: Int
  private let widensShared: Bool

  init(_ config: Config, _ sizes: DecoderSizes) {
    keysAreValues = config.bool("attention_k_eq_v", false)
    count = sizes.layers.value.map { Int(clamping: $0) } ?? 0
    kinds = config.strings("layer_types")
    firstShared = count - min(count, config.number("num_kv_shared_layers", 0))
    widensShared = config.bool("use_double_wide_mlp", false)
    for kind in kinds ?? [] where !["full_attention", "sliding_attention"].contains(kind) {
      config.report("layer_types", expected: "full_attention or sliding_attention", .string(kind))
    }
    if let overrides = config.overrides("per_layer_config") {
      let (heads, width) = (overrides.size("num_key_value_heads", nil), overrides.size("head_dim", nil))
      global = (
        heads.map { Size(exactly: $0) } ?? sizes.keyValueHeads, width.map { Size(exactly: $0) } ?? sizes.headWidth
      )
      if overrides.count != (0..<count).count(where: { isFull($0) }) {
        config.report(
          "per_layer_config", expected: "the layers that attend to everything", .integer(Int64(overrides.count)))
      }
    } else {
      let heads = keysAreValues ? config.optionalSize("num_global_key_value_heads") : nil
      // Nothing said of single layers is not the same as saying that no layer differs.
      let width: Size = config.hasSection("per_layer_config") ? sizes.headWidth : 512
      global = (heads ?? sizes.keyValueHeads, config.size("global_head_dim", width))
    }
  }

  /// Whether a layer attends to everything; the last one does whatever the configuration says.
  func isFull(_ index: Int) -> Bool {
    if index + 1 == count { return true }
    guard let kinds else { return index % 6 == 5 }
    return kinds.indices.contains(index) && kinds[index] == "full_attention"
  }

  /// Whether a layer attends with the keys and values of an earlier one.
  func isShared(_ index: Int) -> Bool { index >= firstShared }

  /// Whether a layer's feed-forward block has twice the width.
  func isWide(_ index: Int) -> Bool { widensShared && isShared(index) }
}
